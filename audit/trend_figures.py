"""What is counted of one unit in one month, and the rates that follow from it (domain sheet 1.7).

All figures add up over months, units, types and levels; rates come last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from audit.performance import economic_result, rate

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TrendFigures:
    """Risk points by month of detection, tickets by the month in which something happened to them. Money in yuan.

    `opened` tickets are those opened in the month; `closed`, `in_time`, `checked`, `confirmed` and the amounts are of
    those closed in it; `problems` were found to be true in it, of which `rectified` are put right and passed by now.
    Void tickets are in `opened` and `void` alone.
    """

    points: int = 0
    open_points: int = 0
    confirmed_points: int = 0
    rejected_points: int = 0
    cleared_points: int = 0
    exposure_yuan: Decimal = ZERO
    score: int = 0
    opened: int = 0
    closed: int = 0
    void: int = 0
    in_time: int = 0
    checked: int = 0
    confirmed: int = 0
    problems: int = 0
    rectified: int = 0
    recovered_kwh: Decimal = ZERO
    recovered_yuan: Decimal = ZERO
    breach_yuan: Decimal = ZERO

    def __add__(self, other: "TrendFigures") -> "TrendFigures":
        return TrendFigures(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    @property
    def result_yuan(self) -> Decimal:
        """稽查成效."""
        return economic_result(self.recovered_yuan, self.breach_yuan)

    @property
    def mean_score(self) -> Fraction | None:
        """Mean score of the points, 0 to 100."""
        return Fraction(self.score, self.points) if self.points else None

    @property
    def confirmation(self) -> Fraction | None:
        """查实率."""
        return rate(self.confirmed, self.checked)

    @property
    def timeliness(self) -> Fraction | None:
        """Tickets closed within the deadline of their last stage, of those closed."""
        return rate(self.in_time, self.closed)

    @property
    def rectification(self) -> Fraction | None:
        """整改完成率: put right and passed, of those found to be true."""
        return rate(self.rectified, self.problems)


NAMES: tuple[str, ...] = tuple(field.name for field in fields(TrendFigures))
NOTHING = TrendFigures()


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is followed over months: a count, an amount of money, or a share `part` of `whole`."""

    name: str
    part: Callable[[TrendFigures], int | Decimal]
    whole: Callable[[TrendFigures], int] | None = None
    is_money: bool = False
    of_risk: bool = False
    """Of risk points; else of tickets."""

    @property
    def is_rate(self) -> bool:
        """Whether it is a share with a number of cases under it."""
        return self.whole is not None

    @property
    def is_count(self) -> bool:
        """Whether cases are counted, so that chance follows from their number."""
        return self.whole is None and not self.is_money

    def value(self, figures: TrendFigures) -> float | None:
        """For charts and statistics: the count, the yuan, or the share between 0 and 1; None where nothing is known."""
        part = self.part(figures)
        if self.whole is None:
            return float(part)
        whole = self.whole(figures)
        return float(part) / whole if whole else None


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        one.name: one
        for one in (
            Measure("points", lambda figures: figures.points, of_risk=True),
            Measure("exposure", lambda figures: figures.exposure_yuan, is_money=True, of_risk=True),
            Measure("opened", lambda figures: figures.opened),
            Measure("closed", lambda figures: figures.closed),
            Measure("result", lambda figures: figures.result_yuan, is_money=True),
            Measure("confirmation", lambda figures: figures.confirmed, lambda figures: figures.checked),
            Measure("rectification", lambda figures: figures.rectified, lambda figures: figures.problems),
            Measure("timeliness", lambda figures: figures.in_time, lambda figures: figures.closed),
        )
    }
)
"""A further measure is one row here and its words in `i18n/*/trends.yaml`."""
