"""Months as their first days, and why statements name each one.

The tables by month have (county, month, customer) as their key and a partition a month. A range of months makes the
index read all customers of the county in every partition: it does not know that a partition holds one month. So a
statement takes the months as an array and asks for each alone, `CROSS JOIN LATERAL (... month = wanted.month ... OFFSET
0)`. The OFFSET keeps the planner from turning that round again.
"""

from datetime import date

EARLIEST, LATEST = date(2000, 1, 1), date(2049, 12, 1)
"""What no month lies beyond; an open range is cut to it."""


def month_back(month: date, count: int) -> date:
    """The first day of the month `count` months earlier (later, where it is negative)."""
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """First days of all months from `first` to `last`, both with their own, within `EARLIEST` and `LATEST`.

    >>> months_between(date(2025, 12, 1), date(2026, 2, 1))
    [datetime.date(2025, 12, 1), datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]
    """
    begin = max(first, EARLIEST).replace(day=1)
    end = min(last, LATEST).replace(day=1)
    count = (end.year - begin.year) * 12 + end.month - begin.month
    return [month_back(begin, -place) for place in range(count + 1)]
