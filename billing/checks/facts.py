"""What rules may ask about a case and its bill: one flat table of names. An unknown fact is None."""

from decimal import Decimal

from billing.checks.expressions import Value
from billing.model.bill import Bill
from billing.model.case import Case
from billing.model.readings import MeterReading
from billing.model.terms import Register

PERIOD_REGISTERS = (Register.SHARP, Register.PEAK, Register.FLAT, Register.VALLEY, Register.DEEP_VALLEY)

FACTS = {
    "scheme": "how the account is priced",
    "category": "residential, agricultural, industrial_commercial",
    "voltage": "voltage tier",
    "high_voltage": "true from 1 kV",
    "time_of_use": "priced by period",
    "supply": "agency or contract",
    "basic_charge": "way of the basic charge",
    "days": "days of the period",
    "hours": "hours of the period",
    "kwh": "read kWh, None when not billed and not countable",
    "reference_kwh": "kWh of the period compared with",
    "zero_cycles": "cycles without energy up to and with this one",
    "capacity_kva": "contract capacity",
    "contract_demand_kw": "contract demand",
    "demand_kw": "actual demand",
    "multiplier": "multiplier of the last meter",
    "file_multiplier": "CT x PT of the installed assets",
    "register_total_kwh": "dial units of the total register",
    "register_sum_kwh": "dial units of the period registers together",
    "check_meter_kwh": "kWh of the check meter",
    "check_meter_tolerance_percent": "sum of both meters' permissible errors",
    "reverse_kwh": "active energy fed back",
    "has_generation": "a generator is on file",
    "rolled_over": "a register rolled over",
    "file_changed": "the file changed since the last bill",
    "total": "total of the bill, yuan",
    "average_price": "yuan per billed kWh",
    "reference_price": "average price of the category",
    "power_factor": "mean power factor",
    "power_factor_standard": "standard on file, 0 for none",
    "transformer_loss_kwh": "transformer loss charged",
    "transformers": "transformers on file",
    "meters": "meters in service in the period",
}
"""Every fact with its meaning; a rule that names another is refused when loaded."""


def facts_of(case: Case, made: Bill | None) -> dict[str, Value]:
    """The facts of a case; those of the bill are None without one."""
    account, readings, history = case.account, case.readings, case.history
    energy = made.energy if made is not None else None
    days = Decimal((readings.end - readings.start).days)
    total, parts = _registers(readings.meters)
    kwh = energy.read_kwh if energy else None
    last = readings.meters[-1] if readings.meters else None
    earlier_zero = 0
    for value in reversed(history.earlier_kwh):
        if value != 0:
            break
        earlier_zero += 1
    return {
        "scheme": str(account.scheme),
        "category": account.scheme.category,
        "voltage": str(account.voltage),
        "high_voltage": account.voltage != "<1kV",
        "time_of_use": account.time_of_use,
        "supply": str(account.supply),
        "basic_charge": str(account.basic_charge),
        "days": days,
        "hours": days * 24,
        "kwh": kwh,
        "reference_kwh": history.reference_kwh,
        "zero_cycles": Decimal(earlier_zero + 1 if kwh == 0 else 0) if kwh is not None else None,
        "capacity_kva": account.capacity_kva,
        "contract_demand_kw": account.contract_demand_kw,
        "demand_kw": energy.demand_kw if energy else None,
        "multiplier": last.multiplier if last else None,
        "file_multiplier": history.file_multiplier,
        "register_total_kwh": total,
        "register_sum_kwh": parts,
        "check_meter_kwh": history.check_meter_kwh,
        "check_meter_tolerance_percent": history.check_meter_tolerance_percent,
        "reverse_kwh": history.reverse_kwh,
        "has_generation": history.has_generation,
        "rolled_over": any(item.current < item.previous for meter in readings.meters
                           for item in meter.registers.values()),
        "file_changed": history.file_changed,
        "total": made.total if made is not None and made.billed else None,
        "average_price": made.total / energy.billed_kwh if made and energy and energy.billed_kwh else None,
        "reference_price": history.reference_price,
        "power_factor": energy.power_factor if energy else None,
        "power_factor_standard": account.power_factor_standard or Decimal(0),
        "transformer_loss_kwh": energy.transformer_loss_kwh if energy else None,
        "transformers": Decimal(len(account.transformers)),
        "meters": Decimal(len(readings.meters)),
    }  # fmt: skip


def _registers(meters: tuple[MeterReading, ...]) -> tuple[Decimal | None, Decimal | None]:
    """Dial units of the total register and of the period registers, over the meters that have both."""
    total = parts = Decimal(0)
    seen = False
    for meter in meters:
        present = [meter.registers[register] for register in PERIOD_REGISTERS if register in meter.registers]
        whole = meter.registers.get(Register.TOTAL)
        if whole is None or not present:
            continue
        seen = True
        total += whole.current - whole.previous
        parts += sum((item.current - item.previous for item in present), Decimal(0))
    return (total, parts) if seen else (None, None)
