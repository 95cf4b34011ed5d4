"""Figures of audit work as pure formulas (domain sheet 1.7): what is counted over what, and what stays apart.

Rates are exact fractions, so that sums over units can be compared without rounding; money is `Decimal`.
"""

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from audit.workflow_states import Status

FINDINGS: tuple[str, ...] = ("true", "false", "unable")
"""查实, 不属实, 无法核实: a ticket with any of them has been checked."""


def is_checked(finding: str | None, status: int) -> bool:
    """Whether a ticket counts as checked: it has a finding and is not void (domain sheet 1.7)."""
    return finding in FINDINGS and status != Status.VOID


def is_confirmed(finding: str | None, status: int) -> bool:
    """Whether a checked ticket's finding is TRUE."""
    return finding == "true" and is_checked(finding, status)


def rate(part: int, whole: int) -> Fraction | None:
    """A share between 0 and 1; None where nothing was there to be counted, which is not the same as 0.

    >>> rate(3, 4)
    Fraction(3, 4)

    Raises:
        ValueError: the part is negative or larger than the whole: a fault of the counting.
    """
    if not 0 <= part <= whole:
        raise ValueError(f"a part of {part} out of {whole}")
    return Fraction(part, whole) if whole else None


def confirmation_rate(tickets: Iterable[tuple[str | None, int]]) -> Fraction | None:
    """查实率: findings TRUE over tickets checked, void ones excluded. `tickets` are (finding, status).

    >>> confirmation_rate([("true", 90), ("false", 90), ("true", 95), (None, 50)])
    Fraction(1, 2)
    """
    confirmed = checked = 0
    for finding, status in tickets:
        checked += is_checked(finding, status)
        confirmed += is_confirmed(finding, status)
    return rate(confirmed, checked)


def wilson_interval(part: int, whole: int, z: float = 1.959964) -> tuple[float, float] | None:
    """Where a share lies with 95 % confidence (Wilson's score interval), as bounds between 0 and 1; None without cases.

    A few cases give a wide interval, so that three of three is not taken for perfection.

    >>> tuple(round(bound, 3) for bound in wilson_interval(3, 3))
    (0.438, 1.0)

    Raises:
        ValueError: the part is negative or larger than the whole.
    """
    share = rate(part, whole)
    if share is None:
        return None
    middle, room = float(share), z * z / whole
    centre = middle + room / 2
    reach = z * math.sqrt(middle * (1 - middle) / whole + room / (4 * whole))
    return max(0.0, (centre - reach) / (1 + room)), min(1.0, (centre + reach) / (1 + room))


def economic_result(recovered_yuan: Decimal, breach_yuan: Decimal) -> Decimal:
    """稽查成效 in yuan: recovered charge plus breach charge. The breach charge is no energy revenue and is also shown
    apart; refunds to customers are negative in the recovered charge.

    >>> economic_result(Decimal("20828.60"), Decimal("57941.62"))
    Decimal('78770.22')
    """
    return recovered_yuan + breach_yuan


def change_percent(now: int, before: int) -> float | None:
    """Change against an earlier count, in percent with one decimal; None when there was nothing before.

    >>> change_percent(12, 10)
    20.0
    """
    return round((now - before) / before * 100, 1) if before else None
