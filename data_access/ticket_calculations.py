"""What a finding costs: the fields of its form and the customer's own bills, through `billing`, to kWh and yuan.

Pure: bills and values in, amounts with their proof out (domain sheet 2.12, 11). A breach charge is entered by a person,
up to the cap of the law; without one the cap itself is proposed.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from audit.finding_forms import FindingForm, Value
from billing import Account
from billing.breach import BreachCharge, fixed_rate, over_capacity, sealed_equipment, theft
from billing.breach import wrong_class as wrong_class_breach
from billing.corrections import (
    Correction,
    Rebilled,
    fuse_blown,
    half_time,
    meter_error,
    rebilling,
    wiring,
    wiring_coefficient,
    wrong_class,
    wrong_multiplier,
    wrong_reading,
)
from billing.exact import exactly
from billing.model.terms import BasicCharge, Scheme
from data_access.calculation_facts import (
    Amounts,
    CustomerBills,
    NotComputable,
    Work,
    average_price,
    changed_terms,
    days_in,
    made_bill,
)


def _of_charge(work: Work, charge: BreachCharge, **more: Any) -> Amounts:
    return Amounts(
        kwh=charge.kwh, yuan=charge.recovered, breach=charge.charge, cap=charge.cap, charge=charge, basis=work.basis,
        **more,
    )  # fmt: skip


def _of_correction(work: Work, correction: Correction, first: date | None, last: date | None) -> Amounts:
    return Amounts(
        kwh=correction.kwh, yuan=correction.amount, correction=correction, from_day=first, until_day=last,
        basis=work.basis,
    )  # fmt: skip


@exactly
def _power(work: Work) -> Decimal:
    """kW of a theft: the devices' rating, or the capacity of the meter's nominal current (kVA counts as kW)."""
    if work.values.get("basis") == "device_rating":
        return work.number("power_kw")
    watts = work.number("nominal_current_a") * work.number("nominal_voltage_v") * work.number("phases")
    power = watts * work.number("transformer_ratio") / 1_000
    work.basis["power_kw"] = str(power.normalize())
    return power


def _theft(work: Work) -> Amounts:
    days = work.decimal("days")
    made = theft(
        work.known.customer, _power(work), work.price(), days=None if days is None else int(days),
        hours=work.decimal("hours_a_day"), lighting=work.residential, charge=work.charge,
    )  # fmt: skip
    return _of_charge(work, made)


def _capacity_price(work: Work) -> Decimal:
    """Basic charge by capacity, yuan per kVA and month, as the customer's tariff had it on the last bill."""
    latest = work.known.latest
    if latest is None:
        raise NotComputable("no_bill")
    capacity = latest.case.account.capacity_kva or Decimal(1)
    by_capacity = changed_terms(
        latest.case, basic_charge=BasicCharge.CAPACITY, capacity_kva=capacity, contract_demand_kw=None
    )
    line = next((line for line in made_bill(by_capacity).lines if line.component == "capacity_charge"), None)
    if line is None:
        raise NotComputable("no_price", detail=latest.number)
    work.basis |= {"capacity_price": str(line.price), "capacity_price_from": latest.number}
    return line.price


def _equipment(rule: Callable[..., BreachCharge], field: str) -> Callable[[Work], Amounts]:
    def compute(work: Work) -> Amounts:
        quantity = work.number(field)
        if not work.two_part:
            return _of_charge(work, rule(work.known.customer, quantity, two_part=False, charge=work.charge))
        months, price = work.number("months"), _capacity_price(work)
        made = rule(work.known.customer, quantity, two_part=True, months=months, price=price, charge=work.charge)
        return _of_charge(work, made)

    return compute


def _rebilled(work: Work, kind: str, **changes: Any) -> Correction:
    """The bills of the time made again under other terms, for the days in question."""
    first, end = work.span()
    parts, used = [], []
    for issued in work.known.bills:
        days, _cycle = days_in(issued.case, first, end)
        if days:
            parts.append(Rebilled(made_bill(issued.case), made_bill(changed_terms(issued.case, **changes)), days))
            used.append(issued.number)
    if not parts:
        raise NotComputable("no_bill")
    work.basis["bills"] = ", ".join(used)
    return rebilling(parts, kind)


def _scheme_changes(account: Account, scheme: Scheme) -> dict[str, Any]:
    """Terms that go with a class: a basic charge for two-part accounts only, standards for business only."""
    changes: dict[str, Any] = {"scheme": scheme, "basic_charge": BasicCharge.NONE, "contract_demand_kw": None}
    if scheme is Scheme.TWO_PART:
        basic = account.basic_charge if account.scheme is Scheme.TWO_PART else BasicCharge.CAPACITY
        changes |= {"basic_charge": basic, "contract_demand_kw": account.contract_demand_kw}
    if scheme.category != "industrial_commercial":
        changes |= {"time_of_use": False, "power_factor_standard": None}
    return changes


def _wrong_class(work: Work) -> Amounts:
    first, end = work.span()
    changes = _scheme_changes(work.account, Scheme(str(work.values["right_scheme"])))
    part = work.decimal("class_kwh")
    if part is None:
        correction = _rebilled(work, "wrong_class", **changes)
    else:
        case = work.known.latest.case if work.known.latest else None
        if case is None:
            raise NotComputable("no_bill")
        billed, right = average_price(made_bill(case)), average_price(made_bill(changed_terms(case, **changes)))
        if billed is None or right is None:
            raise NotComputable("no_price")
        work.basis |= {"billed_price": str(billed), "right_price": str(right)}
        correction = wrong_class(part, billed, right)
    if correction.amount <= 0 or work.values.get("fault_of") != "customer":
        return _of_correction(work, correction, first, end - timedelta(days=1))
    made = wrong_class_breach(work.known.customer, correction.amount, charge=work.charge)
    # The proof of what is recovered is the correction's; the charge takes its result.
    return Amounts(
        kwh=correction.kwh, yuan=correction.amount, breach=made.charge, cap=made.cap, correction=correction,
        charge=made, basis=work.basis, from_day=first, until_day=end - timedelta(days=1),
    )  # fmt: skip


def _rebilling(work: Work) -> Amounts:
    changes: dict[str, dict[str, Any]] = {
        "time_of_use": {"time_of_use": True},
        "agency_penalty": {"agency_penalty": True},
        "power_factor_standard": {"power_factor_standard": work.values.get("right_standard")},
        "line_loss": {"line_loss_percent": work.decimal("right_line_loss_percent")},
    }
    first, end = work.span()
    made = _rebilled(work, "wrong_version", **changes[str(work.values["change"])])
    return _of_correction(work, made, first, end - timedelta(days=1))


def _multiplier(work: Work) -> Amounts:
    first, end = work.span()
    billed, true = work.number("billed_multiplier"), work.number("true_multiplier")
    units = work.decimal("dial_units")
    if units is None:
        units = (work.read_energy(first, end) / billed).quantize(Decimal("0.0001"))
        work.basis["dial_units"] = str(units)
    made = wrong_multiplier(units, billed, true, work.price())
    return _of_correction(work, made, first, end - timedelta(days=1))


def _meter_error(work: Work) -> Amounts:
    verified, corrected = work.day("verified_on"), work.day("corrected_on")
    if verified is None or corrected is None:
        raise NotComputable("missing", field="verified_on" if verified is None else "corrected_on")
    days = half_time(verified, corrected)
    first = corrected - timedelta(days=days)
    work.basis |= {"half_days": str(days), "from": first.isoformat()}
    recorded = work.decimal("recorded_kwh")
    if recorded is None:
        recorded = work.read_energy(first, corrected)
    made = meter_error(recorded, work.number("error_percent") / 100, work.price())
    return _of_correction(work, made, first, corrected)


_ELEMENTS = {"right": 1, "none": 0, "reversed": -1}


def _wiring(work: Work) -> Amounts:
    first, end = work.span()
    elements = [_ELEMENTS[str(work.values[f"element_{n}"])] for n in (1, 2, 3)
                if str(work.values[f"element_{n}"]) in _ELEMENTS]  # fmt: skip
    if sum(elements) <= 0:
        raise NotComputable("no_coefficient")
    coefficient = wiring_coefficient(elements)
    work.basis["coefficient"] = str(coefficient)
    recorded = work.decimal("recorded_kwh")
    if recorded is None:
        recorded = work.read_energy(first, end)
    return _of_correction(work, wiring(recorded, coefficient, work.price()), first, end - timedelta(days=1))


def _missing_energy(work: Work) -> Amounts:
    made = fuse_blown(work.number("normal_kwh"), work.number("fault_kwh"), work.price())
    return _of_correction(work, made, work.day("from_day"), work.day("until_day"))


def _reading(work: Work) -> Amounts:
    made = wrong_reading(work.number("true_kwh"), work.number("billed_kwh"), work.price())
    return _of_correction(work, made, work.day("from_day"), work.day("until_day"))


def _unauthorised_supply(work: Work) -> Amounts:
    made = fixed_rate(work.known.customer, "unauthorised_supply", work.number("supply_kw"), charge=work.charge)
    return _of_charge(work, made)


def _moved_meter(work: Work) -> Amounts:
    kind = "moved_meter_residential" if work.residential else "moved_meter_other"
    return _of_charge(work, fixed_rate(work.known.customer, kind, work.number("times"), charge=work.charge))


CALCULATIONS: dict[str, Callable[[Work], Amounts]] = {
    "theft": _theft,
    "over_capacity": _equipment(over_capacity, "excess_kva"),
    "sealed": _equipment(sealed_equipment, "sealed_kva"),
    "wrong_class": _wrong_class,
    "rebilling": _rebilling,
    "multiplier": _multiplier,
    "meter_error": _meter_error,
    "wiring": _wiring,
    "missing_energy": _missing_energy,
    "reading": _reading,
    "unauthorised_supply": _unauthorised_supply,
    "moved_meter": _moved_meter,
}
"""By `FindingForm.calculation`; a new one is a function, a line here and a line in the forms' file."""


def span_of(form: FindingForm, values: Mapping[str, Value]) -> tuple[date, date] | None:
    """The days whose bills a calculation needs, both included; None where it needs the last bill only."""
    names = ("verified_on", "corrected_on") if form.calculation == "meter_error" else ("from_day", "until_day")
    first, last = (values.get(name) for name in names)
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


@exactly
def compute(
    form: FindingForm, values: Mapping[str, Value], known: CustomerBills | None, charge: Decimal | None = None
) -> Amounts:
    """The amounts of a finding whose values were checked. `charge`: the breach charge that a person entered, by default
    its cap. A charge above the cap is in `Amounts.charge.findings`, not an exception.

    Raises:
        NotComputable: no customer, no bill, terms that give no bill, or a value that this customer's case needs.
    """
    if form.calculation is None:
        return Amounts()
    if known is None:
        raise NotComputable("no_customer")
    return CALCULATIONS[form.calculation](Work(values, known, charge, {}))
