"""Where a district stands among similar ones: same kind, class of capacity, and urban or rural by density."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from audit.district_standards import Similar, standards


@dataclass(frozen=True, slots=True)
class Peer:
    """A district with its loss rate in percent; None where it is not computable."""

    code: str
    loss_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Rank:
    """`place` counts from the lowest loss, 1 to `of`; equal rates share a place. `median` in percent."""

    place: int
    of: int
    median: Decimal
    lowest: Decimal
    highest: Decimal


def capacity_class(capacity_kva: int, rule: Similar | None = None) -> tuple[int, int | None]:
    """The class of a capacity: above the first kVA, up to the second; None: without end.

    >>> capacity_class(100), capacity_class(250), capacity_class(5000)
    ((0, 100), (200, 315), (1250, None))
    """
    below = 0
    for limit in (rule or standards().similar).capacity_classes_kva:
        if capacity_kva <= limit:
            return below, limit
        below = limit
    return below, None


def settlement(
    kind: str, customers: int, area_m2: float | None, rule: Similar | None = None
) -> Literal["urban", "rural", "dedicated"]:
    """Urban or rural by customers a square kilometre of the service area; a dedicated district is neither.

    Without an area it counts as rural.
    """
    if kind == "dedicated":
        return "dedicated"
    if not area_m2:
        return "rural"
    limit = (rule or standards().similar).urban_customers_per_km2
    return "urban" if customers * 1_000_000 >= float(limit) * area_m2 else "rural"


def rank(code: str, peers: Iterable[Peer], rule: Similar | None = None) -> Rank | None:
    """The rank of `code` among `peers` (itself among them); None where it has no rate or too few have one."""
    known = {peer.code: peer.loss_percent for peer in peers if peer.loss_percent is not None}
    if code not in known or len(known) < (rule or standards().similar).at_least:
        return None
    rates = sorted(known.values())
    middle = len(rates) // 2
    median = rates[middle] if len(rates) % 2 else (rates[middle - 1] + rates[middle]) / 2
    return Rank(1 + sum(rate < known[code] for rate in rates), len(rates), median, rates[0], rates[-1])
