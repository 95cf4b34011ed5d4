"""A measure over whole months as numbers for statistics, and how much it scatters by itself.

Cases that are counted scatter at least as chance has it (Poisson), shares as drawing has it (binomial). Real months
scatter more: a campaign brings many cases at once. How much more is measured on the series itself, between neighbouring
months, and every interval and every alarm takes it into account.
"""

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from audit.trend_figures import Measure, TrendFigures

Kind = Literal["count", "share", "money"]
TRIMMED = 0.1
"""Share of the largest jumps that is left out, because they may be changes rather than scatter."""
_TRIMMED_MEAN = 0.6230
"""Mean of a chi-squared variable of one degree of freedom below its 90 % quantile."""


@dataclass(frozen=True, slots=True)
class Series:
    """Whole months in order. Of a count or an amount, `wholes` are the days of each month; of a share, its cases."""

    kind: Kind
    months: tuple[date, ...]
    parts: tuple[float, ...]
    wholes: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.parts)

    def between(self, first: date, last: date) -> "Series":
        """The months from `first` to `last`, both included."""
        kept = [place for place, month in enumerate(self.months) if first <= month <= last]
        return self.at(kept)

    def at(self, places: Sequence[int]) -> "Series":
        """Some of the months."""
        return Series(
            self.kind,
            tuple(self.months[place] for place in places),
            tuple(self.parts[place] for place in places),
            tuple(self.wholes[place] for place in places),
        )

    @property
    def total(self) -> tuple[float, float]:
        """Parts and wholes added up."""
        return sum(self.parts), sum(self.wholes)


def series(measure: Measure, months: Sequence[date], figures: Sequence[TrendFigures]) -> Series:
    """A measure of whole months; the running month must not be among them."""
    parts = tuple(float(measure.part(one)) for one in figures)
    if measure.whole is not None:
        return Series("share", tuple(months), parts, tuple(float(measure.whole(one)) for one in figures))
    days = tuple(float(calendar.monthrange(month.year, month.month)[1]) for month in months)
    return Series("money" if measure.is_money else "count", tuple(months), parts, days)


def dispersion(given: Series, expected: Sequence[float] | None = None) -> float:
    """How many times the variance is that of chance alone: 1 or more for counts and shares; for amounts the variance of
    the logarithm. `expected` are seasonal factors by which months are expected to differ.

    Measured between neighbouring months, so that slow trends and few changes of level do not count as scatter; the
    largest jumps are left out.
    """
    wholes = [whole * factor for whole, factor in zip(given.wholes, expected or [1.0] * len(given), strict=True)]
    jumps = []
    for (one, first), (other, second) in pairwise(zip(given.parts, wholes, strict=True)):
        if not first or not second:
            continue
        if given.kind == "money":
            if one > 0 and other > 0:
                jumps.append((math.log(other / second) - math.log(one / first)) ** 2 / 2)
            continue
        mean = (one + other) / (first + second)
        spread = mean * (1 - mean if given.kind == "share" else 1)
        if spread > 0:
            jumps.append((other / second - one / first) ** 2 / (spread * (1 / first + 1 / second)))
    smallest = 1.0 if given.kind != "money" else 1e-6
    if len(jumps) < 3:
        return smallest
    kept = sorted(jumps)[: max(1, math.ceil(len(jumps) * (1 - TRIMMED)))]
    return max(smallest, sum(kept) / len(kept) / _TRIMMED_MEAN)
