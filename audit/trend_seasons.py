"""Seasons and years: how the months of a year differ from one another, and how a month stands against a year before.

A plain decomposition: what runs through is a centred mean of twelve months, carried on in a straight line at both ends;
what is left of each month, as a ratio, is its season. Whether there is a season at all is asked by the F test over the
twelve months, because chance alone always draws some profile.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import fdtrc

from audit.trend_series import Series

LEAST = 24
"""Whole months without which no season can be told."""
CHANCE = 0.05
"""How often noise may be taken for a season."""
_ENDS = 6


@dataclass(frozen=True, slots=True)
class Seasons:
    """`profile`: January to December as factors around 1, None where nothing is known of the month. `trend`: what runs
    through, a rate a month. `is_clear`: more than chance draws (`chance` is the F test's p-value).
    """

    profile: tuple[float | None, ...]
    trend: tuple[float, ...]
    chance: float

    @property
    def is_clear(self) -> bool:
        """Whether there is a season."""
        return self.chance < CHANCE

    def factors(self, given: Series) -> list[float]:
        """What each month is expected to be, as a factor; 1 throughout where no season is clear."""
        if not self.is_clear:
            return [1.0] * len(given)
        return [self.profile[month.month - 1] or 1.0 for month in given.months]


@dataclass(frozen=True, slots=True)
class TooShort:
    """No season can be told: `months` whole months with cases, of `LEAST` that it needs."""

    months: int


def seasons(given: Series) -> Seasons | TooShort:
    """The seasons of at least `LEAST` whole months. Months without any whole (no case of a share) are bridged."""
    known = [place for place in range(len(given)) if given.wholes[place]]
    if len(known) < LEAST or len({given.months[place].month for place in known}) < 12:
        return TooShort(len(known))
    kept = given.at(known)
    # Half a case more keeps the logarithm of a month without any.
    extra = 0.0 if kept.kind == "money" else 0.5
    rates = [
        max(part + extra, 1e-9) / (whole + (1.0 if kept.kind == "share" else 0.0))
        for part, whole in zip(kept.parts, kept.wholes, strict=True)
    ]
    trend = _through(rates)
    ratios = [math.log(rate / level) for rate, level in zip(rates, trend, strict=True)]
    groups: dict[int, list[float]] = {number: [] for number in range(1, 13)}
    for month, ratio in zip(kept.months, ratios, strict=True):
        groups[month.month].append(ratio)
    profile = [math.exp(sum(group) / len(group)) for group in groups.values()]
    mean = sum(profile) / 12
    return Seasons(tuple(value / mean for value in profile), tuple(trend), _chance(list(groups.values())))


def _through(rates: Sequence[float]) -> list[float]:
    """The centred mean of twelve months, half of the outermost two; straight on from its last values at the ends."""
    middle = [
        (sum(rates[place - 6 : place + 7]) - (rates[place - 6] + rates[place + 6]) / 2) / 12
        for place in range(_ENDS, len(rates) - _ENDS)
    ]
    span = min(_ENDS, len(middle) - 1)
    head = (middle[span] - middle[0]) / span if span else 0.0
    tail = (middle[-1] - middle[-1 - span]) / span if span else 0.0
    least = min(rate for rate in middle) / 4 or 1e-9
    before = [max(least, middle[0] - head * step) for step in range(_ENDS, 0, -1)]
    after = [max(least, middle[-1] + tail * step) for step in range(1, _ENDS + 1)]
    return [*before, *(max(least, value) for value in middle), *after]


def _chance(groups: Sequence[Sequence[float]]) -> float:
    """p-value of the F test of one factor."""
    count = sum(map(len, groups))
    inner = count - len(groups)
    if inner < 1:
        return 1.0
    mean = sum(map(sum, groups)) / count
    means = [sum(group) / len(group) for group in groups]
    between = sum(len(group) * (own - mean) ** 2 for group, own in zip(groups, means, strict=True))
    within = sum((value - own) ** 2 for group, own in zip(groups, means, strict=True) for value in group)
    if within <= 0:
        return 0.0 if between > 0 else 1.0
    # The mean that runs through takes away one more degree of freedom for each year.
    inner = max(1, inner - round(count / 12))
    return float(fdtrc(len(groups) - 1, inner, between / (len(groups) - 1) / (within / inner)))
