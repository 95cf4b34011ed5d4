"""Deadlines in Chinese working days: holidays off, make-up days (调休) on; a suspended ticket's clock stands still.

A stage that begins on some day has its n-th working day after that day, to the office's closing hour in Shanghai
(domain sheet 1.2). Limits are those that the nearest unit above the ticket has set, else the defaults of
`audit.workflow_states`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chinese_calendar import is_workday

from audit.workflow_rules import rules
from audit.workflow_states import Status, working_days

ZONE = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)
ANY_LEVEL = 0


@lru_cache(maxsize=8192)
def is_working_day(day: date) -> bool:
    """By the published calendar; Monday to Friday for years that it does not have yet."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def _closing(day: date) -> datetime:
    return datetime.combine(day, time(rules().closing_hour), ZONE).astimezone(UTC)


def local_day(moment: datetime) -> date:
    """The day in Shanghai."""
    return moment.astimezone(ZONE).date()


def deadline(start: datetime, days: int) -> datetime:
    """Closing time (UTC) of the `days`-th working day after the day of `start`.

    0 days: the same day, or the next working day where that one is over or free.
    """
    day = local_day(start)
    if days <= 0:
        while not is_working_day(day) or _closing(day) < start:
            day += _DAY
        return _closing(day)
    while days:
        day += _DAY
        days -= is_working_day(day)
    return _closing(day)


def working_days_between(first: datetime, last: datetime) -> int:
    """Working days after the day of `first` up to and with that of `last`; negative when `last` is the earlier one."""
    start, end = local_day(first), local_day(last)
    if end < start:
        return -working_days_between(last, first)
    return sum(is_working_day(start + _DAY * number) for number in range(1, (end - start).days + 1))


def before(moment: datetime, days: int) -> datetime:
    """Opening time (UTC) of the office on the working day `days` working days before the day of a moment."""
    day = local_day(moment)
    while days:
        day -= _DAY
        days -= is_working_day(day)
    return datetime.combine(day, time(rules().opening_hour), ZONE).astimezone(UTC)


def resumed(due_at: datetime, suspended_at: datetime, resumed_at: datetime) -> datetime:
    """The deadline after a suspension: as many working days are left as before it; late work stays late."""
    if due_at <= suspended_at:
        return due_at
    left = working_days_between(suspended_at, due_at)
    # Resumed on the day of suspension: no time was lost.
    return max(due_at, deadline(resumed_at, left))


@dataclass(frozen=True, slots=True)
class StageLimit:
    """A row of `stage_limit`. `level` 0: all risk levels; `working_days` from the start of the stage."""

    org_path: str
    status: int
    level: int
    effective_from: date
    working_days: int


class Limits:
    """Time limits of stages: what units have set, over the defaults."""

    def __init__(self, rows: Iterable[StageLimit] = ()) -> None:
        self.rows = tuple(rows)

    def days(self, status: int, level: int, org_path: str, on: date) -> int | None:
        """Working days for leaving a stage that begins `on` a day; None where nothing is due.

        The nearest unit above `org_path` decides; in one unit a limit for the risk level goes before one for all, and
        the newer before the older.
        """
        fitting = [
            (len(row.org_path.split(".")), row.level != ANY_LEVEL, row.effective_from, row.working_days)
            for row in self.rows
            if row.status == status
            and row.level in (ANY_LEVEL, level)
            and row.effective_from <= on
            and is_at_or_below(org_path, row.org_path)
        ]
        default = working_days(status, level)
        return max(fitting)[3] if fitting and default is not None else default

    def due(self, status: int, level: int, org_path: str, start: datetime) -> datetime | None:
        """Deadline (UTC) of a stage that begins at `start`; None where nothing is due."""
        days = self.days(status, level, org_path, local_day(start))
        return None if days is None else deadline(start, days)


def is_at_or_below(path: str, above: str) -> bool:
    """Whether an ltree path is another one or lies below it."""
    return path == above or path.startswith(above + ".")


OVERDUE, SOON, IN_TIME, STOPPED = "overdue", "soon", "in_time", "stopped"


def urgency(status: int, due_at: datetime, now: datetime) -> str:
    """`overdue`, `soon` (within the time of a reminder), `in_time`, or `stopped` where no clock runs."""
    if status == Status.SUSPENDED or working_days(status, 1) is None:
        return STOPPED
    if now > due_at:
        return OVERDUE
    return SOON if now >= before(due_at, rules().remind_working_days_before) else IN_TIME
