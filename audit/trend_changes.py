"""Change points: from which month on a measure stands at another level.

The series is cut where that makes it most likely (optimal partitioning; at 36 months every cut can be tried), each cut
costing a penalty, so that chance alone seldom buys one. Counts are judged by the Poisson likelihood, shares by the
binomial, amounts by the normal one of their logarithm; all divided by how much the series scatters by itself. Clear
seasons are taken out before. Deterministic.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from audit.trend_seasons import Seasons, seasons
from audit.trend_series import Series, dispersion

SHORTEST = 3
"""Months that a level lasts at least: less is an outlier, not a change."""
PENALTY = 16.0
"""Twice the log-likelihood that a cut must gain. At 36 months of pure noise fewer than one series in twenty gets a cut
(`tests/trends/test_statistics.py` measures it)."""
OUTLIER = 3.0
"""Standard deviations beyond its neighbours from which a single month is taken for an outlier."""
FEWEST = 12
"""Whole months below which nothing is said."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """`month`: the first of the new level. `before`, `after`: both levels as counts or yuan a month, or as shares."""

    month: date
    before: float
    after: float

    @property
    def ratio(self) -> float | None:
        """The new level over the old one; None where that was nothing."""
        return self.after / self.before if self.before else None


def change_points(given: Series) -> list[ChangePoint]:
    """The changes of level in order, empty where chance explains the series or it is too short to tell."""
    known = [place for place in range(len(given)) if given.wholes[place]]
    if len(known) < FEWEST:
        return []
    kept = given.at(known)
    found = seasons(given)
    factors = found.factors(kept) if isinstance(found, Seasons) and kept.kind != "share" else [1.0] * len(kept)
    wholes = [whole * factor for whole, factor in zip(kept.wholes, factors, strict=True)]
    scatter = dispersion(kept, factors)
    cuts = best_cuts(len(kept), _cost(_calmed(kept, wholes, scatter), wholes, scatter), PENALTY)
    edges = [0, *cuts, len(kept)]
    levels = [_level(kept, wholes, first, last) for first, last in pairwise(edges)]
    return [
        ChangePoint(kept.months[cut], levels[place], levels[place + 1])
        for place, cut in enumerate(cuts)
        if levels[place] != levels[place + 1]
    ]


def _calmed(kept: Series, wholes: Sequence[float], scatter: float) -> Series:
    """Single months far beyond all four around them, brought to the nearest of these: a campaign of one month
    is no level.
    """
    rates = [part / whole for part, whole in zip(kept.parts, wholes, strict=True)]
    parts = list(kept.parts)
    for place, (rate, whole) in enumerate(zip(rates, wholes, strict=True)):
        around = rates[max(0, place - 2) : place] + rates[place + 1 : place + 3]
        nearest = min(max(around), max(min(around), rate))
        if kept.kind == "money":
            far = abs(math.log(max(rate, 1e-6)) - math.log(max(nearest, 1e-6))) > OUTLIER * math.sqrt(scatter)
        else:
            spread = nearest * (1 - nearest if kept.kind == "share" else 1)
            far = abs(rate - nearest) > OUTLIER * math.sqrt(scatter * spread / whole)
        if far:
            parts[place] = nearest * whole
    return replace(kept, parts=tuple(parts))


def _level(kept: Series, wholes: Sequence[float], first: int, last: int) -> float:
    part, whole = sum(kept.parts[first:last]), sum(wholes[first:last])
    scale = 1.0 if kept.kind == "share" else 365.25 / 12
    return part / whole * scale


def _sums(values: Sequence[float]) -> list[float]:
    found = [0.0]
    for value in values:
        found.append(found[-1] + value)
    return found


def _cost(kept: Series, wholes: Sequence[float], scatter: float) -> Callable[[int, int], float]:
    """Minus twice the log-likelihood of one level from month `first` to before `last`, over the series' own scatter."""
    if kept.kind == "money":
        logs = [math.log(max(part, 0.01) / whole) for part, whole in zip(kept.parts, wholes, strict=True)]
        sums, squares = _sums(logs), _sums([value * value for value in logs])

        def normal(first: int, last: int) -> float:
            total = sums[last] - sums[first]
            return (squares[last] - squares[first] - total * total / (last - first)) / scatter

        return normal
    parts, whole_sums = _sums(kept.parts), _sums(wholes)

    def poisson(first: int, last: int) -> float:
        part, whole = parts[last] - parts[first], whole_sums[last] - whole_sums[first]
        return -2 * _times_log(part, part / whole) / scatter

    def binomial(first: int, last: int) -> float:
        part, whole = parts[last] - parts[first], whole_sums[last] - whole_sums[first]
        likely = _times_log(part, part / whole) + _times_log(whole - part, 1 - part / whole)
        return -2 * likely / scatter

    return binomial if kept.kind == "share" else poisson


def _times_log(times: float, value: float) -> float:
    return times * math.log(value) if times > 0 and value > 0 else 0.0


def best_cuts(length: int, cost: Callable[[int, int], float], penalty: float, shortest: int = SHORTEST) -> list[int]:
    """Where to cut `length` places into runs of at least `shortest`, so that costs and penalties are least: the first
    place of each run but the first. Exact, by dynamic programming; of equals the earlier cut.
    """
    best = [0.0] + [math.inf] * length
    came = [0] * (length + 1)
    for last in range(shortest, length + 1):
        for first in (0, *range(shortest, last - shortest + 1)):
            total = best[first] + cost(first, last) + (penalty if first else 0.0)
            if total < best[last] - 1e-9:
                best[last], came[last] = total, first
    cuts: list[int] = []
    place = length
    while came[place]:
        place = came[place]
        cuts.append(place)
    return cuts[::-1]
