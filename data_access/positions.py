"""Fixes into the database: judged, stored once, the marker moved forward only, the change told; one transaction.

Order of locks, the same in every process: positions by employee number, then rejection counts, then the change feed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam
from sqlalchemy.types import Text

from data_access.devices import KnownDevice
from data_access.engine import reading, system
from data_access.scope import Viewer
from geo.coordinates import metres_between
from geo.fix_filters import KMH_PER_MPS, Fix, Limits, Rejection, microseconds, sift
from settings import DISPLAY_ZONE, get_settings

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Stands for the device in counts of fixes whose token nobody knows."""
DEGREES_PER_KM = 1 / 111.2

_KNOWN = text(
    "SELECT employee.number, employee.name, employee.organisation_code, position.fixed_at, position.longitude,"
    " position.latitude, position.accuracy_m, ticket.number AS ticket_number, ticket.longitude AS ticket_longitude,"
    " ticket.latitude AS ticket_latitude, shift.spans"
    " FROM employee"
    " LEFT JOIN inspector_position AS position ON position.employee_number = employee.number"
    " LEFT JOIN LATERAL (SELECT audit_ticket.number, ST_X(location) AS longitude, ST_Y(location) AS latitude"
    "   FROM audit_ticket WHERE handler_number = employee.number AND closed_at IS NULL AND status IN (40, 50)"
    "   ORDER BY status DESC, due_at, audit_ticket.number LIMIT 1) AS ticket ON true"
    " LEFT JOIN LATERAL (SELECT array_agg(ARRAY[EXTRACT(EPOCH FROM started_at)::float8,"
    "   COALESCE(EXTRACT(EPOCH FROM ended_at)::float8, 'infinity'::float8)]) AS spans FROM work_shift"
    "   WHERE work_shift.employee_number = employee.number AND work_shift.county_code = employee.county_code"
    "   AND COALESCE(ended_at, 'infinity') >= :oldest) AS shift ON true"
    " WHERE employee.number = ANY(:numbers)"
)
_STORE = text(
    "WITH fresh AS ("
    "INSERT INTO position_fix (county_code, employee_number, fixed_at, longitude, latitude, accuracy_m, speed_kmh,"
    " heading_deg, is_late, device_id, org_path)"
    " SELECT county, employee, to_timestamp(0) + at * interval '1 microsecond', lon, lat, accuracy, speed, heading,"
    " late, device, path::ltree"
    " FROM unnest(CAST(:owner AS int[]), CAST(:at AS bigint[]), CAST(:lon AS float8[]), CAST(:lat AS float8[]),"
    " CAST(:accuracy AS real[]), CAST(:speed AS real[]), CAST(:heading AS real[]), CAST(:late AS boolean[]))"
    " AS given (owner, at, lon, lat, accuracy, speed, heading, late)"
    " JOIN unnest(CAST(:county AS text[]), CAST(:employee AS text[]), CAST(:device AS uuid[]), CAST(:path AS text[]))"
    " WITH ORDINALITY AS owners (county, employee, device, path, number) ON owners.number = given.owner"
    " ON CONFLICT DO NOTHING"
    " RETURNING employee_number, fixed_at)"
    # What all went in needs no list: the usual case costs one row instead of thousands.
    " SELECT CASE WHEN count(*) < :total THEN COALESCE(json_agg(json_build_array(employee_number,"
    " (EXTRACT(EPOCH FROM fixed_at) * 1000000)::bigint)), '[]') END FROM fresh"
)
_MOVE = text(
    "INSERT INTO inspector_position AS position (employee_number, county_code, org_path, fixed_at, received_at,"
    " longitude, latitude, accuracy_m, speed_kmh, heading_deg, battery_percent, activity, on_shift, ticket_number,"
    " device_id)"
    " SELECT employee, county, path::ltree, to_timestamp(0) + at * interval '1 microsecond', clock_timestamp(),"
    " lon, lat, accuracy, speed, heading, battery, activity, true, ticket, device"
    " FROM unnest(CAST(:employee AS text[]), CAST(:county AS text[]), CAST(:path AS text[]), CAST(:at AS bigint[]),"
    " CAST(:lon AS float8[]), CAST(:lat AS float8[]), CAST(:accuracy AS real[]), CAST(:speed AS real[]),"
    " CAST(:heading AS real[]), CAST(:battery AS smallint[]), CAST(:activity AS text[]), CAST(:ticket AS text[]),"
    " CAST(:device AS uuid[]))"
    " AS given (employee, county, path, at, lon, lat, accuracy, speed, heading, battery, activity, ticket, device)"
    " ORDER BY employee"
    " ON CONFLICT (employee_number) DO UPDATE SET county_code = excluded.county_code, org_path = excluded.org_path,"
    " fixed_at = excluded.fixed_at, received_at = excluded.received_at, longitude = excluded.longitude,"
    " latitude = excluded.latitude, accuracy_m = excluded.accuracy_m, speed_kmh = excluded.speed_kmh,"
    " heading_deg = COALESCE(excluded.heading_deg, position.heading_deg),"
    " battery_percent = COALESCE(excluded.battery_percent, position.battery_percent), activity = excluded.activity,"
    " on_shift = true, ticket_number = excluded.ticket_number, device_id = excluded.device_id"
    " WHERE excluded.fixed_at > position.fixed_at"
    " RETURNING employee_number, heading_deg, battery_percent"
)
_COUNT = text(
    "INSERT INTO position_rejection AS counted"
    " (day, device_id, reason, count, last_at, sample, employee_number, org_path)"
    " SELECT CAST(:day AS date), device, reason, number, to_timestamp(:now), sample, employee, path::ltree"
    " FROM unnest(CAST(:device AS uuid[]), CAST(:reason AS text[]), CAST(:number AS int[]), :sample,"
    " CAST(:employee AS text[]), CAST(:path AS text[])) AS given (device, reason, number, sample, employee, path)"
    " ORDER BY device, reason"
    " ON CONFLICT (day, device_id, reason) DO UPDATE SET count = counted.count + excluded.count,"
    " last_at = excluded.last_at, sample = excluded.sample"
).bindparams(bindparam("sample", type_=ARRAY(JSONB)))
_APPEND = text("SELECT append_changes(:kinds, :keys, :paths, :bodies)").bindparams(
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("keys", type_=ARRAY(Text)),
    bindparam("paths", type_=ARRAY(Text)),
    bindparam("bodies", type_=ARRAY(JSONB)),
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request of one device: WGS-84 fixes, and what the door refused before they were fixes.

    `device` None stands for a token that nobody knows; such a parcel carries only its refusal.
    """

    device: KnownDevice | None
    fixes: Sequence[Fix]
    refused: Sequence[Rejection] = ()


@dataclass(slots=True)
class Receipt:
    """What became of a parcel; true once it is returned, because the transaction is committed then."""

    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(slots=True)
class _Latest:
    """One employee's newest fix and what it means, inside one transaction."""

    device: KnownDevice
    fix: Fix
    activity: str
    name: str
    unit: str
    ticket: str | None


_known_days: dict[str, set[date]] = defaultdict(set)
_area: dict[str, tuple[float, tuple[float, float, float, float] | None]] = {}


def limits() -> Limits:
    """The thresholds of this installation."""
    position = get_settings().position
    return Limits(
        future_s=position.future_seconds,
        too_old_s=position.too_old_hours * 3600,
        clock_skew_s=position.clock_skew_seconds,
        max_accuracy_m=position.max_accuracy_m,
        max_speed_kmh=position.max_speed_kmh,
        teleport_kmh=position.teleport_kmh,
        keep_mock=position.keep_mock,
    )


async def _area_of(connection: AsyncConnection, key: str, now: float) -> tuple[float, float, float, float] | None:
    found = _area.get(key)
    if found is None or not 0 <= now - found[0] < 600:
        row = (
            await connection.execute(
                text(
                    "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)"
                    " FROM (SELECT ST_Extent(boundary) AS box FROM organisation WHERE boundary IS NOT NULL) AS whole"
                )
            )
        ).one()
        margin = get_settings().position.area_margin_km * DEGREES_PER_KM
        box = None
        if row[0] is not None:
            box = (row[0] - margin / 0.7, row[1] - margin, row[2] + margin / 0.7, row[3] + margin)
        _area[key] = found = (now, box)
    return found[1]


def _activity(fix: Fix, before: Fix | None, ticket_place: tuple[float, float] | None) -> str:
    position = get_settings().position
    speed = fix.speed_kmh
    if speed is None and before is not None and 0 < fix.at - before.at < position.offline_seconds:
        metres = metres_between(before.longitude, before.latitude, fix.longitude, fix.latitude)
        speed = metres / (fix.at - before.at) * KMH_PER_MPS
    if speed is not None and speed > position.moving_kmh:
        return "way"
    if ticket_place and metres_between(*ticket_place, fix.longitude, fix.latitude) <= position.on_site_m:
        return "site"
    return "idle"


async def store(parcels: Sequence[Parcel], *, now: float) -> list[Receipt]:
    """Judge and store parcels in their order; one receipt each. All or nothing: an exception means nothing was stored.

    `now` is the server's clock in Unix seconds. Five statements and the feed, whatever the number of fixes.
    """
    receipts = [Receipt() for _ in parcels]
    known_limits = limits()
    async with system("positions", timeout_ms=30_000) as connection:
        key = str(connection.engine.url)
        area = await _area_of(connection, key, now)
        numbers = sorted({parcel.device.employee_number for parcel in parcels if parcel.device})
        oldest = datetime.fromtimestamp(now - known_limits.too_old_s, UTC)
        people = {
            row["number"]: row
            for row in (await connection.execute(_KNOWN, {"numbers": numbers, "oldest": oldest})).mappings()
        }
        stored: list[tuple[int, KnownDevice, Fix, bool]] = []
        newest: dict[str, _Latest] = {}
        previous: dict[str, Fix] = {
            number: Fix(
                index=-1,
                at=row["fixed_at"].timestamp(),
                longitude=row["longitude"],
                latitude=row["latitude"],
                accuracy_m=row["accuracy_m"],
            )
            for number, row in people.items()
            if row["fixed_at"] is not None
        }
        for place, (parcel, receipt) in enumerate(zip(parcels, receipts, strict=True)):
            receipt.rejected += parcel.refused
            device = parcel.device
            if device is None:
                continue
            person = people[device.employee_number]
            before = previous.get(device.employee_number)
            verdict = sift(
                parcel.fixes,
                now=now,
                limits=known_limits,
                area=area,
                shifts=[(start, end) for start, end in person["spans"] or ()],
                previous=before,
            )
            receipt.rejected += [one for one in verdict.rejected if one.reason != "duplicate"]
            receipt.duplicates += sum(one.reason == "duplicate" for one in verdict.rejected)
            for fix in verdict.accepted:
                stored.append((place, device, fix, before is not None and fix.at < before.at))
            if verdict.accepted and (before is None or verdict.accepted[-1].at > before.at):
                last = verdict.accepted[-1]
                site = None
                if person["ticket_longitude"] is not None:
                    site = (person["ticket_longitude"], person["ticket_latitude"])
                earlier = verdict.accepted[-2] if len(verdict.accepted) > 1 else before
                newest[device.employee_number] = _Latest(
                    device=device,
                    fix=last,
                    activity=_activity(last, earlier, site),
                    name=person["name"],
                    unit=person["organisation_code"],
                    ticket=person["ticket_number"],
                )
                previous[device.employee_number] = last
        await _ensure_days(connection, key, {datetime.fromtimestamp(fix.at, UTC).date() for _, _, fix, _ in stored})
        fresh = await _insert(connection, stored)
        for place, device, fix, late in stored:
            # Two parcels of one group may carry the same fix: the first of them has stored it.
            entry = (device.employee_number, microseconds(fix.at))
            if entry in fresh:
                fresh.discard(entry)
                receipts[place].accepted += 1
                receipts[place].late += late
            else:
                receipts[place].duplicates += 1
        moved = await _move(connection, newest)
        await _count(connection, parcels, receipts, now)
        if moved:
            await connection.execute(
                _APPEND,
                {
                    "kinds": ["position"] * len(moved),
                    "keys": [row[0] for row, _ in moved],
                    "paths": [path for _, path in moved],
                    "bodies": [{"row": row} for row, _ in moved],
                },
            )
    return receipts


async def _ensure_days(connection: AsyncConnection, key: str, days: set[date]) -> None:
    missing = days - _known_days[key]
    if not missing:
        return
    # In a transaction of its own: a new partition locks the table, and this one may still wait for rows.
    async with system("positions") as other:
        await other.execute(
            text("SELECT ensure_fix_partitions(:first, :last)"), {"first": min(missing), "last": max(missing)}
        )
    span = (max(missing) - min(missing)).days
    _known_days[key] |= {min(missing) + timedelta(days=step) for step in range(span + 1)}


async def _insert(
    connection: AsyncConnection, stored: Sequence[tuple[int, KnownDevice, Fix, bool]]
) -> set[tuple[str, int]]:
    """Stores fixes; returns (employee, microseconds) of those that were not there before."""
    if not stored:
        return set()
    fixes = [fix for _, _, fix, _ in stored]
    # Who a fix belongs to is sent once for each device, not once for each fix.
    owners = {device.device_id: device for _, device, _, _ in stored}
    numbers = {device_id: number for number, device_id in enumerate(owners, start=1)}
    answer = await connection.execute(
        _STORE,
        {
            "owner": [numbers[device.device_id] for _, device, _, _ in stored],
            "at": [microseconds(fix.at) for fix in fixes],
            "lon": [fix.longitude for fix in fixes],
            "lat": [fix.latitude for fix in fixes],
            "accuracy": [fix.accuracy_m for fix in fixes],
            "speed": [fix.speed_kmh for fix in fixes],
            "heading": [fix.heading_deg for fix in fixes],
            "late": [late for _, _, _, late in stored],
            "county": [device.county_code for device in owners.values()],
            "employee": [device.employee_number for device in owners.values()],
            "device": list(owners),
            "path": [device.org_path for device in owners.values()],
            "total": len(stored),
        },
    )
    fresh = answer.scalar_one()
    if fresh is None:
        return {(device.employee_number, microseconds(fix.at)) for _, device, fix, _ in stored}
    return {(employee, at) for employee, at in fresh}


async def _move(connection: AsyncConnection, newest: dict[str, _Latest]) -> list[tuple[list[Any], str]]:
    """Moves markers forward; returns the rows of those that moved, as the live socket sends them, with their unit."""
    if not newest:
        return []
    people = [newest[number] for number in sorted(newest)]
    answer = await connection.execute(
        _MOVE,
        {
            "employee": [one.device.employee_number for one in people],
            "county": [one.device.county_code for one in people],
            "path": [one.device.org_path for one in people],
            "at": [microseconds(one.fix.at) for one in people],
            "lon": [one.fix.longitude for one in people],
            "lat": [one.fix.latitude for one in people],
            "accuracy": [one.fix.accuracy_m for one in people],
            "speed": [one.fix.speed_kmh for one in people],
            "heading": [one.fix.heading_deg for one in people],
            "battery": [one.fix.battery_percent for one in people],
            "activity": [one.activity for one in people],
            "ticket": [one.ticket for one in people],
            "device": [one.device.device_id for one in people],
        },
    )
    kept = {row[0]: (row[1], row[2]) for row in answer}
    return [
        (
            [
                one.device.employee_number,
                one.name,
                one.unit,
                round(one.fix.longitude, 6),
                round(one.fix.latitude, 6),
                _rounded(kept[one.device.employee_number][0]),
                _rounded(one.fix.speed_kmh),
                one.activity,
                round(one.fix.at * 1000),
                1,
                one.ticket,
                kept[one.device.employee_number][1],
            ],
            one.device.org_path,
        )
        for one in people
        if one.device.employee_number in kept
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


async def _count(
    connection: AsyncConnection, parcels: Sequence[Parcel], receipts: Sequence[Receipt], now: float
) -> None:
    """Adds refusals to the day's counts. The sample holds no place: a fix outside a shift must leave no trace of it."""
    counts: dict[tuple[str, str], list[Any]] = {}
    for parcel, receipt in zip(parcels, receipts, strict=True):
        for one in receipt.rejected:
            device = parcel.device
            entry = counts.setdefault((device.device_id if device else NOBODY, one.reason), [0, {}, device])
            entry[0] += 1
            entry[1] = {"measured": _finite(one.measured), "limit": _finite(one.limit)}
    if not counts:
        return
    root = (await connection.execute(text("SELECT org_path::text FROM organisation WHERE level = 0 LIMIT 1"))).scalar()
    await connection.execute(
        _COUNT,
        {
            "day": datetime.fromtimestamp(now, DISPLAY_ZONE).date(),
            "now": now,
            "device": [device for device, _ in counts],
            "reason": [reason for _, reason in counts],
            "number": [entry[0] for entry in counts.values()],
            "sample": [entry[1] for entry in counts.values()],
            "employee": [entry[2].employee_number if entry[2] else None for entry in counts.values()],
            "path": [entry[2].org_path if entry[2] else root or "" for entry in counts.values()],
        },
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value or abs(value) == float("inf") else round(value, 3)


async def rejections(viewer: Viewer, *, days: int = 7) -> list[dict[str, Any]]:
    """Refused fixes of the last `days` days in the viewer's scope, by reason: count, devices, latest. One statement."""
    async with reading(viewer) as connection:
        rows = await connection.execute(
            text(
                "SELECT reason, sum(count)::int AS count, count(DISTINCT device_id)::int AS devices,"
                " max(last_at) AS last_at FROM position_rejection WHERE day > :first"
                " GROUP BY reason ORDER BY count DESC, reason"
            ),
            {"first": datetime.now(DISPLAY_ZONE).date() - timedelta(days=days)},
        )
        return [dict(row) for row in rows.mappings()]


_SHIFT_ON = text(
    "INSERT INTO work_shift (county_code, employee_number, started_at, org_path)"
    " SELECT :county, :employee, to_timestamp(:now), CAST(:path AS ltree) WHERE NOT EXISTS (SELECT FROM work_shift"
    " WHERE county_code = :county AND employee_number = :employee AND ended_at IS NULL)"
)
_SHIFT_OFF = text(
    "UPDATE work_shift SET ended_at = greatest(to_timestamp(:now), started_at) WHERE county_code = :county"
    " AND employee_number = :employee AND ended_at IS NULL"
)
_SHIFT_MARK = text(
    "UPDATE inspector_position AS position SET on_shift = :on FROM employee WHERE employee.number = :employee"
    " AND position.employee_number = employee.number AND position.on_shift <> :on"
    " RETURNING employee.name, employee.organisation_code, longitude, latitude, heading_deg, speed_kmh, activity,"
    " (EXTRACT(EPOCH FROM fixed_at) * 1000)::bigint, ticket_number, battery_percent"
)


async def set_shift(device: KnownDevice, *, on: bool, now: float) -> bool:
    """Open or close the shift of the device's owner; returns whether anything changed. Saying it twice does no harm."""
    parameters = {
        "county": device.county_code,
        "employee": device.employee_number,
        "path": device.org_path,
        "now": now,
    }
    async with system("positions") as connection:
        # One at a time for a person: two phones that both say "on" must not open two shifts.
        await connection.execute(text("SELECT pg_advisory_xact_lock(4703205, hashtext(:employee))"), parameters)
        changed = (await connection.execute(_SHIFT_ON if on else _SHIFT_OFF, parameters)).rowcount > 0
        row = (await connection.execute(_SHIFT_MARK, {"on": on, "employee": device.employee_number})).one_or_none()
        if row is not None:
            name, unit, lon, lat, heading, speed, activity, fixed_ms, ticket, battery = row
            body = [
                device.employee_number,
                name,
                unit,
                round(lon, 6),
                round(lat, 6),
                _rounded(heading),
                _rounded(speed),
            ]
            body += [activity, fixed_ms, int(on), ticket, battery]
            await connection.execute(
                _APPEND,
                {
                    "kinds": ["position"],
                    "keys": [device.employee_number],
                    "paths": [device.org_path],
                    "bodies": [{"row": body}],
                },
            )
    return changed
