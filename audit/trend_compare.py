"""Two periods compared, and what moved most, and how sure that is. Where chance explains it, nothing is claimed.

Counts: the ratio of two rates a day with its exact interval (the later count, given both together, is binomial:
Clopper and Pearson), counts divided by their dispersion first. Shares: Wilson's interval for each; they differ where
the two do not overlap, which is stricter than a test. Amounts hang on few large cases: the difference of the monthly
means by Welch's t, claimed from three months a side.
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.special import betaincinv, ndtri, stdtrit

from audit.performance import wilson_interval
from audit.trend_series import Series

CONFIDENCE = 0.95
Verdict = Literal["more", "less", "none"]
FEWEST_MONTHS = 3
"""Months a side without which the scatter of amounts is not known."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`now` and `before`: counts or yuan a month, or shares; None where there was no case. `ratio` with `low` and
    `high`: the later over the earlier, None where it can't be said. For shares, `now_range` and `before_range` hold
    instead.
    """

    now: float | None
    before: float | None
    ratio: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    now_range: tuple[float, float] | None = None
    before_range: tuple[float, float] | None = None

    @property
    def difference(self) -> float:
        """Later less earlier; what is not known counts as nothing."""
        return (self.now or 0.0) - (self.before or 0.0)

    @property
    def sure(self) -> float:
        """The least of the difference that is sure: the bound next to no change, 0 where nothing is claimed."""
        if self.verdict == "none":
            return 0.0
        if self.now_range and self.before_range:
            up = self.now_range[0] - self.before_range[1]
            return up if up > 0 else self.now_range[1] - self.before_range[0]
        if self.before and self.low is not None and self.high is not None:
            bound = self.low if self.verdict == "more" else self.high
            return (bound - 1) * self.before
        return self.difference


@dataclass(frozen=True, slots=True)
class Mover:
    """One of many compared at the same time."""

    key: Hashable
    compared: Compared


def rate_ratio(
    now: float,
    before: float,
    now_days: float,
    before_days: float,
    *,
    scatter: float = 1.0,
    confidence: float = CONFIDENCE,
) -> tuple[float | None, float, float]:
    """The ratio of two rates with its exact interval; the ratio is None and the upper bound infinite where the earlier
    count is nothing.

    >>> ratio, low, high = rate_ratio(30, 20, 90, 90)
    >>> round(ratio, 2), round(low, 2), round(high, 2)
    (1.5, 0.82, 2.79)

    Raises:
        ValueError: a negative count, or days that are none.
    """
    if now < 0 or before < 0 or now_days <= 0 or before_days <= 0:
        raise ValueError(f"counts {now}, {before} over {now_days}, {before_days} days")
    one, other, weight, tail = now / scatter, before / scatter, before_days / now_days, (1 - confidence) / 2
    low = 0.0 if one == 0 else float(betaincinv(one, other + 1, tail))
    high = 1.0 if other == 0 else float(betaincinv(one + 1, other, 1 - tail))
    ratio = now / before * weight if before else None
    return (
        ratio,
        weight * low / (1 - low) if low < 1 else math.inf,
        weight * high / (1 - high) if high < 1 else math.inf,
    )


def compare(now: Series, before: Series, *, scatter: float = 1.0, confidence: float = CONFIDENCE) -> Compared:
    """A measure of two sets of whole months. `scatter` is that of the whole series (`trend_series.dispersion`)."""
    if now.kind == "share":
        return _shares(now, before, scatter, confidence)
    month = 365.25 / 12
    (one, days), (other, days_before) = now.total, before.total
    if not days or not days_before:
        return Compared(None, None, None, None, None, "none")
    mean, mean_before = one / days * month, other / days_before * month
    if now.kind == "money":
        return _amounts(now, before, mean, mean_before, confidence)
    ratio, low, high = rate_ratio(one, other, days, days_before, scatter=scatter, confidence=confidence)
    if not one and not other:
        return Compared(mean, mean_before, None, None, None, "none")
    return Compared(mean, mean_before, ratio, low, high, "more" if low > 1 else "less" if high < 1 else "none")


def _shares(now: Series, before: Series, scatter: float, confidence: float) -> Compared:
    z = float(ndtri((1 + confidence) / 2))
    shares: list[float | None] = []
    ranges: list[tuple[float, float] | None] = []
    for part, whole in (now.total, before.total):
        shares.append(part / whole if whole else None)
        ranges.append(interval(part, whole, scatter=scatter, z=z))
    verdict: Verdict = "none"
    mine, theirs = ranges
    if mine and theirs:
        verdict = "more" if mine[0] > theirs[1] else "less" if mine[1] < theirs[0] else "none"
    return Compared(shares[0], shares[1], None, None, None, verdict, mine, theirs)


def interval(part: float, whole: float, *, scatter: float = 1.0, z: float = 1.959964) -> tuple[float, float] | None:
    """Wilson's interval of a share whose cases scatter `scatter` times as much as drawing has it: it has as many cases
    fewer. None without cases.
    """
    fewer = int(whole / scatter)
    if not fewer:
        return (0.0, 1.0) if whole else None
    return wilson_interval(min(fewer, round(part / scatter)), fewer, z)


def _amounts(now: Series, before: Series, mean: float, mean_before: float, confidence: float) -> Compared:
    ratio = mean / mean_before if mean_before > 0 else None
    if min(len(now), len(before)) < FEWEST_MONTHS:
        return Compared(mean, mean_before, ratio, None, None, "none")
    parts = []
    for given in (now, before):
        rates = [part / whole * 365.25 / 12 for part, whole in zip(given.parts, given.wholes, strict=True)]
        centre = sum(rates) / len(rates)
        parts.append((centre, sum((rate - centre) ** 2 for rate in rates) / (len(rates) - 1) / len(rates), len(rates)))
    (one, spread, count), (other, spread_before, count_before) = parts
    error = math.sqrt(spread + spread_before)
    if error == 0:
        return Compared(
            mean, mean_before, ratio, ratio, ratio, "none" if one == other else "more" if one > other else "less"
        )
    freedom = (spread + spread_before) ** 2 / (spread**2 / (count - 1) + spread_before**2 / (count_before - 1))
    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    low, high = one - other - reach, one - other + reach
    verdict: Verdict = "more" if low > 0 else "less" if high < 0 else "none"
    if mean_before <= 0:
        return Compared(mean, mean_before, None, None, None, verdict)
    return Compared(mean, mean_before, ratio, 1 + low / mean_before, 1 + high / mean_before, verdict)


def movers(items: Mapping[Hashable, tuple[Series, Series]]) -> list[Mover]:
    """Items (later months, earlier months) by how much of their change is sure, then by how large it is.

    Many are compared at once, so each interval is widened (Bonferroni) until all of them hold together with 95 %.
    Their scatter from month to month is pooled over the items.
    """
    moving = {key: pair for key, pair in items.items() if any(any(part.parts) and any(part.wholes) for part in pair)}
    if not moving:
        return []
    confidence = 1 - (1 - CONFIDENCE) / len(moving)
    scatter = pooled_scatter(part for pair in moving.values() for part in pair)
    found = [
        Mover(key, compare(now, before, scatter=scatter, confidence=confidence))
        for key, (now, before) in moving.items()
    ]
    return sorted(found, key=lambda one: (-abs(one.compared.sure), -abs(one.compared.difference), str(one.key)))


def pooled_scatter(parts: Iterable[Series]) -> float:
    """Variance between the months of each period over that of chance, all together; at least 1. For amounts 1: their
    scatter is taken from the months themselves.
    """
    chi, freedom = 0.0, 0
    for given in parts:
        if given.kind == "money":
            return 1.0
        part, whole = given.total
        if not whole or not part:
            continue
        rate = part / whole
        spread = rate * (1 - rate if given.kind == "share" else 1)
        cells = [(own, base) for own, base in zip(given.parts, given.wholes, strict=True) if base]
        if spread <= 0 or len(cells) < 2:
            continue
        chi += sum((own - rate * base) ** 2 / (base * spread) for own, base in cells)
        freedom += len(cells) - 1
    return max(1.0, chi / freedom) if freedom else 1.0
