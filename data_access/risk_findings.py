"""Findings of one rule into `risk_point`: what is there, what becomes of it (`audit.risk_merge`), written at once.

One transaction a rule: points, the run's counts and the rule's name in `rules_done`, the map's chunks, the feed.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.risk_merge import CONFIRMED_LATER, OPEN, Known, Plan, Seen, merge, point_number
from audit.scan_settings import scan_settings
from data_access.engine import system
from data_access.months import month_back
from data_access.risk_runs import PART, Run
from data_access.ticket_feed import of_risk_layer, tell
from data_access.tracks import day_bounds
from settings import DISPLAY_ZONE

TIMEOUT_MS = 120_000
_LOCK = text("SELECT pg_advisory_xact_lock(4703212, hashtext(:county))")
_DONE = text("SELECT :code = ANY (rules_done) FROM risk_run WHERE county_code = :county AND id = :run FOR UPDATE")
_KNOWN = text("""
SELECT number, COALESCE(customer_number, district_code) AS object_key, state, level, run_id IS NOT NULL AS from_run,
    (detected_at AT TIME ZONE 'Asia/Shanghai')::date AS detected_on, since_on, seen_on,
    (cleared_at AT TIME ZONE 'Asia/Shanghai')::date AS ended_on
FROM risk_point
WHERE county_code = :county AND anomaly_code = :code AND COALESCE(customer_number, district_code) IS NOT NULL
""")
_REPEATS = text("""
SELECT anomaly_code AS code, COALESCE(customer_number, district_code) AS object_key, count(*) AS times
FROM problem WHERE county_code = :county AND found_at >= :begin AND found_at < :end
GROUP BY 1, 2
""")
_ROWS = (
    "jsonb_to_recordset(CAST(:rows AS jsonb)) AS one (number text, state int, station text, level int, score int,"
    " parts jsonb, exposure numeric, district text, customer text, version int, cell bigint, since date, facts jsonb,"
    " energy numeric, probability numeric, path text, longitude float8, latitude float8)"
)
_NEW = text(f"""
INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score, score_parts,
    exposure_yuan, district_code, customer_number, rule_version, detected_at, h3_cell, run_id, since_on, seen_on, facts,
    energy_kwh, probability, org_path, location)
SELECT :county, number, station, :code, level, 0, score, parts, exposure, district, customer, version, :at, cell, :run,
    since, :day, facts, energy, probability, CAST(path AS ltree), ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)
FROM {_ROWS}
""")  # noqa: S608 - made of the text above
# What is the same is not written: the same data twice leaves no trace. Whoever took a point into a ticket meanwhile
# keeps it.
_AGAIN = text(f"""
UPDATE risk_point AS point SET state = one.state, seen_on = :day, score = one.score, score_parts = one.parts,
    since_on = LEAST(point.since_on, one.since), exposure_yuan = one.exposure, energy_kwh = one.energy,
    facts = one.facts, rule_version = one.version, run_id = COALESCE(point.run_id, :run), cleared_at = NULL
FROM {_ROWS}
WHERE point.county_code = :county AND point.number = one.number AND point.state IN (0, 1, 2)
    AND (point.state, point.seen_on, point.run_id IS NULL, point.score_parts, point.exposure_yuan, point.energy_kwh,
        point.facts, point.rule_version, point.since_on)
    IS DISTINCT FROM (one.state, CAST(:day AS date), false, one.parts, one.exposure, one.energy, one.facts,
        one.version, LEAST(point.since_on, one.since))
""")  # noqa: S608 - made of the text above
_CLEAR = text(
    "UPDATE risk_point SET state = 2, cleared_at = :at WHERE county_code = :county AND number = ANY (:numbers)"
    " AND state IN (0, 1)"
)
_RUN = text("""
UPDATE risk_run SET rules_done = array_append(rules_done, :code), points_new = points_new + :new,
    points_confirmed = points_confirmed + :confirmed, points_cleared = points_cleared + :cleared,
    progress_at = clock_timestamp()
WHERE county_code = :county AND id = :run
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding, priced and placed. `numbers` and `thresholds` are kept as its facts."""

    object_key: str
    since: date
    customer_number: str | None
    district_code: str | None
    station_code: str
    path: str
    longitude: float
    latitude: float
    h3_cell: int
    energy_kwh: Decimal
    exposure_yuan: Decimal
    numbers: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Scored:
    """Score of a finding at a level: `value` 0 to 100 and its parts."""

    value: int
    parts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What one rule's findings changed."""

    new: int = 0
    confirmed: int = 0
    cleared: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What a rule found in a county, ready to be merged.

    `judged` says which of some objects could be judged, `score` what a finding is worth at a level.
    """

    code: str
    version: int
    level: int
    thresholds: Mapping[str, float]
    findings: Sequence[Finding]
    judged: Any
    score: Any
    probability: Decimal | None = None
    whole_months: bool = False


async def repeats(connection: AsyncConnection, county: str, last_day: date) -> dict[tuple[str, str], int]:
    """Confirmed problems of the last months up to the day, by (code, object). One statement."""
    first = month_back(last_day.replace(day=1), scan_settings().repeats_months)
    span = {"county": county, "begin": day_bounds(first)[0], "end": day_bounds(last_day)[1]}
    return {(row.code, row.object_key): row.times for row in await connection.execute(_REPEATS, span)}


async def merge_rule(run: Run, result: RuleResult) -> Written | None:
    """Bring a rule's findings into the county's points, exactly once a run. None: this run had done the rule before.
    At most nine statements in one transaction.
    """
    code, day = result.code, run.last_day
    about = {"county": run.county, "code": code, "run": run.id, "day": day, "at": end_of(day)}
    async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
        # Two runs of a county take turns, and the second one sees the points of the first.
        await connection.execute(_LOCK, {"county": run.county})
        if await connection.scalar(_DONE, about):
            return None
        rows = (await connection.execute(_KNOWN, about)).mappings().all()
        levels = {row["number"]: row["level"] for row in rows}
        known = [Known(**{name: value for name, value in row.items() if name != "level"}) for row in rows]
        by_object = {one.object_key: one for one in result.findings}
        seen = [Seen(one.object_key, one.since) for one in by_object.values()]
        asked = {point.object_key for point in known if point.state in OPEN}
        plan = merge(known, seen, result.judged(asked), day, code, whole_months=result.whole_months)
        written = await _write(connection, plan, result, by_object, levels, about)
        counts = {"new": written.new, "confirmed": written.confirmed, "cleared": written.cleared}
        await connection.execute(_RUN, {**about, **counts})
        if written.new or written.confirmed or written.cleared or written.unchanged < len(plan.again):
            await tell(connection, [await of_risk_layer(connection)])
    return written


async def _write(
    connection: AsyncConnection, plan: Plan, result: RuleResult, by_object: Mapping[str, Finding],
    levels: Mapping[str, int], about: Mapping[str, Any],
) -> Written:  # fmt: skip
    new = [
        _row(result, by_object[one.object_key], point_number(result.code, one.object_key, about["day"]), result.level)
        for one in plan.new
    ]
    again = [
        _row(result, by_object[one.seen.object_key], one.number, levels[one.number]) | {"state": one.state}
        for one in plan.again
    ]
    if plan.cleared:
        await connection.execute(_CLEAR, {**about, "numbers": plan.cleared})
    unchanged = 0
    if again:
        done = await connection.execute(_AGAIN, {**about, "rows": json.dumps(again)})
        unchanged = len(again) - done.rowcount
    if new:
        await connection.execute(_NEW, {**about, "rows": json.dumps(new)})
    confirmed = sum(one.state == CONFIRMED_LATER != one.was for one in plan.again)
    return Written(len(new), confirmed, len(plan.cleared), unchanged)


def _row(result: RuleResult, one: Finding, number: str, level: int) -> dict[str, Any]:
    scored: Scored = result.score(one, level)
    return {
        "number": number,
        "station": one.station_code,
        "level": level,
        "score": scored.value,
        "parts": scored.parts,
        "exposure": str(one.exposure_yuan),
        "district": one.district_code,
        "customer": one.customer_number,
        "version": result.version,
        "cell": one.h3_cell,
        "since": one.since.isoformat(),
        "facts": {"numbers": one.numbers, "thresholds": result.thresholds},
        "energy": str(one.energy_kwh),
        "probability": None if result.probability is None else str(result.probability),
        "path": one.path,
        "longitude": one.longitude,
        "latitude": one.latitude,
    }


def end_of(day: date) -> datetime:
    """The last second of a day in Asia/Shanghai: when its data is complete, and the day a point is said to be of."""
    return datetime.combine(day, time(23, 59, 59), DISPLAY_ZONE)


def judged_among(positions: Mapping[str, int], flags: Any) -> Any:
    """For `RuleResult.judged`: of some objects those whose flag is set; objects that aren't there can't be judged."""

    def judged(objects: Collection[str]) -> set[str]:
        return {key for key in objects if key in positions and bool(flags[positions[key]])}

    return judged
