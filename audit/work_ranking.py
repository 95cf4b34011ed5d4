"""Ranking for work: what a visit is expected to bring, and which visits are drawn at random to check the ranking.

expected = probability x recoverable amount - cost of the visit, exact to the cent.

Who only looks where the ranking points never learns what it misses. So 2 to 5 % of a week's visits are drawn from all
candidates by a hash of seed, week and number: the same whoever draws and in which order, and not to be foreseen from
the number alone.
"""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
LOWEST_SHARE, HIGHEST_SHARE = Decimal("0.02"), Decimal("0.05")
ENOUGH_VISITS = 20
"""From so many visits on, a whole number of them lies between the lowest and the highest share."""


def expected_yuan(probability: Decimal, recoverable: Decimal, cost: Decimal) -> Decimal:
    """What a visit is expected to bring, in yuan rounded half-up to the cent; below zero where it costs more.

    >>> expected_yuan(Decimal("0.4"), Decimal("1000.05"), Decimal(260))
    Decimal('140.02')

    Raises:
        ValueError: a probability outside 0 to 1, a negative cost.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability {probability}: expected 0 to 1")
    if cost < 0:
        raise ValueError(f"cost {cost}: expected 0 or more")
    return (probability * recoverable - cost).quantize(CENT, ROUND_HALF_UP)


def week_of(day: date) -> date:
    """The Monday of the week that a day is in: the name of a draw.

    >>> week_of(date(2026, 11, 25))
    datetime.date(2026, 11, 23)
    """
    return day - timedelta(days=day.weekday())


def _number(seed: int, week: date, what: str) -> int:
    """64 bits that anyone can compute again."""
    return int.from_bytes(hashlib.blake2b(f"{seed}|{week}|{what}".encode(), digest_size=8).digest(), "big")


def _share_of(seed: int, week: date, what: str) -> Decimal:
    """A number from 0 to below 1."""
    return Decimal(_number(seed, week, what)) / Decimal(2**64)


def control_count(visits: int, share: Decimal, seed: int, week: date) -> int:
    """How many of a week's visits are drawn at random: `share` of them, rounded up or down by chance so that the mean
    over weeks is right, and from `ENOUGH_VISITS` visits on never less than 2 % nor more than 5 %.

    Raises:
        ValueError: negative visits, or a share outside 2 to 5 %.
    """
    if visits < 0:
        raise ValueError(f"{visits} visits: expected 0 or more")
    if not LOWEST_SHARE <= share <= HIGHEST_SHARE:
        raise ValueError(f"share {share}: expected {LOWEST_SHARE} to {HIGHEST_SHARE}")
    count = math.floor(share * visits + _share_of(seed, week, "count"))
    if visits >= ENOUGH_VISITS:
        return min(max(count, math.ceil(LOWEST_SHARE * visits)), math.floor(HIGHEST_SHARE * visits))
    return count


def controls_by_unit(visits: Mapping[str, int], share: Decimal, seed: int, week: date) -> dict[str, int]:
    """The whole's control visits shared out among units by their visits; each unit gets its part rounded up or down.

    Systematic: the units stand in the order of the hash of their code on a line as long as all visits, and every
    n-th visit is a control one. So the sum is that of the whole, however small the units are.
    """
    total = sum(visits.values())
    wanted = control_count(total, share, seed, week)
    begin = _share_of(seed, week, "begin")
    given, passed = {}, 0
    for unit in sorted(visits, key=lambda name: (_number(seed, week, name), name)):
        before = math.floor(Decimal(wanted * passed) / max(1, total) + begin)
        passed += visits[unit]
        given[unit] = math.floor(Decimal(wanted * passed) / max(1, total) + begin) - before
    return given


def draw(candidates: Iterable[str], count: int, seed: int, week: date, drawn: Collection[str] = ()) -> frozenset[str]:
    """`count` of the candidates at random (all, where there are fewer), independent of their order.

    `drawn`: those of this week that were drawn before, whatever became of them; they count, and only what is missing
    is drawn now. Returns the new ones.
    """
    missing = max(0, count - len(set(drawn)))
    fresh = set(candidates) - set(drawn)
    return frozenset(sorted(fresh, key=lambda number: (_number(seed, week, number), number))[:missing])
