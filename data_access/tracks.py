"""Tracks: one inspector's day, the team's day for replay, and the last minutes of everybody in scope.

Tracks are personal data (domain sheet 1.8): every view is written to the audit log in the transaction that reads the
fixes, under the person's number where one person's way is shown, so that the person can see who looked. A day is a
calendar day in Asia/Shanghai; times leave as Unix milliseconds.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.engine import reading, system, writing
from data_access.log import current_address, log_action
from data_access.scope import Viewer
from data_access.tokens import UnknownObject
from geo import tracks
from settings import DISPLAY_ZONE, get_settings

REPLAY_POINTS = 80_000
"""Points of a team replay: together under 3 MB before compression, whatever the number of inspectors."""
REPLAY_TICKETS = 5_000
TRAIL_POINTS = 40_000
MAX_TRAIL_MINUTES = 24 * 60
NEAR_M = 300
"""A stop is told by the transformer district within this many metres."""
_EPOCH_2000_US = 946_684_800_000_000
"""2000-01-01T00:00:00Z in Unix microseconds: the zero of PostgreSQL's binary timestamps."""


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First moment of a day in Asia/Shanghai and of the next one."""
    return (
        datetime.combine(day, time(), DISPLAY_ZONE),
        datetime.combine(day + timedelta(days=1), time(), DISPLAY_ZONE),
    )


def today(now: datetime | None = None) -> date:
    """The calendar day in Asia/Shanghai."""
    return (now or datetime.now(UTC)).astimezone(DISPLAY_ZONE).date()


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


# An employee's fixes lie under the counties they worked in; naming these lets the primary key find them.
_FIXES = """
SELECT (extract(epoch FROM fixed_at) * 1000)::int8, longitude, latitude, speed_kmh FROM position_fix
WHERE employee_number = :number AND fixed_at >= :first AND fixed_at < :last AND county_code = ANY (ARRAY(
    SELECT county_code FROM employee WHERE number = :number AND county_code IS NOT NULL
    UNION SELECT county_code FROM inspector_position WHERE employee_number = :number
    UNION SELECT county_code FROM work_shift WHERE employee_number = :number
))
"""
_STORED = """
SELECT fix_count, distance_m, stops FROM work_track
WHERE employee_number = :number AND day = :day ORDER BY fix_count DESC LIMIT 1
"""


async def day_track(viewer: Viewer, employee: str, day: date, *, now: datetime | None = None) -> dict[str, Any]:
    """One inspector's day as `GET /api/v1/tracks/{employee}` gives it; the view is logged.

    A finished day is computed once and kept in `work_track`; later fixes that came late make it anew.

    Raises:
        UnknownObject: there is no such employee for this viewer, or the track is not theirs to see.
    """
    first, last = day_bounds(day)
    place = {"number": employee, "first": first, "last": last, "day": day}
    async with writing(viewer) as connection:
        person = (
            await connection.execute(
                text("SELECT number, name, org_path::text AS path, county_code FROM employee WHERE number = :number"),
                place,
            )
        ).one_or_none()
        if person is None or not (viewer.sees_colleagues or viewer.employee_number == employee):
            raise UnknownObject("employee", employee)
        rows = (await connection.execute(text(_FIXES), place)).all()
        stored = (await connection.execute(text(_STORED), place)).one_or_none()
        await log_action(
            connection, viewer, "track.view", "track", employee, {"day": day.isoformat()}, org_path=person.path
        )
    fixes = await asyncio.to_thread(_fixes, rows)
    track = _from_stored(fixes, stored) if stored is not None and stored.fix_count == len(rows) else None
    if track is None:
        settings = get_settings().position
        track = await asyncio.to_thread(
            tracks.build_day, fixes, silent_s=settings.silent_seconds, stop_diameter_m=settings.on_site_m
        )
        if day < today(now) and person.county_code:
            await _store(person, day, len(rows), track)
    near = await _near(viewer, track.stops)
    return await asyncio.to_thread(_day_answer, person, day, track, near)


def _fixes(rows: Sequence[Any]) -> tracks.Fixes:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    return tracks.Fixes.ordered(*(np.array(column, dtype=float) for column in columns))


def _from_stored(fixes: tracks.Fixes, stored: Any) -> tracks.DayTrack:
    lines, gaps = tracks.segments(fixes.at_ms, int(get_settings().position.silent_seconds * 1000))
    stops = [tracks.Stop(stop["lon"], stop["lat"], stop["arrived_ms"], stop["left_ms"]) for stop in stored.stops]
    return tracks.DayTrack(fixes, lines, gaps, stops, stored.distance_m)


async def _store(person: Any, day: date, fix_count: int, track: tracks.DayTrack) -> None:
    fixes = track.fixes
    lines = [
        np.column_stack((fixes.longitude[first : last + 1], fixes.latitude[first : last + 1])).round(6).tolist()
        for first, last in track.segments
        if last > first
    ]
    if not lines:
        return
    statement = text(
        "INSERT INTO work_track (county_code, employee_number, day, distance_m, fix_count, started_at, ended_at,"
        " stops, gaps, org_path, line)"
        " SELECT :county, :number, :day, :distance, :fixes, to_timestamp(:started / 1000.0),"
        " to_timestamp(:ended / 1000.0), CAST(:stops AS jsonb), CAST(:gaps AS jsonb), CAST(:path AS ltree),"
        " ST_SetSRID(ST_GeomFromGeoJSON(:line), 4326)"
        # Only a viewer who sees all of the day's fixes makes the track that others will be shown.
        " WHERE (SELECT count(*) FROM position_fix WHERE employee_number = :number"
        " AND fixed_at >= :first AND fixed_at < :last) = :fixes"
        " ON CONFLICT (county_code, employee_number, day) DO UPDATE SET distance_m = EXCLUDED.distance_m,"
        " fix_count = EXCLUDED.fix_count, started_at = EXCLUDED.started_at, ended_at = EXCLUDED.ended_at,"
        " stops = EXCLUDED.stops, gaps = EXCLUDED.gaps, line = EXCLUDED.line"
    )
    first, last = day_bounds(day)
    values = {
        "first": first,
        "last": last,
        "county": person.county_code,
        "number": person.number,
        "day": day,
        "distance": track.distance_m,
        "fixes": fix_count,
        "started": int(fixes.at_ms[0]),
        "ended": int(fixes.at_ms[-1]),
        "stops": json.dumps([_stop(stop) for stop in track.stops]),
        "gaps": json.dumps(track.gaps),
        "path": person.path,
        "line": json.dumps({"type": "MultiLineString", "coordinates": lines}),
    }
    async with system("tracks") as connection:
        await connection.execute(statement, values)


def _stop(stop: tracks.Stop) -> dict[str, Any]:
    return {
        "lon": round(stop.longitude, 6),
        "lat": round(stop.latitude, 6),
        "arrived_ms": stop.arrived_ms,
        "left_ms": stop.left_ms,
        "dwell_s": stop.dwell_s,
    }


# Points and boxes are made first: inside the comparison, a function that is not leakproof would bar the spatial index.
_NEAR = f"""
WITH point AS MATERIALIZED (
    SELECT place, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS place_point
    FROM unnest(CAST(:lon AS float8[]), CAST(:lat AS float8[])) WITH ORDINALITY AS given (lon, lat, place)
), stop AS MATERIALIZED (SELECT place, place_point, ST_Expand(place_point, 0.005) AS box FROM point)
SELECT nearest.name FROM stop LEFT JOIN LATERAL (
    SELECT name FROM transformer_district
    WHERE location && stop.box AND ST_DistanceSphere(location, stop.place_point) <= {NEAR_M}
    ORDER BY ST_DistanceSphere(location, stop.place_point) LIMIT 1
) AS nearest ON true ORDER BY stop.place
"""  # noqa: S608 - the only thing filled in is a number of ours


async def _near(viewer: Viewer, stops: Sequence[tracks.Stop]) -> list[str | None]:
    """Name of the nearest transformer district of each stop, as far as this viewer may know it."""
    if not stops:
        return []
    places = {"lon": [stop.longitude for stop in stops], "lat": [stop.latitude for stop in stops]}
    async with reading(viewer) as connection:
        return list((await connection.scalars(text(_NEAR), places)).all())


def _day_answer(person: Any, day: date, track: tracks.DayTrack, near: list[str | None]) -> dict[str, Any]:
    fixes = track.fixes
    speeds = [None if np.isnan(speed) else round(speed, 1) for speed in fixes.speed_kmh.tolist()]
    columns = (fixes.at_ms.tolist(), fixes.longitude.round(6).tolist(), fixes.latitude.round(6).tolist(), speeds)
    return {
        "employee": person.number,
        "name": person.name,
        "day": day.isoformat(),
        "points": list(zip(*columns, strict=True)),
        "segments": track.segments,
        "stops": [{**_stop(stop), "near": name} for stop, name in zip(track.stops, near, strict=True)],
        "gaps": track.gaps,
        "distance_m": round(track.distance_m),
    }


# Columns packed as they are stored and put in order here: sorting a million fixes costs PostgreSQL a second more.
_TEAM = """
SELECT points.number, employee.name, employee.org_path::text, points.at, points.lon, points.lat
FROM (
    SELECT employee_number AS number, string_agg(timestamptz_send(fixed_at), '') AS at,
           string_agg(float8send(longitude), '') AS lon, string_agg(float8send(latitude), '') AS lat
    FROM position_fix WHERE fixed_at >= %(first)s AND fixed_at < %(last)s GROUP BY employee_number
) AS points JOIN employee ON employee.number = points.number ORDER BY points.number
"""
_TICKETS = """
SELECT json_build_object('number', number, 'lon', ST_X(location), 'lat', ST_Y(location), 'level', level, 'steps',
    CASE WHEN before.status IS NULL THEN '[]'::jsonb
         ELSE jsonb_build_array(jsonb_build_array(CAST(:first_ms AS int8), before.status)) END || during.steps)
FROM audit_ticket AS ticket
LEFT JOIN LATERAL (
    SELECT to_status AS status FROM ticket_event AS event
    WHERE event.county_code = ticket.county_code AND event.ticket_number = ticket.number AND event.at < :first
    ORDER BY sequence DESC LIMIT 1
) AS before ON true
CROSS JOIN LATERAL (
    SELECT COALESCE(jsonb_agg(jsonb_build_array((extract(epoch FROM at) * 1000)::int8, to_status) ORDER BY sequence),
                    '[]'::jsonb) AS steps
    FROM ticket_event AS event
    WHERE event.county_code = ticket.county_code AND event.ticket_number = ticket.number
      AND event.at >= :first AND event.at < :last
) AS during
WHERE location IS NOT NULL AND opened_at < :last AND (closed_at IS NULL OR closed_at >= :first)
ORDER BY opened_at DESC, number LIMIT :cap
"""


async def team_replay(viewer: Viewer, day: date) -> dict[str, Any]:
    """Everybody's way in scope and the tickets' steps on one clock; each person shown gets a line in the audit log.

    `gaps` beside `points` says where a person was silent: there, nobody knows the way. At most `REPLAY_POINTS` points
    and the `REPLAY_TICKETS` newest tickets; `capped` tells when tickets were left out.
    """
    first, last = day_bounds(day)
    place = {"first": first, "last": last, "first_ms": _ms(first), "cap": REPLAY_TICKETS + 1}
    async with writing(viewer) as connection:
        people = await _packed(connection, _TEAM, {"first": first, "last": last})
        tickets = (await connection.scalars(text(_TICKETS), place)).all()
        await _log_many(connection, viewer, "track.replay", [(row[0], row[2]) for row in people], day)
    shown = await asyncio.to_thread(_thinned, people, REPLAY_POINTS)
    return {
        "day": day.isoformat(),
        "from_ms": _ms(first),
        "to_ms": _ms(last),
        "inspectors": [
            {"number": row[0], "name": row[1], "points": points, "gaps": gaps}
            for row, (points, gaps) in zip(people, shown, strict=True)
        ],
        "tickets": list(tickets[:REPLAY_TICKETS]),
        "capped": len(tickets) > REPLAY_TICKETS,
    }


async def trails(viewer: Viewer, minutes: int, *, now: datetime | None = None) -> dict[str, Any]:
    """The last `minutes` of everybody in scope, thinned; one line in the audit log for the whole look."""
    last = now or datetime.now(UTC)
    async with writing(viewer) as connection:
        people = await _packed(
            connection, _TEAM, {"first": last - timedelta(minutes=minutes), "last": last + timedelta(minutes=5)}
        )
        await log_action(connection, viewer, "track.trails", "trails", viewer.org_path, {"minutes": minutes})
    shown = await asyncio.to_thread(_thinned, people, TRAIL_POINTS)
    return {"trails": [[row[0], points] for row, (points, _) in zip(people, shown, strict=True)]}


async def _packed(connection: AsyncConnection, statement: str, place: dict[str, datetime]) -> list[tuple[Any, ...]]:
    # Binary results: as text every byte would travel as two hexadecimal digits.
    driver: Any = (await connection.get_raw_connection()).driver_connection
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(statement, place)
        rows: list[tuple[Any, ...]] = await cursor.fetchall()
    return rows


async def _log_many(
    connection: AsyncConnection, viewer: Viewer, action: str, people: list[tuple[str, str]], day: date
) -> None:
    await connection.execute(
        text(
            "INSERT INTO audit_log (subject, role, action, object_kind, object_key, detail, address, org_path)"
            " SELECT :subject, :role, :action, 'track', number, jsonb_build_object('day', CAST(:day AS text)),"
            " :address, path::ltree"
            " FROM unnest(CAST(:numbers AS text[]), CAST(:paths AS text[])) AS seen (number, path)"
        ),
        {
            "subject": viewer.subject,
            "role": viewer.role,
            "action": action,
            "day": day.isoformat(),
            "address": current_address.get(),
            "numbers": [number for number, _ in people],
            "paths": [path for _, path in people],
        },
    )


def _thinned(people: Sequence[Any], budget: int) -> list[tuple[list[tuple[int, float, float]], list[tuple[int, int]]]]:
    """Points [ms, longitude, latitude] and gaps of each person, all together within `budget` points."""
    silent_ms = int(get_settings().position.silent_seconds * 1000)
    lines: list[tracks.Line] = []
    owners: list[int] = []
    gaps: list[list[tuple[int, int]]] = []
    for owner, row in enumerate(people):
        at = (np.frombuffer(row[3], ">i8").astype(np.int64) + _EPOCH_2000_US) // 1000
        order = np.argsort(at, kind="stable")
        at = at[order]
        lon, lat = (np.frombuffer(column, ">f8").astype(np.float64)[order] for column in row[4:6])
        pieces, silent = tracks.segments(at, silent_ms)
        gaps.append(silent)
        for first, last in pieces:
            lines.append(tracks.Line(at[first : last + 1], lon[first : last + 1], lat[first : last + 1]))
            owners.append(owner)
    shown: list[list[tuple[int, float, float]]] = [[] for _ in people]
    for owner, line in zip(owners, tracks.thin(lines, budget), strict=True):
        columns = (line.at_ms.tolist(), line.longitude.round(5).tolist(), line.latitude.round(5).tolist())
        shown[owner].extend(zip(*columns, strict=True))
    return list(zip(shown, gaps, strict=True))
