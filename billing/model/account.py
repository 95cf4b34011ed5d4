"""The account: who is billed, at what price, on which metering. One customer's file at one time."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from billing.model.terms import STRICT, BasicCharge, Exact, Period, Scheme, Supply, Voltage


class FormulaLoss(BaseModel):
    """A transformer whose loss is computed by formula (domain sheet 2.10). kVA, kW, percent; hours energised.

    Without `hours` it is energised the whole period, 24 hours a day.
    """

    model_config = STRICT

    method: Literal["formula"] = "formula"
    rated_kva: Exact
    no_load_loss_kw: Exact
    load_loss_kw: Exact
    no_load_current_percent: Exact = Decimal(0)
    short_circuit_percent: Exact = Decimal(0)
    load_shape_factor: Exact = Decimal(1)
    hours: Exact | None = None


class TableLoss(BaseModel):
    """A transformer whose loss is read from a table: iron loss by energised day, copper loss per read kWh.

    Without `days` it is energised the whole period.
    """

    model_config = STRICT

    method: Literal["table"] = "table"
    iron_kwh_per_day: Exact
    copper_share: Exact = Decimal(0)
    iron_kvarh_per_day: Exact = Decimal(0)
    copper_reactive_share: Exact = Decimal(0)
    days: Exact | None = None


Loss = Annotated[FormulaLoss | TableLoss, Field(discriminator="method")]


class CapacitySpan(BaseModel):
    """Capacity in service from a day to the day before `until`; sealed (suspended) capacity is simply absent."""

    model_config = STRICT

    kva: Exact
    start: date
    until: date


class SubAccount(BaseModel):
    """Energy of the main meter that is priced apart, by fixed ratio or fixed quantity (domain sheet 2.4)."""

    model_config = STRICT

    code: str
    kind: Literal["ratio", "quantity"]
    value: Exact
    scheme: Scheme


class Account(BaseModel):
    """One account as it stood in the billed period.

    Dates are local (Asia/Shanghai). `persons` at or above the tariff's limit gives the larger annual tiers.
    `capacity_kva` is the contract capacity; `capacity_spans` states what was in service when (new connection, change,
    suspension, several transformers); without spans the whole capacity served the whole period, cut by
    `opened` and `closed`.
    """

    model_config = STRICT

    account: str = Field(min_length=1)
    area: str
    scheme: Scheme
    voltage: Voltage = Voltage.UNDER_1KV
    organisation: str = ""
    time_of_use: bool = False
    supply: Supply = Supply.AGENCY
    agency_penalty: bool = Field(default=False, description="1.5 x agency price: left the market, energy-intensive")
    contract_prices: dict[Period, Exact] = Field(default_factory=dict)
    green_premium: Exact | None = None
    basic_charge: BasicCharge = BasicCharge.NONE
    capacity_kva: Exact | None = None
    capacity_spans: tuple[CapacitySpan, ...] = ()
    contract_demand_kw: Exact | None = None
    power_factor_standard: Exact | None = None
    transformers: tuple[Loss, ...] = ()
    line_loss_percent: Exact = Decimal(0)
    line_loss_reactive_percent: Exact = Decimal(0)
    sub_accounts: tuple[SubAccount, ...] = ()
    persons: int = 1
    free_kwh: Exact = Field(default=Decimal(0), description="free kWh of this bill (low-income allowance)")
    opened: date | None = None
    closed: date | None = None

    @model_validator(mode="after")
    def _basic_charge_is_two_part(self) -> Self:
        if (self.scheme is Scheme.TWO_PART) != (self.basic_charge is not BasicCharge.NONE):
            raise ValueError("scheme two_part and a way of basic_charge belong together")
        return self
