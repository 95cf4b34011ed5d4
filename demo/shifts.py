"""Who is on duty when, in the demo.

A rota for showing, not a practice: six groups, three by day and three over evening and night, so that at any hour at
least a third of the inspectors are on the road and the wall is never empty. A real utility's shifts come from its
inspectors' phones.
"""

from datetime import datetime, time, timedelta

from settings import DISPLAY_ZONE

GROUPS: tuple[tuple[int, int], ...] = ((7, 11), (8, 11), (9, 11), (13, 11), (19, 12), (21, 12))
"""First hour (Asia/Shanghai) and length in hours."""


def shift_at(order: int, moment: datetime) -> tuple[datetime, datetime] | None:
    """Begin and end of the shift that the inspector with this order number works at a moment; None off duty."""
    for begin, end in shifts_between(order, moment - timedelta(hours=14), moment + timedelta(hours=1)):
        if begin <= moment < end:
            return begin, end
    return None


def shifts_between(order: int, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """Shifts that overlap a span, in order of time."""
    hour, length = GROUPS[order % len(GROUPS)]
    day = first.astimezone(DISPLAY_ZONE).date() - timedelta(days=1)
    found = []
    while (begin := datetime.combine(day, time(hour), DISPLAY_ZONE) + _delay(order)) < last:
        end = begin + timedelta(hours=length) - _delay(order * 7)
        if end > first:
            found.append((begin, end))
        day += timedelta(days=1)
    return found


def _delay(order: int) -> timedelta:
    """Nobody begins on the minute."""
    return timedelta(seconds=(order * 397) % 1500)
