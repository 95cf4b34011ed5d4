"""Loss between the meter and the property boundary: transformer and line, active and reactive (domain sheet 2.10)."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.model.account import Account, FormulaLoss, TableLoss
from billing.model.readings import Readings
from billing.model.terms import Period
from billing.trace import Traced, allocated, leaf, total

LOSS_DIGITS = 0
HUNDRED = 100


@dataclass(frozen=True)
class Losses:
    """Transformer and line loss, whole kWh and kvarh; None where the account bears none."""

    transformer: Traced | None
    transformer_reactive: Traced | None
    line: Traced | None
    line_reactive: Traced | None


def losses(account: Account, readings: Readings, active: Traced, reactive: Traced | None) -> Losses:
    """Loss on the read energy. Iron loss runs by energised time even at zero load."""
    days = (readings.end - readings.start).days
    reactive_read = reactive if reactive is not None else leaf(0, "reactive.read", "kvarh")
    transformer = transformer_reactive = line = line_reactive = None
    if account.transformers:
        pairs = [
            _formula(item, days, active, reactive_read)
            if isinstance(item, FormulaLoss)
            else _table(item, days, active, reactive_read)
            for item in account.transformers
        ]
        transformer = total([pair[0] for pair in pairs], "loss.transformer", "kWh").rounded(LOSS_DIGITS)
        transformer = transformer.named("loss.transformer", "kWh")
        transformer_reactive = total([pair[1] for pair in pairs], "loss.reactive", "kvarh").rounded(LOSS_DIGITS)
        transformer_reactive = transformer_reactive.named("loss.transformer_reactive", "kvarh")
    if account.line_loss_percent:
        line = _percent(account.line_loss_percent, active, "loss.line", "kWh")
    if account.line_loss_reactive_percent:
        line_reactive = _percent(account.line_loss_reactive_percent, reactive_read, "loss.line_reactive", "kvarh")
    return Losses(transformer, transformer_reactive, line, line_reactive)


def _percent(percent: object, energy: Traced, label: str, unit: str) -> Traced:
    share = leaf(str(percent), "loss.line_percent", "%") / leaf(HUNDRED, "hundred")
    return (share * energy).rounded(LOSS_DIGITS).named(label, unit)


def _formula(item: FormulaLoss, days: int, active: Traced, reactive: Traced) -> tuple[Traced, Traced]:
    """dA = P0 T + K Pk (A2+Q2)/(S2 T); dQ the same with Q0 = I0% S/100 and Qk = Uk% S/100."""
    rated = leaf(item.rated_kva, "transformer.rated", "kVA")
    hours = leaf(item.hours if item.hours is not None else days * 24, "transformer.hours", "h")
    zero = leaf(0, "transformer.not_energised")
    if hours.value <= 0 or rated.value <= 0:
        return zero, zero
    shape = leaf(item.load_shape_factor, "transformer.load_shape")
    load = (active * active + reactive * reactive).named("transformer.load_square")
    squares = (load / (rated * rated * hours)).named("transformer.load_ratio", "h")
    iron = leaf(item.no_load_loss_kw, "transformer.no_load_loss", "kW") * hours
    copper = shape * leaf(item.load_loss_kw, "transformer.load_loss", "kW") * squares
    hundred = leaf(HUNDRED, "hundred")
    iron_reactive = leaf(item.no_load_current_percent, "transformer.no_load_current", "%") * rated / hundred * hours
    copper_reactive = (
        shape * (leaf(item.short_circuit_percent, "transformer.short_circuit", "%") * rated / hundred) * squares
    )
    return iron + copper, iron_reactive + copper_reactive


def _table(item: TableLoss, days: int, active: Traced, reactive: Traced) -> tuple[Traced, Traced]:
    """Iron loss per energised day plus copper loss as a share of the read energy."""
    energised = leaf(item.days if item.days is not None else days, "transformer.days", "d")
    copper = leaf(item.copper_share, "transformer.copper_share") * active
    copper_reactive = leaf(item.copper_reactive_share, "transformer.copper_reactive_share") * reactive
    iron = leaf(item.iron_kwh_per_day, "transformer.iron_per_day", "kWh/d") * energised
    iron_reactive = leaf(item.iron_kvarh_per_day, "transformer.iron_reactive_per_day", "kvarh/d") * energised
    return iron + copper, iron_reactive + copper_reactive


def spread(energy: dict[Period, Traced], extra: Traced, digits: int) -> dict[Period, Traced]:
    """`extra` shared over the periods by their read energy, remainder to the largest.

    Without any energy the flat period takes all, or the only one there is.
    """
    if all(item.value == 0 for item in energy.values()):
        taker = Period.FLAT if Period.FLAT in energy else next(iter(energy))
        return {period: extra if period is taker else leaf(0, "share.none") for period in energy}
    shares: Sequence[Traced] = allocated(extra, list(energy.values()), digits)
    return dict(zip(energy, shares, strict=True))
