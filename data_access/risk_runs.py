"""Risk runs: asked for, taken up, followed, ended. A run and its job are queued in one transaction (migration 0006).

A run looks at one county's data up to its last day with all rules. A rule's findings, the run's counts and the rule's
name in `rules_done` become true together (`data_access.risk_findings`), so an interrupted run goes on where it stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from data_access.bill_input import month_after
from data_access.engine import reading, system
from data_access.log import log_action
from data_access.parameters import BadParameter
from data_access.scope import Role, Viewer
from data_access.tracks import today

PART = "risk"
KINDS = ("day", "month")
PRIORITY = -10
"""Of a scan's job: behind tickets, imports and bills."""
MAY_SCAN: frozenset[Role] = frozenset({"admin", "supervisor"})
"""Roles that may start a run."""
_PLACE = text("SELECT CAST(:scope AS ltree) @> org_path FROM organisation WHERE code = :county AND level = 2")
_QUEUE = "SELECT queue_risk_run({county}, {kind}, {day}, {who})"
# The newest day that has readings, but no day that isn't over.
_NEWEST = """
SELECT unit.code AS county_code, (
    SELECT max(day) FROM district_energy WHERE county_code = unit.code AND day <= :yesterday AND day > :oldest
) AS day
FROM organisation AS unit WHERE unit.level = 2
"""
# A county whose day was looked at needs no further look.
_NIGHTLY = text(f"""
SELECT queue_risk_run(place.county_code, 'day', place.day, 'schedule') FROM ({_NEWEST}) AS place
WHERE place.day IS NOT NULL AND NOT EXISTS (
    SELECT FROM risk_run AS run WHERE run.county_code = place.county_code AND run.last_day = place.day
        AND run.state IN ('queued', 'running', 'done')
)
ORDER BY place.county_code
""")  # noqa: S608 - made of the text above
_OLDEST_DAYS = 40
"""A county without readings for so long is not scanned by the schedule."""
_BEGIN = text("""
UPDATE risk_run SET state = 'running', attempts = attempts + 1, rules_total = :rules, error_code = NULL,
    error_reference = NULL, finished_at = NULL, started_at = COALESCE(started_at, clock_timestamp()),
    progress_at = clock_timestamp()
WHERE county_code = :county AND id = :run
RETURNING id, county_code, kind, last_day, org_path::text AS path, rules_done, state
""")
_COUNTED = text(
    "UPDATE risk_run SET customers = :customers, districts = :districts, dropped = :dropped,"
    " progress_at = clock_timestamp() WHERE county_code = :county AND id = :run"
).bindparams(bindparam("dropped", type_=JSONB))
_END = text(
    "UPDATE risk_run SET state = CASE WHEN CAST(:code AS text) IS NULL THEN 'done' ELSE 'failed' END,"
    " error_code = :code, error_reference = :reference, finished_at = clock_timestamp(),"
    " progress_at = clock_timestamp() WHERE county_code = :county AND id = :run"
)
_DAYS = text("""
SELECT last_day, min(kind) AS kind, count(*) AS runs, count(*) FILTER (WHERE state = 'done') AS done,
    count(*) FILTER (WHERE state = 'running') AS running, count(*) FILTER (WHERE state = 'queued') AS queued,
    count(*) FILTER (WHERE state = 'failed') AS failed, sum(customers)::bigint AS customers,
    sum(rules_total)::bigint AS rules, sum(cardinality(rules_done))::bigint AS rules_done,
    sum(points_new)::bigint AS points_new, sum(points_confirmed)::bigint AS points_confirmed,
    sum(points_cleared)::bigint AS points_cleared, max(finished_at) AS finished_at
FROM risk_run GROUP BY last_day ORDER BY last_day DESC LIMIT :days
""")
_RUNNING = text("""
SELECT id, county_code, kind, last_day, rules_total, cardinality(rules_done) AS rules_done, customers, districts,
    dropped, points_new, points_confirmed, points_cleared, attempts, started_at,
    extract(epoch FROM clock_timestamp() - progress_at)::float8 AS idle_seconds
FROM risk_run WHERE state = 'running' ORDER BY last_day DESC, county_code
""")


class MayNotScan(Exception):
    """The viewer's role, or the place in the organisation, does not allow it."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is about, and which rules it has behind it."""

    id: int
    county: str
    kind: str
    last_day: date
    path: str
    rules_done: frozenset[str] = field(default_factory=frozenset)


def last_day_of(kind: str, day: date, now: datetime | None = None) -> date:
    """The last day of a run: the day itself, or of its month the last day that is over.

    Raises:
        BadParameter: no such kind, or the day (the month's first day) isn't over.
    """
    yesterday = today(now) - timedelta(days=1)
    if kind not in KINDS:
        raise BadParameter("kind", kind, "day or month")
    last = min(month_after(day.replace(day=1)) - timedelta(days=1), yesterday) if kind == "month" else day
    if last > yesterday or (kind == "month" and yesterday < day.replace(day=1)):
        raise BadParameter("day", day, f"a day not after {yesterday}: the running one has no readings yet")
    return last


async def queue_run(viewer: Viewer, county: str, kind: str, day: date, *, now: datetime | None = None) -> int:
    """Ask for a scan of a county up to a day, or of a month; returns the run's number. Three statements.

    Raises:
        MayNotScan: the viewer may not start one there.
        LookupError: there is no such county.
        BadParameter: no such kind, or a day that isn't over.
    """
    if viewer.role not in MAY_SCAN:
        raise MayNotScan
    last = last_day_of(kind, day, now)
    async with system(PART) as connection:
        inside = await connection.scalar(_PLACE, {"scope": viewer.org_path, "county": county})
        if inside is None:
            raise LookupError(f"no county {county}")
        if not inside:
            raise MayNotScan
        asked = text(_QUEUE.format(county=":county", kind=":kind", day=":day", who=":who"))
        number: int = (
            await connection.execute(asked, {"county": county, "kind": kind, "day": last, "who": viewer.subject})
        ).scalar_one()
        await log_action(connection, viewer, "scan", "risk_run", str(number), {"county": county, "day": str(last)})
    return number


async def queue_nightly(now: datetime) -> int:
    """Queue every county's newest day with readings that no run has looked at; how many. One statement."""
    yesterday = today(now) - timedelta(days=1)
    async with system(PART, timeout_ms=60_000) as connection:
        queued = await connection.execute(
            _NIGHTLY, {"yesterday": yesterday, "oldest": yesterday - timedelta(days=_OLDEST_DAYS)}
        )
        return len(queued.all())


def queue_days(
    connection: psycopg.Connection[Any], kinds: Mapping[date, str], requested_by: str, priority: int = PRIORITY
) -> int:
    """Queue a run for every county that has customers and every day, the oldest first, in the caller's transaction;
    how many. `kinds`: last day → `day` or `month`.
    """
    count = 0
    for day in sorted(kinds):
        row = connection.execute(
            "SELECT count(queue_risk_run(place.county_code, %(kind)s, %(day)s, %(who)s, %(priority)s))"
            " FROM (SELECT DISTINCT county_code FROM customer ORDER BY county_code) AS place",
            {"kind": kinds[day], "day": day, "who": requested_by, "priority": priority},
        ).fetchone()
        count += int(row[0]) if row else 0
    return count


async def make_run(county: str, kind: str, last_day: date, requested_by: str) -> int:
    """A run without a job, for whoever does it at once. One statement.

    Raises:
        LookupError: there is no such county.
    """
    made = text(
        "INSERT INTO risk_run (county_code, kind, last_day, requested_by, org_path)"
        " SELECT code, :kind, :day, :who, org_path FROM organisation WHERE code = :county AND level = 2 RETURNING id"
    )
    async with system(PART) as connection:
        number: int | None = await connection.scalar(
            made, {"county": county, "kind": kind, "day": last_day, "who": requested_by}
        )
    if number is None:
        raise LookupError(f"no county {county}")
    return number


async def counties() -> list[tuple[str, str]]:
    """Code and path of every county that has customers. One statement."""
    async with system(PART) as connection:
        rows = await connection.execute(
            text(
                "SELECT code, org_path::text FROM organisation WHERE level = 2"
                " AND EXISTS (SELECT FROM customer WHERE customer.county_code = organisation.code) ORDER BY code"
            )
        )
        return [(row[0], row[1]) for row in rows]


async def newest_days(now: datetime) -> dict[str, date]:
    """The newest day with readings of each county that has any of late, by county code. One statement."""
    yesterday = today(now) - timedelta(days=1)
    async with system(PART, timeout_ms=60_000) as connection:
        rows = await connection.execute(
            text(_NEWEST), {"yesterday": yesterday, "oldest": yesterday - timedelta(days=_OLDEST_DAYS)}
        )
        return {row.county_code: row.day for row in rows if row.day is not None}


async def begin(county: str, number: int, rules: Sequence[str]) -> Run:
    """Take up a run with the rules that it will go through. One statement.

    Raises:
        LookupError: there is no such run.
    """
    async with system(PART) as connection:
        row = (await connection.execute(_BEGIN, {"county": county, "run": number, "rules": len(rules)})).one_or_none()
    if row is None:
        raise LookupError(f"no risk run {number} of {county}")
    return Run(row.id, row.county_code, row.kind, row.last_day, row.path, frozenset(row.rules_done))


async def counted(run: Run, customers: int, districts: int, dropped: Mapping[str, int]) -> None:
    """Say how much is looked at, and what the data filter took away. One statement."""
    values = {"customers": customers, "districts": districts, "dropped": dict(dropped)}
    async with system(PART) as connection:
        await connection.execute(_COUNTED, {**values, "county": run.county, "run": run.id})


async def outcome(county: str, number: int) -> dict[str, Any]:
    """State, counts and what was dropped of a run. One statement.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such run.
    """
    asked = text(
        "SELECT state, customers, districts, points_new, points_confirmed, points_cleared, dropped, error_reference,"
        " cardinality(rules_done) AS rules_done FROM risk_run WHERE county_code = :county AND id = :run"
    )
    async with system(PART) as connection:
        return dict((await connection.execute(asked, {"county": county, "run": number})).mappings().one())


async def end(county: str, number: int, error_code: str | None = None, reference: str | None = None) -> None:
    """Say that a run is done, or that it failed with a text that users may see. One statement."""
    async with system(PART) as connection:
        await connection.execute(
            _END, {"code": error_code, "reference": reference, "county": county, "run": number}
        )  # fmt: skip


async def run_progress(viewer: Viewer, days: int = 40) -> dict[str, Any]:
    """How far scans are, for the viewer's part of the utility. Two statements.

    `days`: newest last day first, one row a day with counts of runs by state, customers, rules done of all, and points
    new, confirmed, cleared; `running`: the runs at work with the age of their last step in seconds; `waiting`: runs
    that have not begun.
    """
    async with reading(viewer) as connection:
        by_day = [dict(row._mapping) for row in await connection.execute(_DAYS, {"days": days})]
        running = [dict(row._mapping) for row in await connection.execute(_RUNNING)]
    return {"days": by_day, "running": running, "waiting": sum(row["queued"] for row in by_day)}
