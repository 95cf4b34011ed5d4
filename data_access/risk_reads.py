"""A risk point as its page shows it: why it was raised, on what data, what stands around it, what became of its like.

A point's number does not say its county; the index on it finds the county, and with it everything else. Names of
customers are masked here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from audit.association import Association, Occurrence, association_rule, associations
from data_access.bill_input import month_after
from data_access.cards import masked_name
from data_access.engine import reading
from data_access.months import month_back
from data_access.objects import audit_of, dicts, units_above
from data_access.scope import Viewer
from data_access.tracks import day_bounds, today
from data_access.usage import unpack
from settings import DISPLAY_ZONE

AROUND_DAYS = 45
"""Days of a district's loss drawn before and after the detection."""
MONTHS_BEFORE, MONTHS_AFTER = 2, 1
"""Months of a customer's use drawn around the detection."""
PRECISION_MONTHS = 12
SIMILAR = 10
CONSIDERED = 200
"""Newest confirmed cases of the type, of which the nearest are shown."""
_FILE = text("""
SELECT point.county_code, point.number, point.station_code, point.anomaly_code, point.level, point.state, point.score,
    point.score_parts, point.exposure_yuan, point.rule_version, point.detected_at, point.cleared_at,
    point.run_id, point.since_on, point.seen_on, point.facts, point.energy_kwh,
    point.probability, point.recoverable_yuan, point.expected_yuan, point.is_control, point.control_on,
    point.org_path::text AS org_path, ST_X(point.location) AS lon, ST_Y(point.location) AS lat,
    anomaly.name_zh AS anomaly_zh, anomaly.name_en AS anomaly_en, anomaly.business_type,
    business.name_zh AS business_zh, business.name_en AS business_en,
    rule.thresholds, rule.certainty, rule.effective_from, rule.effective_to,
    point.district_code, district.name AS district, district.capacity_kva,
    point.customer_number, customer.name AS customer, customer.category, customer.is_demo,
    section.reader_number, reader.name AS reader
FROM risk_point AS point
JOIN anomaly_type AS anomaly ON anomaly.code = point.anomaly_code
JOIN business_type AS business ON business.code = anomaly.business_type
LEFT JOIN rule_version AS rule ON rule.anomaly_code = point.anomaly_code AND rule.version = point.rule_version
LEFT JOIN transformer_district AS district ON district.county_code = point.county_code
    AND district.code = point.district_code
LEFT JOIN customer ON customer.county_code = point.county_code AND customer.number = point.customer_number
LEFT JOIN reading_section AS section ON section.county_code = customer.county_code
    AND section.code = customer.reading_section_code
LEFT JOIN employee AS reader ON reader.number = section.reader_number
WHERE point.number = :number
""")
_USE = text("""
SELECT own.month, own.energy_kwh, own.daily_kwh
FROM unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT usage_month.* FROM usage_month WHERE county_code = :county AND usage_month.month = wanted.month
        AND customer_number = :customer OFFSET 0
) AS own
ORDER BY own.month
""")
_DAYS = text("""
SELECT day, supplied_kwh, sold_kwh, generated_kwh, meters, meters_read, state, reason, loss_percent
FROM district_energy
WHERE county_code = :county AND district_code = :district AND day >= :first AND day < :end
ORDER BY day
""")
# How checks of this type ended where the viewer may look: the rule's precision of the last months.
_ENDED = text("""
SELECT count(*) FILTER (WHERE finding = 'true' AND status <> 95) AS confirmed,
    count(*) FILTER (WHERE finding = 'false' AND status <> 95) AS rejected,
    count(*) FILTER (WHERE finding = 'unable' AND status <> 95) AS unable,
    count(*) FILTER (WHERE status = 95) AS void, count(*) FILTER (WHERE closed_at IS NULL) AS open
FROM audit_ticket WHERE anomaly_code = :kind AND opened_at >= :since
""")
_SIMILAR = text("""
SELECT near.*, ST_DistanceSphere(near.location, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) AS metres
FROM (
    SELECT number, opened_at, closed_at, cause, customer_number, district_code, recovered_kwh, recovered_yuan,
        breach_yuan, location
    FROM audit_ticket
    WHERE anomaly_code = :kind AND finding = 'true' AND status <> 95 AND closed_at IS NOT NULL
        AND risk_number IS DISTINCT FROM :number
    ORDER BY opened_at DESC LIMIT :considered
) AS near
ORDER BY metres NULLS LAST, opened_at DESC LIMIT :limit
""")
_LINKED = text("""
SELECT number, status FROM audit_ticket
WHERE county_code = :county AND (risk_number = :number OR (closed_at IS NULL AND anomaly_code = :kind
    AND COALESCE(customer_number, district_code) = COALESCE(CAST(:customer AS text), :district)))
ORDER BY closed_at IS NOT NULL, opened_at DESC LIMIT 1
""")
# All findings of the objects that have the type in question, and how many objects have each of the others. Rejected
# points (state 5) were no findings.
# `IS TRUE` keeps the last condition a look into a hash table: as a join it was a loop over all pairs.
_TOGETHER = """
WITH point AS MATERIALIZED (
    SELECT {column} AS object, anomaly_code AS kind, (detected_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM risk_point
    WHERE county_code = :county AND detected_at >= :since AND state <> 5 AND {column} IS NOT NULL
), {found}, pair AS MATERIALIZED (SELECT DISTINCT key, kind FROM found)
SELECT kind, NULL AS key, NULL::date AS day, count(*) AS objects FROM pair GROUP BY kind
UNION ALL
SELECT NULL, NULL, NULL, count(DISTINCT key) FROM pair
UNION ALL
SELECT DISTINCT kind, key, day, NULL::bigint FROM found
WHERE (key IN (SELECT key FROM pair WHERE kind = :kind)) IS TRUE
"""
_OBJECT = "found AS (SELECT object AS key, kind, day FROM point)"
# The planner takes the customers for a handful and would read the sections anew for each: so each customer is looked up
# by its key once, and the reader in one object of the county's sections.
_READER = """
section AS MATERIALIZED (
    SELECT jsonb_object_agg(code, reader_number) AS readers FROM reading_section
    WHERE county_code = :county AND reader_number IS NOT NULL
), reader AS MATERIALIZED (
    SELECT number, (SELECT readers FROM section) ->> reading_section_code AS key FROM customer
    WHERE county_code = :county AND number = ANY (ARRAY(SELECT DISTINCT object FROM point))
), found AS MATERIALIZED (
    SELECT reader.key, kind, day FROM point JOIN reader ON reader.number = point.object WHERE reader.key IS NOT NULL
)
"""
_TOGETHER_ON = {
    "customer": text(_TOGETHER.format(column="customer_number", found=_OBJECT)),
    "district": text(_TOGETHER.format(column="district_code", found=_OBJECT)),
    "reader": text(_TOGETHER.format(column="customer_number", found=_READER)),
}
DIMENSIONS = tuple(_TOGETHER_ON)
"""On what two findings meet. A contractor would be a fourth: this system holds none."""


@dataclass(frozen=True, slots=True)
class RiskPage:
    """What the first paint of a risk point's page needs. Energies in kWh, money in yuan, times aware, places WGS-84.

    `months` are a customer's (unpacked days), `days` a district's around the detection; `ended` counts how tickets of
    the type ended; `linked` is the ticket that the point is in, or that a new one would join.
    """

    file: dict[str, Any]
    units: list[dict[str, Any]]
    months: list[dict[str, Any]]
    days: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    ended: dict[str, int]
    similar: list[dict[str, Any]]
    linked: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Associations:
    """What tends to occur with `kind` at the same object."""

    kind: str
    found: list[Association]


def detection_day(file: dict[str, Any]) -> date:
    """The day in Asia/Shanghai on which the point was detected."""
    detected: datetime = file["detected_at"]
    return detected.astimezone(DISPLAY_ZONE).date()


async def risk_page(viewer: Viewer, number: str, now: datetime) -> RiskPage | None:
    """The page of a risk point; None where the viewer may not see one of that number. At most nine statements."""
    async with reading(viewer) as connection:
        row = (await connection.execute(_FILE, {"number": number})).mappings().first()
        if row is None:
            return None
        file = dict(row)
        county, district, customer = file["county_code"], file["district_code"], file["customer_number"]
        about = {"county": county, "district": district, "customer": customer, "number": number,
                 "kind": file["anomaly_code"], "lon": file["lon"], "lat": file["lat"]}  # fmt: skip
        units = await units_above(connection, file["org_path"])
        day = detection_day(file)
        first = month_back(day.replace(day=1), MONTHS_BEFORE)
        shown = [first]
        while len(shown) <= MONTHS_BEFORE + MONTHS_AFTER:
            shown.append(month_after(shown[-1]))
        wanted = [*shown, *(month_back(month, 12) for month in shown)]
        months, days, problems, tickets = [], [], [], []
        if customer:
            found = await connection.execute(_USE, {**about, "months": wanted})
            months = [{**use, "daily_kwh": unpack(use["daily_kwh"]), "periods": {}} for use in dicts(found)]
        if district:
            span = {"first": day - timedelta(days=AROUND_DAYS), "end": day + timedelta(days=AROUND_DAYS + 1)}
            days = dicts(await connection.execute(_DAYS, {**about, **span}))
            problems = await audit_of(connection, "problems", "district", county, district)
        if customer or district:
            kind, key = ("customer", customer) if customer else ("district", district)
            tickets = await audit_of(connection, "tickets", kind, county, key)
        since, _ = day_bounds(month_back(today(now).replace(day=1), PRECISION_MONTHS))
        ended = dict((await connection.execute(_ENDED, {**about, "since": since})).mappings().one())
        similar = dicts(await connection.execute(_SIMILAR, {**about, "considered": CONSIDERED, "limit": SIMILAR}))
        linked = (await connection.execute(_LINKED, about)).mappings().first()
    file["customer"] = masked_name(file["customer"])
    return RiskPage(file, units, months, days, problems, tickets, ended, similar, dict(linked) if linked else None)


async def associations_of(viewer: Viewer, number: str, dimension: str, now: datetime) -> Associations | None:
    """What tends to occur with the type of a risk point in its county, at one kind of object (`DIMENSIONS`).

    None where the point is out of sight. Counted over what the viewer may see. Two statements.

    Raises:
        KeyError: no such kind of object.
    """
    statement, rule = _TOGETHER_ON[dimension], association_rule()
    since, _ = day_bounds(month_back(today(now).replace(day=1), rule.months))
    async with reading(viewer) as connection:
        row = (await connection.execute(_FILE, {"number": number})).mappings().first()
        if row is None:
            return None
        asked = {"county": row["county_code"], "kind": row["anomaly_code"], "since": since}
        rows = (await connection.execute(statement, asked)).all()
    return await asyncio.to_thread(_counted, row["anomaly_code"], rows)


def _counted(kind: str, rows: Sequence[Any]) -> Associations:
    totals = {one.kind: one.objects for one in rows if one.objects is not None and one.kind is not None}
    population = next((one.objects for one in rows if one.objects is not None and one.kind is None), 0)
    seen = [Occurrence(one.key, one.kind, one.day) for one in rows if one.objects is None]
    return Associations(kind, associations(kind, seen, totals, population))
