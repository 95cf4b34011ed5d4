"""Moments in the office's time, for made-up histories.

A moment is counted in working days (`audit.deadlines`) since a first day: 3.25 is a quarter into the fourth one. The
demo's office is open from 08:00 to 18:00; whatever happens outside counts as the next opening.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta

from audit.deadlines import is_working_day
from settings import DISPLAY_ZONE

OPENS, HOURS = 8, 10


class WorkingTime:
    """Adds working days to moments between two dates."""

    def __init__(self, first: date, last: date) -> None:
        span = (first + timedelta(days=number) for number in range((last - first).days + 1))
        self.days = [day for day in span if is_working_day(day)]

    def count(self, moment: datetime) -> float:
        """Working days from the first day to a moment."""
        local = moment.astimezone(DISPLAY_ZONE)
        index = bisect_left(self.days, local.date())
        if index == len(self.days) or self.days[index] != local.date():
            return float(index)
        share = (local.hour + local.minute / 60 + local.second / 3600 - OPENS) / HOURS
        return index + min(0.999, max(0.0, share))

    def moment(self, count: float) -> datetime:
        """The moment at a count; whole seconds, UTC."""
        index = min(len(self.days) - 1, int(count))
        seconds = round((OPENS + HOURS * (count - int(count))) * 3600)
        return (datetime.combine(self.days[index], time(), DISPLAY_ZONE) + timedelta(seconds=seconds)).astimezone(UTC)

    def later(self, moment: datetime, working_days: float) -> datetime:
        """The moment so many working days later."""
        return self.moment(self.count(moment) + working_days)
