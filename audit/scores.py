"""The risk score of a point and of a unit (domain sheet 1.6, a design proposal): 0 to 100, with the parts kept.

score = 40·severity + 25·min(1, exposure / 50 000 yuan) + 15·min(1, repeats in 12 months / 3)
        + 10·confidence + 10·overdue factor
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SEVERITY = {1: Decimal("1"), 2: Decimal("0.7"), 3: Decimal("0.4"), 4: Decimal("0.2")}
"""By level, 1 (I) to 4 (IV)."""
WEIGHTS = {
    "severity": Decimal(40),
    "exposure": Decimal(25),
    "repeats": Decimal(15),
    "confidence": Decimal(10),
    "overdue": Decimal(10),
}
FULL_EXPOSURE_YUAN = Decimal(50_000)
FULL_REPEATS = 3
UNKNOWN_CONFIDENCE = Decimal("0.5")
"""For a rule that has no checked tickets yet: neither trusted nor distrusted."""
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class RiskInputs:
    """What a score is made of."""

    level: int
    exposure_yuan: Decimal
    repeats_12_months: int = 0
    """Confirmed problems of the same topic at the same object in the last 12 months."""
    rule_precision: Decimal | None = None
    """Share of the rule's checked tickets of 12 months that were TRUE, 0 to 1; None when there are none."""
    overdue_factor: Decimal = Decimal(0)
    """0 in time, 1 when the work is late by the whole time it had."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score and why: `parts` maps each part to its points (one decimal) and the input behind it."""

    value: int
    parts: dict[str, dict[str, Any]]


def _share(value: Decimal) -> Decimal:
    return min(Decimal(1), max(Decimal(0), value))


def risk_score(given: RiskInputs) -> Score:
    """Score of one risk point, rounded half-up to whole points.

    Raises:
        ValueError: a level other than 1 to 4.
    """
    if given.level not in SEVERITY:
        raise ValueError(f"level {given.level!r}: expected 1, 2, 3 or 4")
    confidence = UNKNOWN_CONFIDENCE if given.rule_precision is None else given.rule_precision
    shares: dict[str, tuple[Decimal, Any]] = {
        "severity": (SEVERITY[given.level], given.level),
        "exposure": (_share(given.exposure_yuan / FULL_EXPOSURE_YUAN), str(given.exposure_yuan)),
        "repeats": (_share(Decimal(given.repeats_12_months) / FULL_REPEATS), given.repeats_12_months),
        "confidence": (
            _share(confidence),
            None if given.rule_precision is None else str(given.rule_precision),
        ),
        "overdue": (_share(given.overdue_factor), str(given.overdue_factor)),
    }
    points = {name: WEIGHTS[name] * share for name, (share, _) in shares.items()}
    parts = {
        name: {"points": str(points[name].quantize(_TENTH, ROUND_HALF_UP)), "from": source}
        for name, (_, source) in shares.items()
    }
    return Score(int(sum(points.values(), Decimal(0)).quantize(Decimal(1), ROUND_HALF_UP)), parts)


def unit_risk(points: Iterable[tuple[int, Decimal]]) -> Decimal | None:
    """Risk of a district or unit: mean of its open points' scores weighted by exposure (score, yuan); None without any.

    Points without exposure weigh as much as one yuan, so that a unit with only such points still has a risk.
    """
    weighted = [(Decimal(score), max(Decimal(1), exposure)) for score, exposure in points]
    if not weighted:
        return None
    total = sum((weight for _, weight in weighted), Decimal(0))
    mean = sum((score * weight for score, weight in weighted), Decimal(0)) / total
    return mean.quantize(_TENTH, ROUND_HALF_UP)


def trend(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """score(t) − score(t − 1); None when either is unknown."""
    return None if now is None or before is None else now - before
