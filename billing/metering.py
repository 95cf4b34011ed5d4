"""From dial readings to energy: difference, rollover, multiplier, meter change, demand (domain sheet 2.4, 2.11)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from billing.exact import text
from billing.findings import Fault, Finding, fault
from billing.model.account import Account
from billing.model.readings import MeterReading, Readings, RegisterReading
from billing.model.terms import REQUIRED_PERIODS, BasicCharge, Period, Register
from billing.tariff.plan import Plan
from billing.trace import Traced, apply, leaf, total

REGISTER_OF = {
    Period.ALL: Register.TOTAL,
    Period.SHARP: Register.SHARP,
    Period.PEAK: Register.PEAK,
    Period.FLAT: Register.FLAT,
    Period.VALLEY: Register.VALLEY,
    Period.DEEP_VALLEY: Register.DEEP_VALLEY,
}
DEMAND_DIGITS = 6


@dataclass
class Measured:
    """Energy by period and reactive energy as read, demand in kW, and what was wrong."""

    energy: dict[Period, Traced] = field(default_factory=dict)
    reactive: Traced | None = None
    demand: Traced | None = None
    findings: list[Finding] = field(default_factory=list)


def measure(account: Account, readings: Readings, plan: Plan, digits: int) -> Measured:
    """Read energy in kWh (kvarh) by period of the plan; faults are findings and the energy is then worthless."""
    measured = Measured()
    if any(meter.multiplier <= 0 for meter in readings.meters):
        measured.findings.append(fault(Fault.MULTIPLIER_INVALID, account.account, "readings.meters", "above 0"))
        return measured
    for period in plan.periods:
        read = _register(account, readings, REGISTER_OF[period], digits, plan, measured.findings)
        if read is not None:
            measured.energy[period] = read.named(f"read.{period}", "kWh")
        elif period in REQUIRED_PERIODS:
            measured.findings.append(_missing(account, REGISTER_OF[period]))
    if account.power_factor_standard is not None:
        forward = _register(account, readings, Register.REACTIVE_FORWARD, digits, plan, measured.findings)
        reverse = _register(account, readings, Register.REACTIVE_REVERSE, digits, plan, measured.findings)
        if forward is None:
            measured.findings.append(_missing(account, Register.REACTIVE_FORWARD))
        else:
            # Reactive energy fed back counts as positive (domain sheet 2.7).
            parts = [forward] if reverse is None else [forward, reverse]
            measured.reactive = total(parts, "reactive.read", "kvarh")
    if account.basic_charge in (BasicCharge.CONTRACT_DEMAND, BasicCharge.ACTUAL_DEMAND) and not readings.demand_lines:
        measured.demand = _demand(readings)
        if measured.demand is None or measured.demand.value < 0:
            field_name = "readings.meters.maximum_demand"
            measured.findings.append(fault(Fault.DEMAND_MISSING, account.account, field_name, "a demand reading"))
    return measured


def _missing(account: Account, register: Register) -> Finding:
    name = f"readings.meters.registers.{register}"
    return fault(Fault.MISSING_REGISTER, account.account, name, "a previous and a current reading")


def _register(
    account: Account, readings: Readings, register: Register, digits: int, plan: Plan, findings: list[Finding]
) -> Traced | None:
    """Energy of one register over all meters of the period; None when no meter has it."""
    parts = []
    for position, meter in enumerate(readings.meters):
        reading = meter.registers.get(register)
        if reading is None:
            continue
        name = f"readings.meters.{position}.registers.{register}"
        if reading.previous < 0 or reading.current < 0:
            found = text(min(reading.previous, reading.current))
            findings.append(fault(Fault.NEGATIVE_READING, account.account, name, "0 or more", found))
            return leaf(0, "read.fault")
        difference = _difference(account, readings, meter, register, reading, plan)
        if difference is None:
            findings.append(
                fault(
                    Fault.READING_DECREASED,
                    account.account,
                    name,
                    f"{text(reading.previous)} or more, or a plausible rollover",
                    text(reading.current),
                )
            )
            return leaf(0, "read.fault")
        multiplier = leaf(meter.multiplier, "multiplier", meter=meter.meter)
        parts.append((difference * multiplier).rounded(digits).named("read.meter", "kWh", meter=meter.meter))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else total(parts, "read.meters", "kWh")


def _difference(
    account: Account,
    readings: Readings,
    meter: MeterReading,
    register: Register,
    reading: RegisterReading,
    plan: Plan,
) -> Traced | None:
    """Dial difference; a smaller reading is a rollover only when that is plausible, else None.

    Plausible: at most the policy's share of the dial range and, for active energy of a known capacity, at most
    kVA x hours x 1.05 (domain sheet 1.4, CH04 and CH07).
    """
    current = leaf(reading.current, "reading.current", register=str(register), meter=meter.meter)
    previous = leaf(reading.previous, "reading.previous", register=str(register), meter=meter.meter)
    if reading.current >= reading.previous:
        return (current - previous).named("reading.difference")
    span = leaf(Decimal(10) ** meter.digits, "reading.dial_range", digits=str(meter.digits))
    rolled = (total([span, current], "reading.rolled_over") - previous).named("reading.difference")
    if plan.policy is None or rolled.value > plan.policy.rollover_share * span.value:
        return None
    reactive = register in (Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE)
    if not reactive and account.capacity_kva:
        hours = (readings.end - readings.start).days * 24
        if rolled.value * meter.multiplier > account.capacity_kva * hours * Decimal("1.05"):
            return None
    return rolled


def _demand(readings: Readings) -> Traced | None:
    """The highest demand of the meters in service, primary kW to 6 decimals."""
    demands: Sequence[Traced] = [
        (leaf(meter.maximum_demand, "demand.dial", "kW") * leaf(meter.multiplier, "multiplier")).rounded(DEMAND_DIGITS)
        for meter in readings.meters
        if meter.maximum_demand is not None
    ]
    return apply("maximum", *demands).named("demand.actual", "kW") if demands else None
