"""The registry of charge components: what is multiplied by what, for whom, in which order.

Both executors walk this one list, so a component that a utility adds as one YAML row is priced by the single-account
path and by the columnar batch alike. A component names a quantity (computed by the engine) and a price (rows of the
tariff book, or a price of the account's contract).
"""

from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import BaseModel, Field

from billing.model.terms import STRICT, Scheme, Supply
from billing.tariff.load import DataRefused, read_model

QUANTITIES = (
    "energy_by_period",
    "energy_total",
    "tier_2_energy",
    "tier_3_energy",
    "free_energy",
    "green_energy",
    "basic_capacity",
    "basic_demand",
)
"""Quantities that the engine can give a component."""

ACCOUNT_PRICES = ("contract_price", "green_premium")
"""Prices that come from the account's contract instead of the tariff book."""

TIER_PRICES = ("tier_2_adder", "tier_3_adder")
"""Prices that come from the tier row."""


class Component(BaseModel):
    """One row of the registry. Empty `schemes` or `supplies` mean all."""

    model_config = STRICT

    code: str = Field(pattern="^[a-z][a-z0-9_]*$")
    schemes: tuple[Scheme, ...] = ()
    supplies: tuple[Supply, ...] = ()
    quantity: str
    price: str
    unit: str
    floats: bool = False
    penalty: bool = False
    discount: bool = False
    power_factor_base: bool = False
    note: str = ""

    def suits(self, scheme: Scheme, supply: Supply) -> bool:
        """True when the component is part of a bill of this scheme and supply."""
        return (not self.schemes or scheme in self.schemes) and (not self.supplies or supply in self.supplies)


class ComponentFile(BaseModel):
    """A file of components."""

    model_config = STRICT

    format: str = Field(pattern="^gridaudit.components/1$")
    components: tuple[Component, ...]


def read_components(path: Path | Traversable) -> tuple[Component, ...]:
    """The components of a file, in bill order. Raises DataRefused."""
    components = read_model(path, ComponentFile).components
    faults = [
        f"key components.{position}.quantity: found {item.quantity!r}, expected one of {', '.join(QUANTITIES)}"
        for position, item in enumerate(components)
        if item.quantity not in QUANTITIES
    ]
    codes = [item.code for item in components]
    faults += [f"key code: found {code!r} twice" for code in sorted({c for c in codes if codes.count(c) > 1})]
    if faults:
        raise DataRefused(str(path), faults)
    return components
