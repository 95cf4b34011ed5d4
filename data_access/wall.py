"""What the wall shows: people, open tickets, newest events, figures; and the lists behind the figures.

Status codes and deadlines are those of domain sheet 1.2, the formulas those of 1.7. Rates leave void tickets out.
Amounts recovered are signed: refunds to customers count against them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.performance import change_percent
from data_access.engine import reading
from data_access.parameters import BadParameter
from data_access.scope import Viewer
from data_access.wall_risk import open_points
from settings import DISPLAY_ZONE

DUE_SOON_HOURS = 24
EVENTS = 30
TREND_DAYS = 90
CHANGE_DAYS = 30
DAY_ZERO = datetime(2000, 1, 1, tzinfo=UTC).date()
VOID = 95


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The wall at one moment. `sequence` is the change feed's number at that very moment."""

    sequence: int
    inspectors: str
    tickets: str
    events: str
    layers: dict[str, int]
    figures: dict[str, Any]

    def message(self, *, at_ms: int, settings: Mapping[str, Any]) -> str:
        """The message of type `snapshot`; the lists are JSON already and are not parsed again."""
        head = {"type": "snapshot", "seq": self.sequence, "at": at_ms, "settings": settings}
        head |= {"layers": self.layers, "figures": self.figures}
        start = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
        return f'{start},"inspectors":{self.inspectors},"tickets":{self.tickets},"events":{self.events}}}'


_INSPECTORS = text(
    "SELECT COALESCE(json_agg(json_build_array(employee_number, name, organisation_code, round(longitude::numeric, 6),"
    " round(latitude::numeric, 6), round(heading_deg), round(speed_kmh::numeric, 1), activity,"
    " (EXTRACT(EPOCH FROM fixed_at) * 1000)::bigint, on_shift::int, ticket_number, battery_percent)), '[]')::text"
    # Where somebody was when the shift ended is nobody's business.
    " FROM inspector_position JOIN employee ON employee.number = employee_number WHERE on_shift"
)
_TICKETS = text(
    "SELECT COALESCE(json_agg(json_build_array(number, round(ST_X(location)::numeric, 6),"
    " round(ST_Y(location)::numeric, 6), anomaly_code, level, status, (EXTRACT(EPOCH FROM due_at) * 1000)::bigint,"
    " handler_number, county_code, district_code, (EXTRACT(EPOCH FROM opened_at) * 1000)::bigint)), '[]')::text"
    " FROM audit_ticket WHERE closed_at IS NULL AND location IS NOT NULL"
)
_EVENTS = text(
    "SELECT COALESCE(json_agg(event ORDER BY at DESC), '[]')::text FROM ("
    " (SELECT happened.at, json_build_object('at', (EXTRACT(EPOCH FROM happened.at) * 1000)::bigint, 'kind', 'ticket',"
    "   'key', ticket_number, 'code', kind, 'status', to_status, 'level', ticket.level, 'county', ticket.county_code,"
    "   'actor', actor, 'lon', ST_X(ticket.location), 'lat', ST_Y(ticket.location)) AS event"
    "  FROM (SELECT * FROM ticket_event WHERE at > :now - interval '7 days' AND at <= :now"
    "   ORDER BY at DESC LIMIT :most) AS happened"
    "  JOIN audit_ticket AS ticket ON ticket.county_code = happened.county_code"
    "   AND ticket.number = happened.ticket_number)"
    " UNION ALL"
    " (SELECT detected_at, json_build_object('at', (EXTRACT(EPOCH FROM detected_at) * 1000)::bigint, 'kind', 'risk',"
    "   'key', number, 'code', anomaly_code, 'status', state, 'level', level, 'county', county_code, 'actor', null,"
    "   'lon', ST_X(location), 'lat', ST_Y(location)) FROM risk_point"
    "  WHERE detected_at > :now - interval '7 days' AND detected_at <= :now ORDER BY detected_at DESC LIMIT :most)"
    " ORDER BY at DESC LIMIT :most) AS newest"
)
_PEOPLE = text(
    "SELECT (SELECT count(*) FROM inspector_position WHERE on_shift),"
    " (SELECT count(*) FROM employee WHERE kind = 'inspector')"
)
_OPEN = text(
    "SELECT count(*), count(*) FILTER (WHERE due_at < :now),"
    " count(*) FILTER (WHERE due_at >= :now AND due_at < :now + make_interval(hours => :soon))"
    " FROM audit_ticket WHERE closed_at IS NULL"
)
_CLOSED = text(
    "SELECT count(*) FILTER (WHERE closed_at >= :today AND status <> 95),"
    " count(*) FILTER (WHERE finding = 'true' AND status <> 95),"
    " count(*) FILTER (WHERE finding IS NOT NULL AND status <> 95),"
    " COALESCE(sum(recovered_kwh) FILTER (WHERE status <> 95), 0),"
    " COALESCE(sum(recovered_yuan) FILTER (WHERE status <> 95), 0),"
    " COALESCE(sum(breach_yuan) FILTER (WHERE status <> 95), 0)"
    " FROM audit_ticket WHERE closed_at >= :month AND closed_at <= :now"
)
_RISK = text(
    "SELECT unit.code, unit.name_zh, unit.name_en, chunk.levels, chunk.days FROM ("
    "  SELECT CASE WHEN nlevel(org_path) > :depth THEN subpath(org_path, 0, :depth + 1) ELSE org_path END AS path,"
    "   ARRAY[sum(open_by_level[1]), sum(open_by_level[2]), sum(open_by_level[3]), sum(open_by_level[4])]::int[]"
    "   AS levels,"
    "   string_agg(day, '') FILTER (WHERE month >= :first) AS days"
    "  FROM risk_chunk GROUP BY 1) AS chunk"
    " RIGHT JOIN (SELECT * FROM organisation WHERE nlevel(org_path) = least(:depth + 1, 4)"
    "   AND org_path <@ CAST(:path AS ltree)) AS unit ON unit.org_path = chunk.path ORDER BY unit.code"
)


async def snapshot(viewer: Viewer, *, now: datetime | None = None) -> Snapshot:
    """The wall in the viewer's scope at one moment of the database. Nine statements."""
    async with reading(viewer, consistent=True) as connection:
        moment = now or datetime.now(UTC)
        sequence = int((await connection.execute(text("SELECT newest_change()"))).scalar_one())
        layers = await connection.execute(text("SELECT layer, version FROM layer_version"))
        inspectors = (await connection.execute(_INSPECTORS)).scalar_one()
        tickets = (await connection.execute(_TICKETS)).scalar_one()
        events = (await connection.execute(_EVENTS, {"now": moment, "most": EVENTS})).scalar_one()
        return Snapshot(
            sequence,
            inspectors,
            tickets,
            events,
            {row[0]: row[1] for row in layers},
            await _figures(connection, viewer, moment),
        )


async def figures(viewer: Viewer, *, now: datetime | None = None) -> dict[str, Any]:
    """The figures around the map in the viewer's scope. Four statements."""
    async with reading(viewer) as connection:
        return await _figures(connection, viewer, now or datetime.now(UTC))


def _starts(now: datetime) -> tuple[datetime, datetime]:
    """Beginning of the day and of the month in Asia/Shanghai."""
    local = now.astimezone(DISPLAY_ZONE)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return today, today.replace(day=1)


async def _figures(connection: AsyncConnection, viewer: Viewer, now: datetime) -> dict[str, Any]:
    today, month = _starts(now)
    on_duty, inspectors = (await connection.execute(_PEOPLE)).one()
    opened, overdue, soon = (await connection.execute(_OPEN, {"now": now, "soon": DUE_SOON_HOURS})).one()
    closed = (await connection.execute(_CLOSED, {"today": today, "month": month, "now": now})).one()
    first_day = today.date() - timedelta(days=TREND_DAYS - 1)
    depth = min(viewer.org_path.count(".") + 1, 4)
    units = await connection.execute(
        _RISK, {"depth": depth, "path": viewer.org_path, "first": first_day.replace(day=1)}
    )
    levels, by_unit = np.zeros(4, dtype=int), []
    trend = np.zeros(TREND_DAYS, dtype=int)
    for code, name_zh, name_en, unit_levels, days in units:
        counts = np.array(unit_levels or [0, 0, 0, 0])
        levels += counts
        # Day numbers relative to the first day of the trend; older ones of the same month fall out below zero.
        day = np.frombuffer(bytes(days or b""), dtype=">i2").astype(int) - (first_day - DAY_ZERO).days
        daily = np.bincount(day[(day >= 0) & (day < TREND_DAYS)], minlength=TREND_DAYS)
        trend += daily
        recent, before = daily[-CHANGE_DAYS:].sum(), daily[-2 * CHANGE_DAYS : -CHANGE_DAYS].sum()
        change = change_percent(int(recent), int(before))
        by_unit.append(
            {
                "code": code,
                "name_zh": name_zh,
                "name_en": name_en,
                "open": int(counts.sum()),
                "change_percent": change,
            }
        )
    return {
        "on_duty": on_duty,
        "inspectors": inspectors,
        "open": opened,
        "overdue": overdue,
        "due_soon": soon,
        "closed_today": closed[0],
        "confirmed": closed[1],
        "checked": closed[2],
        "recovered_kwh": str(closed[3]),
        "recovered_yuan": str(closed[4]),
        "breach_yuan": str(closed[5]),
        "risk_open": int(levels.sum()),
        "risk_by_level": levels.tolist(),
        "risk_by_unit": by_unit,
        "risk_trend": trend.tolist(),
        "as_of_ms": int(now.timestamp() * 1000),
    }


_TICKET_LIST = (
    "SELECT ticket.number, ticket.county_code, ticket.anomaly_code, anomaly.name_zh AS anomaly_zh,"
    " anomaly.name_en AS anomaly_en, ticket.level, ticket.status, ticket.finding, ticket.due_at, ticket.opened_at,"
    " ticket.closed_at, ticket.handler_number, employee.name AS handler, ticket.district_code, ticket.recovered_kwh,"
    " ticket.recovered_yuan, ticket.breach_yuan, ticket.is_demo, ST_X(ticket.location) AS lon,"
    " ST_Y(ticket.location) AS lat, count(*) OVER () AS total"
    " FROM audit_ticket AS ticket JOIN anomaly_type AS anomaly ON anomaly.code = ticket.anomaly_code"
    " LEFT JOIN employee ON employee.number = ticket.handler_number WHERE "
)
_PEOPLE_LIST = (
    "SELECT employee.number, employee.name, employee.organisation_code, unit.name_zh AS unit_zh,"
    " unit.name_en AS unit_en, employee.is_demo, position.on_shift, position.activity, position.fixed_at,"
    " position.speed_kmh, position.battery_percent, position.ticket_number, position.longitude AS lon,"
    " position.latitude AS lat,"
    " count(*) OVER () AS total"
    " FROM employee JOIN organisation AS unit ON unit.code = employee.organisation_code"
    " LEFT JOIN inspector_position AS position ON position.employee_number = employee.number"
    " WHERE employee.kind = 'inspector'"
)
_MONTH = "ticket.closed_at >= :month AND ticket.closed_at <= :now AND ticket.status <> 95"
_LISTS: dict[str, tuple[str, str]] = {
    "on_duty": (_PEOPLE_LIST + " AND position.on_shift", "employee.organisation_code, employee.number"),
    "inspectors": (_PEOPLE_LIST, "position.on_shift DESC NULLS LAST, employee.organisation_code, employee.number"),
    "open": (_TICKET_LIST + "ticket.closed_at IS NULL", "ticket.due_at, ticket.number"),
    "overdue": (_TICKET_LIST + "ticket.closed_at IS NULL AND ticket.due_at < :now", "ticket.due_at, ticket.number"),
    "due_soon": (
        _TICKET_LIST + "ticket.closed_at IS NULL AND ticket.due_at >= :now AND ticket.due_at < :now + :soon",
        "ticket.due_at, ticket.number",
    ),
    "closed_today": (
        _TICKET_LIST + "ticket.closed_at >= :today AND ticket.closed_at <= :now AND ticket.status <> 95",
        "ticket.closed_at DESC, ticket.number",
    ),
    "checked": (_TICKET_LIST + f"{_MONTH} AND ticket.finding IS NOT NULL", "ticket.closed_at DESC, ticket.number"),
    "confirmed": (_TICKET_LIST + f"{_MONTH} AND ticket.finding = 'true'", "ticket.closed_at DESC, ticket.number"),
    "recovered": (
        _TICKET_LIST + f"{_MONTH} AND (ticket.recovered_yuan <> 0 OR ticket.recovered_kwh <> 0)",
        "ticket.recovered_yuan DESC NULLS LAST, ticket.number",
    ),
    "breach": (_TICKET_LIST + f"{_MONTH} AND ticket.breach_yuan > 0", "ticket.breach_yuan DESC, ticket.number"),
}
LISTS: frozenset[str] = frozenset({*_LISTS, "risk"})


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a figure, and how many there are in all."""

    what: str
    total: int
    rows: list[dict[str, Any]]


async def behind(
    viewer: Viewer,
    what: str,
    *,
    level: int | None = None,
    unit: str | None = None,
    limit: int = 200,
    offset: int = 0,
    now: datetime | None = None,
) -> Behind:
    """The rows behind a figure, at most `limit` of them; `level` and `unit` (an organisation code) narrow the list.

    One statement; at most four for risk points.

    Raises:
        BadParameter: there is no such list.
    """
    if what not in LISTS:
        raise BadParameter("of", what, "one of " + ", ".join(sorted(LISTS)))
    limit, offset = max(0, min(limit, 1000)), max(0, offset)
    if what == "risk":
        async with reading(viewer) as connection:
            points = await open_points(connection, viewer.org_path, level=level, unit=unit, limit=limit, offset=offset)
        return Behind(what, points.total, points.rows)
    moment = now or datetime.now(UTC)
    today, month = _starts(moment)
    query, order = _LISTS[what]
    table = "employee" if query.startswith(_PEOPLE_LIST) else "ticket"
    parameters: dict[str, Any] = {
        "now": moment,
        "today": today,
        "month": month,
        "soon": timedelta(hours=DUE_SOON_HOURS),
        "limit": limit,
        "offset": offset,
    }
    if level is not None and table != "employee":
        query += f" AND {table}.level = :level"
        parameters["level"] = level
    if unit is not None:
        query += f" AND {table}.org_path <@ (SELECT org_path FROM organisation WHERE code = :unit)"  # noqa: S608
        parameters["unit"] = unit
    async with reading(viewer) as connection:
        # All parts of the statement are constants of this file; values go as parameters.
        statement = text(f"{query} ORDER BY {order} LIMIT :limit OFFSET :offset")
        rows = [dict(row) for row in (await connection.execute(statement, _used(query, parameters))).mappings()]
        total = rows[0]["total"] if rows else 0
    for row in rows:
        row.pop("total", None)
    return Behind(what, total, rows)


def _used(query: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if f":{name}" in query or name in ("limit", "offset")}
