"""Billing runs: asked for, taken up, followed, ended. A run and its job are queued in one transaction.

`queue_billing_run` (SQL, migration 0003) writes both. A run is the work of one county and month, or of one reading
section of it; what it has done is counted from the bills themselves, so a crash leaves no wrong count behind.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing import standard_book
from data_access.bill_input import DueChunk, read_due
from data_access.bill_store import BillColumns, Failure, Issue, LineColumns, write_bills, write_failures
from data_access.engine import reading, system
from data_access.log import log_action
from data_access.partitions import ensure_bill_partitions
from data_access.scope import Role, Viewer
from data_access.tariffs import Identifiers, mirror_tariffs

PART = "billing"
TIMEOUT_MS = 300_000
MAY_BILL: frozenset[Role] = frozenset({"admin", "supervisor"})
"""Roles that may start a run."""


class MayNotBill(Exception):
    """The viewer's role, or the place in the organisation, does not allow it."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is about."""

    id: int
    county: str
    section: str | None
    month: date
    requested_by: str
    known_at: datetime
    state: str


async def queue_run(viewer: Viewer, county: str, month: date, section: str | None = None) -> int:
    """Ask for a billing of a county's month; returns the run's number.

    Raises:
        MayNotBill: the viewer may not start one there.
        LookupError: there is no such county or section.
    """
    if viewer.role not in MAY_BILL:
        raise MayNotBill
    async with system(PART) as connection:
        place = await connection.execute(
            text(
                "SELECT CAST(:scope AS ltree) @> org_path FROM organisation WHERE code = :county AND level = 2"
                " AND (CAST(:section AS text) IS NULL OR EXISTS (SELECT FROM reading_section AS part"
                " WHERE part.county_code = :county AND part.code = :section))"
            ),
            {"scope": viewer.org_path, "county": county, "section": section},
        )
        inside = place.scalar_one_or_none()
        if inside is None:
            raise LookupError(f"no county {county} or section {section}")
        if not inside:
            raise MayNotBill
        queued = await connection.execute(
            text("SELECT queue_billing_run(:county, :month, :section, :who, clock_timestamp())"),
            {"county": county, "month": month.replace(day=1), "section": section, "who": viewer.subject},
        )
        number: int = queued.scalar_one()
        detail = {"month": f"{month:%Y-%m}", "county": county, "section": section}
        await log_action(connection, viewer, "bill", "billing_run", str(number), detail)
        return number


def job_priority(month: date) -> int:
    """Of the job that bills a month (`queue_billing_run`): the newest month goes first."""
    return month.year * 12 + month.month - 24_000


def queue_history(
    connection: psycopg.Connection[Any], first: date, last: date, requested_by: str, known_at: datetime
) -> int:
    """Queue a run for every county that has customers and every month of `first` to `last`, in the caller's
    transaction; returns how many. The newest month is billed first.
    """
    row = connection.execute(
        "SELECT count(queue_billing_run(place.county_code, month::date, NULL, %(who)s, %(clock)s))"
        " FROM (SELECT DISTINCT county_code FROM customer) AS place"
        " CROSS JOIN generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS month",
        {"who": requested_by, "clock": known_at, "first": first.replace(day=1), "last": last},
    ).fetchone()
    return int(row[0]) if row else 0


async def begin(county: str, number: int) -> tuple[Run, Identifiers]:
    """Take up a run: count what is there already, make the partitions, mirror the tariffs.

    Raises:
        LookupError: there is no such run.
        data_access.tariffs.TariffRowChanged: tariff rows that bills were made with were edited.
    """
    async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
        found = await connection.execute(
            text(
                "SELECT id, county_code, section_code, month, requested_by, known_at, state FROM billing_run"
                " WHERE county_code = :county AND id = :run FOR UPDATE"
            ),
            {"county": county, "run": number},
        )
        row = found.one_or_none()
        if row is None:
            raise LookupError(f"no billing run {number} of {county}")
        run = Run(*row)
        await ensure_bill_partitions(connection, run.month)
        await connection.execute(
            text(
                "UPDATE billing_run SET state = 'running', attempts = attempts + 1, error_code = NULL,"
                " error_reference = NULL, started_at = COALESCE(started_at, clock_timestamp()),"
                " progress_at = clock_timestamp() WHERE county_code = :county AND id = :run"
            ),
            {"county": county, "run": number},
        )
        await _count(connection, run)
    return run, await mirror_tariffs(standard_book())


async def _count(connection: AsyncConnection, run: Run) -> None:
    """Counts from the rows themselves."""
    await connection.execute(
        text("""
            UPDATE billing_run SET billed = done.bills, total = done.total, failed = lost.customers,
                customers = done.bills + lost.customers + due.customers
            FROM (SELECT count(*) AS bills, COALESCE(sum(bill.total), 0) AS total FROM bill
                  WHERE bill.county_code = :county AND bill.month = :month AND bill.run_id = :run) AS done,
                 (SELECT count(*) AS customers FROM billing_failure
                  WHERE county_code = :county AND run_id = :run) AS lost,
                 (SELECT count(*) AS customers FROM customer AS c
                  WHERE c.county_code = :county
                    AND (CAST(:section AS text) IS NULL OR c.reading_section_code = :section)
                    AND c.opened_on < CAST(:month AS date) + interval '1 month'
                    AND (c.closed_on IS NULL OR c.closed_on > :month)
                    AND c.number NOT IN (SELECT bill.customer_number FROM bill
                      WHERE bill.county_code = :county AND bill.month = :month AND bill.version = 0)
                    AND c.number NOT IN (SELECT failure.customer_number FROM billing_failure AS failure
                      WHERE failure.county_code = :county AND failure.run_id = :run)) AS due
            WHERE billing_run.county_code = :county AND billing_run.id = :run
        """),
        {"county": run.county, "run": run.id, "month": run.month, "section": run.section},
    )


class ChunkWork:
    """One chunk in its transaction: what is due, and where its bills go. Bills and progress become true together."""

    def __init__(self, connection: AsyncConnection, run: Run) -> None:
        self._connection = connection
        self._run = run

    async def read(self, after: str, size: int) -> DueChunk:
        """The next customers after a number."""
        run = self._run
        # Two workers at the same month of a county (one taken for dead) take turns, and the second sees the bills of
        # the first; should that ever fail, the primary key refuses the second bill.
        await self._connection.execute(
            text("SELECT pg_advisory_xact_lock(4703206, hashtext(:work))"), {"work": f"{run.county} {run.month}"}
        )
        return await read_due(
            self._connection,
            county=run.county,
            section=run.section,
            month=run.month,
            run=run.id,
            after=after,
            size=size,
        )

    async def write(self, bills: BillColumns, lines: LineColumns, failures: list[Failure]) -> None:
        """Store the chunk and move the run's counts on."""
        run = self._run
        issue = Issue(run.county, run.month, run.known_at, run.requested_by, run.id)
        await write_bills(self._connection, issue, bills, lines)
        await write_failures(self._connection, issue, failures)
        await self._connection.execute(
            text(
                "UPDATE billing_run SET billed = billed + :billed, failed = failed + :failed,"
                " total = total + :cents * 0.01, progress_at = clock_timestamp()"
                " WHERE county_code = :county AND id = :run"
            ),
            {
                "billed": len(bills.customer),
                "failed": len(failures),
                "cents": sum(bills.total),
                "county": run.county,
                "run": run.id,
            },
        )


@asynccontextmanager
async def chunk_work(run: Run) -> AsyncIterator[ChunkWork]:
    """One transaction under `system("billing")` for one chunk."""
    async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
        yield ChunkWork(connection, run)


async def end(county: str, number: int, error_code: str | None = None, reference: str | None = None) -> None:
    """Say that a run is done, or that it failed with a text that users may see."""
    async with system(PART) as connection:
        await connection.execute(
            text(
                "UPDATE billing_run SET state = CASE WHEN CAST(:code AS text) IS NULL THEN 'done' ELSE 'failed' END,"
                " error_code = :code, error_reference = :reference, finished_at = clock_timestamp(),"
                " progress_at = clock_timestamp() WHERE county_code = :county AND id = :run"
            ),
            {"code": error_code, "reference": reference, "county": county, "run": number},
        )


async def run_progress(viewer: Viewer, months: int = 24) -> dict[str, Any]:
    """How far billing is, for the viewer's part of the utility.

    `months`: newest first, one row a month with counts of runs by state, customers, billed, failed, total (yuan);
    `running`: the runs at work with the age of their last step in seconds; `left`: customers still to bill in runs
    that have begun, and `waiting`: runs that have not.
    """
    async with reading(viewer) as connection:
        rows = await connection.execute(
            text("""
                SELECT month, count(*) AS runs, count(*) FILTER (WHERE state = 'done') AS done,
                    count(*) FILTER (WHERE state = 'running') AS running,
                    count(*) FILTER (WHERE state = 'queued') AS queued,
                    count(*) FILTER (WHERE state = 'failed') AS broken,
                    sum(customers)::bigint AS customers, sum(billed)::bigint AS billed, sum(failed)::bigint AS failed,
                    sum(total) AS total, max(finished_at) AS finished_at
                FROM billing_run
                WHERE month > (SELECT max(month) FROM billing_run) - make_interval(months => :months)
                GROUP BY month ORDER BY month DESC
            """),
            {"months": months},
        )
        by_month = [dict(row._mapping) for row in rows]
        working = await connection.execute(
            text(
                "SELECT id, county_code, section_code, month, customers, billed, failed, total, error_code,"
                " extract(epoch FROM clock_timestamp() - progress_at)::float8 AS idle_seconds FROM billing_run"
                " WHERE state = 'running' ORDER BY month DESC, county_code"
            )
        )
        running = [dict(row._mapping) for row in working]
    return {
        "months": by_month,
        "running": running,
        "waiting": sum(row["queued"] for row in by_month),
        "left": sum(max(0, row["customers"] - row["billed"] - row["failed"]) for row in by_month),
        "billed": sum(row["billed"] for row in by_month),
        "failed": sum(row["failed"] for row in by_month),
        "total": sum((row["total"] for row in by_month), Decimal(0)),
    }


async def failures_of(
    viewer: Viewer, *, run: int | None = None, month: date | None = None, limit: int = 200, offset: int = 0
) -> list[dict[str, Any]]:
    """Customers that could not be billed, with the findings that say why; those billed since are left out."""
    async with reading(viewer) as connection:
        rows = await connection.execute(
            text("""
                SELECT failure.run_id, failure.county_code, failure.customer_number, failure.month, failure.findings,
                    failure.created_at
                FROM billing_failure AS failure
                WHERE (CAST(:run AS bigint) IS NULL OR failure.run_id = :run)
                  AND (CAST(:month AS date) IS NULL OR failure.month = :month)
                  AND NOT EXISTS (SELECT FROM bill WHERE bill.county_code = failure.county_code
                    AND bill.month = failure.month AND bill.customer_number = failure.customer_number
                    AND bill.version = 0)
                ORDER BY failure.month DESC, failure.county_code, failure.customer_number, failure.run_id DESC
                LIMIT :limit OFFSET :offset
            """),
            {"run": run, "month": month, "limit": limit, "offset": offset},
        )
        return [dict(row._mapping) for row in rows]
