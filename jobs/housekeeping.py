"""What keeps the database small and ready: partitions ahead of need, retention, the feed's tail, what signed out.

One process runs it hourly (`python -m jobs`); several do no harm, every step takes its own lock or is idempotent.
Fixes are personal data: retention is a promise (domain sheet 1.8), so a failed step never keeps the others from
running, and is told at the end.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from data_access.engine import system
from data_access.evidence import collect_orphans
from data_access.users import prune_access
from settings import DISPLAY_ZONE, get_settings

log = logging.getLogger("gridaudit.housekeeping")

PART = "housekeeping"
ORPHANS_AT = 2
"""Hour in Asia/Shanghai."""
TIMEOUT_MS = 120_000
"""Dropping a partition waits for readers of the table; the web's own time-out would be too short."""


class HousekeepingFailed(Exception):
    """One or more steps failed; the others were done. `failures` holds (step, exception)."""

    def __init__(self, failures: list[tuple[str, Exception]]) -> None:
        super().__init__("; ".join(f"{name}: {type(error).__name__}" for name, error in failures))
        self.failures = failures


@dataclass(slots=True)
class Report:
    """What one round did."""

    partitions_made: int = 0
    partitions_dropped: tuple[str, ...] = ()
    shifts_forgotten: int = 0
    feed_entries_pruned: int = 0
    sign_ins_pruned: int = 0
    orphans_deleted: int = 0


async def _one(statement: str, **values: Any) -> Any:
    async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
        return (await connection.execute(text(statement), values)).scalar_one()


async def _partitions_ahead(now: datetime, report: Report) -> None:
    today = now.astimezone(UTC).date()
    ahead = timedelta(days=get_settings().position.partitions_ahead_days)
    report.partitions_made = await _one(
        "SELECT ensure_fix_partitions(:first, :last)", first=today - timedelta(days=1), last=today + ahead
    )


async def _retention(now: datetime, report: Report) -> None:
    """Drops whole days of fixes with the tracks and refusals made from them; then the shifts that nobody needs."""
    first_kept = now.astimezone(UTC).date() - timedelta(days=get_settings().position.retention_days)
    report.partitions_dropped = tuple(await _one("SELECT drop_fix_partitions(:first_kept)", first_kept=first_kept))
    report.shifts_forgotten = await _one(
        "WITH gone AS (DELETE FROM work_shift WHERE ended_at < :first_kept RETURNING 1) SELECT count(*) FROM gone",
        first_kept=datetime.combine(first_kept, datetime.min.time(), UTC),
    )


async def _feed_tail(_now: datetime, report: Report) -> None:
    keep = timedelta(minutes=get_settings().live.feed_keep_minutes)
    report.feed_entries_pruned = await _one("SELECT prune_change_feed(:keep)", keep=keep)


async def _sign_ins(_now: datetime, report: Report) -> None:
    report.sign_ins_pruned = await prune_access()


async def _orphans(now: datetime, report: Report) -> None:
    """Objects of uploads that broke off. Once a night: it looks at every name in the store."""
    if now.astimezone(DISPLAY_ZONE).hour == ORPHANS_AT:
        report.orphans_deleted = await collect_orphans(now)


STEPS: tuple[tuple[str, Callable[[datetime, Report], Awaitable[None]]], ...] = (
    ("partitions ahead", _partitions_ahead),
    ("retention", _retention),
    ("feed tail", _feed_tail),
    ("sign-ins", _sign_ins),
    ("orphans of uploads", _orphans),
)
"""Adding one is one function, one line here, one test."""


async def run_once(now: datetime) -> Report:
    """One round. `now` decides which days are kept; the feed's tail is judged by the database's clock, which wrote it.

    Raises:
        HousekeepingFailed: some steps failed; all others were done.
    """
    report = Report()
    failures: list[tuple[str, Exception]] = []
    for name, step in STEPS:
        try:
            await step(now, report)
        except Exception as error:
            log.exception("%s failed", name)
            failures.append((name, error))
    if failures:
        raise HousekeepingFailed(failures)
    log.info("%s", report)
    return report
