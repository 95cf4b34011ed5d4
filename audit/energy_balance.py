"""A district's energy balance: what was supplied, part by part, until a signed rest is left that nobody can explain.

supplied = billed + metered, not billed + metered while the gateway was silent (subtracted) + technical loss by model
           + known faults + confirmed theft + unexplained

Exact in hundredths of a kWh: the parts add up to what was supplied, whatever the data holds. A negative rest is as
telling as a positive one (a neighbour's customers on this district, a wrong gateway multiplier; domain sheet 4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from audit.district_standards import Attribution, DistrictStandards, TechnicalLoss, standards

CONTEXT = Context(prec=40, rounding=ROUND_HALF_UP)
_CENT = Decimal("0.01")
ZERO = Decimal("0.00")

PartName = Literal["billed", "metered", "uncovered", "iron", "copper", "lines", "faults", "theft", "unexplained"]
Settlement = Literal["urban", "rural", "dedicated"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Lost energy that was confirmed: from a ticket or an adjustment. kWh, positive where a meter counted too little.

    `found_on` is the day after the last on which it was lost; without `from_day` it began as `Attribution` says.
    """

    kwh: Decimal
    cause: str
    found_on: date
    source: str
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class BalanceInput:
    """One district in [first, end), two local days (Asia/Shanghai). Energies in kWh.

    `supplied_kwh` is the sum of the days that have a gateway reading, None where no day has one. `uncovered_kwh` is
    what customers' meters counted on the other days. `billed_kwh` is read energy of bills, without the loss that some
    accounts are charged on top; `metered_kwh` what was counted at customers who have no bill of the month.
    """

    first: date
    end: date
    supplied_days: int
    supplied_kwh: Decimal | None
    billed_kwh: Decimal
    metered_kwh: Decimal
    uncovered_kwh: Decimal
    capacity_kva: int
    settlement: Settlement
    losses: Sequence[Loss] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: signed kWh, and what it comes from: a code of the text catalogue, numbers of tickets or adjustments."""

    name: PartName
    kwh: Decimal
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """The parts in order, the unexplained rest last; they add up to `supplied_kwh`."""

    supplied_kwh: Decimal
    parts: tuple[Part, ...]

    @property
    def unexplained_kwh(self) -> Decimal:
        """Signed."""
        return self.parts[-1].kwh

    @property
    def unexplained_percent(self) -> Decimal | None:
        """Of what was supplied; None where nothing was."""
        if self.supplied_kwh == 0:
            return None
        return _rounded(CONTEXT.divide(self.unexplained_kwh * 100, self.supplied_kwh))

    @property
    def technical_kwh(self) -> Decimal:
        """Transformer and lines."""
        return sum((part.kwh for part in self.parts if part.name in ("iron", "copper", "lines")), ZERO)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, context=CONTEXT)


def energy_balance(given: BalanceInput, using: DistrictStandards | None = None) -> Balance | None:
    """The balance; None where nothing says what was supplied: it is not computable, which is not zero.

    Raises:
        ValueError: an empty period, or more days with a gateway reading than the period has.
    """
    days = (given.end - given.first).days
    if days <= 0 or not 0 <= given.supplied_days <= days:
        raise ValueError(f"{given.supplied_days} of {days} days")
    if given.supplied_kwh is None or given.supplied_days == 0:
        return None
    rules = using or standards()
    counted = given.billed_kwh + given.metered_kwh - given.uncovered_kwh
    iron, copper, lines = technical_loss(
        counted, given.supplied_days, given.capacity_kva, given.settlement, rules.technical_loss
    )
    named: list[Part] = [
        Part("billed", given.billed_kwh, ("bills",)),
        Part("metered", given.metered_kwh, ("meters",)),
        Part("uncovered", -given.uncovered_kwh, ("gateway_silent",)),
        Part("iron", iron, ("transformer_model",)),
        Part("copper", copper, ("transformer_model",)),
        Part("lines", lines, ("line_model",)),
    ]
    for name, causes in (("faults", rules.attribution.fault_causes), ("theft", rules.attribution.theft_causes)):
        within = [
            (loss, share)
            for loss in given.losses
            if loss.cause in causes and (share := lost_within(loss, given.first, given.end, rules.attribution)) != 0
        ]
        named.append(
            Part(name, sum((share for _, share in within), ZERO), tuple(loss.source for loss, _ in within))  # type: ignore[arg-type]
        )
    rest = given.supplied_kwh - sum((part.kwh for part in named), ZERO)
    return Balance(given.supplied_kwh, (*named, Part("unexplained", rest)))


def technical_loss(
    metered_kwh: Decimal, days: int, capacity_kva: int, settlement: Settlement, model: TechnicalLoss
) -> tuple[Decimal, Decimal, Decimal]:
    """Iron, copper and line loss in kWh of a district that was energised for whole days (domain sheet 2.10).

    Iron loss runs at zero load, too. Reactive energy follows from the model's power factor. A gateway meter on the low
    side of the transformer does not see the transformer's loss: then iron and copper are zero.

    >>> technical_loss(Decimal(0), 30, 200, "rural", standards().technical_loss)
    (Decimal('244.80'), Decimal('0.00'), Decimal('0.00'))
    """
    row = model.transformer(capacity_kva)
    hours = Decimal(days * 24)
    energy = max(ZERO, metered_kwh)
    apparent = CONTEXT.divide(energy, model.power_factor)
    squares = CONTEXT.divide(apparent * apparent, Decimal(row.rated_kva) ** 2 * hours) if hours else ZERO
    seen = model.gateway_side["dedicated" if settlement == "dedicated" else "public"] == "high"
    iron = row.no_load_kw * hours if seen else ZERO
    copper = CONTEXT.multiply(model.load_shape_factor * row.load_kw, squares) if seen else ZERO
    lines = CONTEXT.divide(energy * model.line_percent[settlement], Decimal(100))
    return _rounded(iron), _rounded(copper), _rounded(lines)


def lost_within(loss: Loss, first: date, end: date, rule: Attribution) -> Decimal:
    """The part of a confirmed loss that lies in [first, end), spread evenly over its days; half-up to 0.01 kWh."""
    begin = loss.from_day or loss.found_on - timedelta(days=rule.days_before_finding)
    days = (loss.found_on - begin).days
    if days <= 0:
        return loss.kwh if first <= loss.found_on < end else ZERO
    inside = (min(end, loss.found_on) - max(first, begin)).days
    return _rounded(CONTEXT.divide(loss.kwh * inside, Decimal(days))) if inside > 0 else ZERO


@dataclass(frozen=True, slots=True)
class CustomerUse:
    """One customer's energy in the month and in the month that it is compared with, kWh; None where unknown."""

    number: str
    now_kwh: Decimal | None
    before_kwh: Decimal | None


def loss_contributions(uses: Iterable[CustomerUse]) -> dict[str, Decimal | None]:
    """How many kWh each customer used less than the others' change would have it (`[design]`), never below zero.

    Expected is the own earlier use times the change of all *other* customers together. It is a hint where to look, no
    proof: a house that stands empty looks like a thief. None where the customer has nothing to compare with.
    """
    rows = list(uses)
    paired = [row for row in rows if row.now_kwh is not None and row.before_kwh is not None]
    now = sum((row.now_kwh or ZERO for row in paired), ZERO)
    before = sum((row.before_kwh or ZERO for row in paired), ZERO)
    found: dict[str, Decimal | None] = {row.number: None for row in rows}
    for row in paired:
        own_now, own_before = row.now_kwh or ZERO, row.before_kwh or ZERO
        others_before = before - own_before
        if others_before <= 0:
            continue
        expected = CONTEXT.divide(own_before * (now - own_now), others_before)
        found[row.number] = max(ZERO, _rounded(expected - own_now))
    return found
