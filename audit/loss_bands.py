"""In which band a loss rate lies (domain sheet 4). A rate that nobody can compute is a state of its own, never 0 %."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from audit.district_standards import LossBands, standards

Band = Literal["negative", "normal", "warn", "high", "not_computable"]
BANDS: tuple[Band, ...] = ("negative", "normal", "warn", "high", "not_computable")
_CENT = Decimal("0.01")


def loss_percent(supplied_kwh: Decimal | None, sold_kwh: Decimal) -> Decimal | None:
    """(supplied - sold) / supplied in percent, half-up to two decimals; None without supply.

    >>> loss_percent(Decimal(200), Decimal(190)), loss_percent(Decimal(0), Decimal(0))
    (Decimal('5.00'), None)
    """
    if supplied_kwh is None or supplied_kwh == 0:
        return None
    return ((supplied_kwh - sold_kwh) * 100 / supplied_kwh).quantize(_CENT, ROUND_HALF_UP)


def band_of(percent: Decimal | None, given: LossBands | None = None) -> Band:
    """The band of a rate in percent; `not_computable` where there is none.

    >>> band_of(Decimal("5.99")), band_of(Decimal("-1.01")), band_of(None)
    ('normal', 'negative', 'not_computable')
    """
    if percent is None:
        return "not_computable"
    rows = (given or standards().loss_bands).bands
    found: Band = rows[0].name
    for row in rows[1:]:
        if row.start is not None and percent >= row.start:
            found = row.name
    return found


def swings(supplied_kwh: Decimal | None, days: int, given: LossBands | None = None) -> bool:
    """Whether so little was supplied that the rate says little (mean a day below the limit)."""
    limit = (given or standards().loss_bands).small_energy_kwh_per_day
    return supplied_kwh is not None and days > 0 and supplied_kwh < limit * days


def longest_run(bands: Iterable[Band], wanted: frozenset[Band] = frozenset({"high", "negative"})) -> int:
    """The longest run of days in a row that lie in one of `wanted`.

    >>> longest_run(["high", "high", "normal", "negative"])
    2
    """
    best = run = 0
    for band in bands:
        run = run + 1 if band in wanted else 0
        best = max(best, run)
    return best
