"""Tickets as lists: a page of the table, the board's columns, points for the map, counts, rows for an export.

Made for 1,000,000 tickets under row security: a page is read along the index of its order and goes on behind the last
row that was seen, so that the thousandth page costs what the first one does. Counts stop at `COUNTED`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.workflow_states import Status
from data_access.engine import reading, writing
from data_access.log import log_action
from data_access.scope import Viewer
from data_access.ticket_filter import Sort, TicketFilter, county_of
from settings import DISPLAY_ZONE

PAGE = 100
COUNTED = 10_000
"""A list with more rows is said to have more than this many."""
POINTS = 2_000
"""Tickets drawn on the map at once, the first of the order."""
S = Status
COLUMNS: Mapping[str, frozenset[int]] = {
    "new": frozenset({S.GENERATED, S.PRESCREENED}),
    "dispatched": frozenset({S.DISPATCHED, S.ACCEPTED}),
    "checking": frozenset({S.CHECKING, S.SUSPENDED}),
    "found": frozenset({S.FINDING_SUBMITTED, S.RESPONSIBILITY_FIXED}),
    "rectifying": frozenset({S.RECTIFYING}),
    "review": frozenset({S.IN_REVIEW, S.RETURNED}),
}
"""The board: groups of states, in the order in which a ticket goes through them."""
_FIELDS = (
    "ticket.county_code, ticket.number, ticket.anomaly_code, ticket.level, ticket.status, ticket.finding,"
    " ticket.due_at, ticket.opened_at, ticket.closed_at, ticket.handler_number, ticket.district_code,"
    " ticket.customer_number, ticket.return_count, ticket.version, ticket.recovered_kwh, ticket.recovered_yuan,"
    " ticket.breach_yuan, ticket.assigned_unit, ticket.org_path, ticket.is_demo, ticket.location"
)
_WITH_NAMES = (
    " SELECT page.number, page.county_code, page.anomaly_code, page.level, page.status, page.finding, page.due_at,"
    " page.opened_at, page.closed_at, page.handler_number, handler.name AS handler, page.district_code,"
    " district.name AS district, page.customer_number, page.return_count, page.version, page.recovered_kwh,"
    " page.recovered_yuan, page.breach_yuan, page.is_demo, page.assigned_unit, unit.code AS unit_code,"
    " unit.name_zh AS unit_zh, unit.name_en AS unit_en, assigned.name_zh AS assigned_zh,"
    " assigned.name_en AS assigned_en, ST_X(page.location) AS lon, ST_Y(page.location) AS lat"
    " FROM page LEFT JOIN employee AS handler ON handler.number = page.handler_number"
    " LEFT JOIN organisation AS unit ON unit.code = ltree2text(subpath(page.org_path, -1, 1))"
    " LEFT JOIN organisation AS assigned ON assigned.code = page.assigned_unit"
    " LEFT JOIN transformer_district AS district ON district.county_code = page.county_code"
    "   AND district.code = page.district_code"
)
_UNIT = text(
    "SELECT array_agg(county.code), bool_or(unit.level > 2) FROM organisation AS unit"
    " JOIN organisation AS county ON county.level = 2"
    "   AND (county.org_path <@ unit.org_path OR county.org_path @> unit.org_path) WHERE unit.code = :unit"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last row that was seen: the value it was sorted by, and its number."""

    value: Any
    number: str

    @classmethod
    def of(cls, row: Mapping[str, Any], sort: Sort) -> "Anchor":
        """Of a row of a page."""
        return cls(row[sort.column], row["number"])


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and whether there are more behind them."""

    rows: list[dict[str, Any]]
    more: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets of a filter there are: in all (`capped` where there are more than `COUNTED`), and by status."""

    total: int
    capped: bool
    by_status: dict[int, int]


async def _where(
    connection: AsyncConnection, viewer: Viewer, chosen: TicketFilter, now: datetime
) -> tuple[str, dict[str, Any]]:
    """Conditions and parameters; one statement where a unit is named, none otherwise."""
    if not chosen.unit:
        return chosen.conditions(viewer, now)
    counties, below_county = (await connection.execute(_UNIT, {"unit": chosen.unit})).one()
    return chosen.conditions(viewer, now, counties or [], below_county=bool(below_county))


async def ticket_page(
    viewer: Viewer,
    chosen: TicketFilter,
    sort: Sort,
    *,
    after: Anchor | None = None,
    skip: int = 0,
    limit: int = PAGE,
    now: datetime | None = None,
) -> Page:
    """A page of the table: rows behind `after`, or behind the first `skip` ones. One statement, two with a unit.

    Times are aware; energy in kWh and money in yuan are `Decimal`; `lon`, `lat` in WGS-84.
    """
    limit, skip = max(1, min(limit, 1_000)), max(0, skip)
    moment = now or datetime.now(UTC)
    order = sort.order("ticket", along_index=not chosen.is_short(sort, moment))
    async with reading(viewer) as connection:
        where, values = await _where(connection, viewer, chosen, moment)
        if after is not None:
            where += f" AND {sort.after()}"
            values |= {"last_number": after.number}
            if sort.column != "number":
                values["last_value"] = after.value
        statement = text(
            f"WITH page AS (SELECT {_FIELDS} FROM audit_ticket AS ticket WHERE {where}"  # noqa: S608
            f" ORDER BY {order} LIMIT :limit OFFSET :skip)"
            f"{_WITH_NAMES} ORDER BY {sort.order('page')}"
        )
        values |= {"limit": limit + 1, "skip": 0 if after else skip}
        rows = [dict(row) for row in (await connection.execute(statement, values)).mappings()]
    return Page(rows[:limit], len(rows) > limit)


async def ticket_counts(viewer: Viewer, chosen: TicketFilter, *, now: datetime | None = None) -> Counts:
    """How many there are, up to `COUNTED`. One statement, two with a unit."""
    async with reading(viewer) as connection:
        where, values = await _where(connection, viewer, chosen, now or datetime.now(UTC))
        # Open tickets are counted to the last one: there are never so many that it takes long.
        bound = "" if chosen.state == "open" else f" LIMIT {COUNTED + 1}"
        statement = text(
            "SELECT status, count(*) FROM (SELECT ticket.status FROM audit_ticket AS ticket"  # noqa: S608
            f" WHERE {where}{bound}) AS found GROUP BY status"
        )
        by_status = {row[0]: row[1] for row in await connection.execute(statement, values)}
    total = sum(by_status.values())
    capped = chosen.state != "open" and total > COUNTED
    return Counts(COUNTED if capped else total, capped, by_status)


async def board(
    viewer: Viewer, chosen: TicketFilter, depths: Mapping[str, int], *, now: datetime | None = None
) -> tuple[dict[str, Page], Counts]:
    """The board's columns, the first `depths[column]` of each by deadline, with counts of all.

    Only open tickets have a place on it. Two statements, three with a unit.
    """
    moment = now or datetime.now(UTC)
    pages: dict[str, Page] = {}
    async with reading(viewer) as connection:
        where, values = await _where(connection, viewer, _opened(chosen), moment)
        parts = []
        for number, (name, statuses) in enumerate(COLUMNS.items()):
            parts.append(
                f"(SELECT {number} AS place, {_FIELDS} FROM audit_ticket AS ticket"  # noqa: S608
                f" WHERE {where} AND ticket.status = ANY(:in_{name})"
                f" ORDER BY ticket.due_at, ticket.number LIMIT :most_{name})"
            )
            values[f"in_{name}"] = sorted(int(status) for status in statuses)
            values[f"most_{name}"] = max(1, min(depths.get(name, 20), 200)) + 1
        names = _WITH_NAMES.replace("SELECT page.number", "SELECT page.place, page.number", 1)
        statement = text(f"WITH page AS ({' UNION ALL '.join(parts)}){names} ORDER BY place, due_at, page.number")
        rows = [dict(row) for row in (await connection.execute(statement, values)).mappings()]
        counting = text(
            f"SELECT status, count(*) FROM audit_ticket AS ticket WHERE {where} GROUP BY status"  # noqa: S608
        )
        used = {name: value for name, value in values.items() if not name.startswith(("in_", "most_"))}
        by_status = {row[0]: row[1] for row in await connection.execute(counting, used)}
    for number, name in enumerate(COLUMNS):
        own = [row for row in rows if row["place"] == number]
        most = values[f"most_{name}"] - 1
        pages[name] = Page(own[:most], len(own) > most)
    return pages, Counts(sum(by_status.values()), False, by_status)


def _opened(chosen: TicketFilter) -> TicketFilter:
    return chosen if chosen.state == "open" else replace(chosen, state="open")


async def ticket_points(
    viewer: Viewer, chosen: TicketFilter, sort: Sort, *, now: datetime | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """Number, level, status, deadline and place (WGS-84) of the first `POINTS` tickets that have one; whether more.

    One statement, two with a unit.
    """
    async with reading(viewer) as connection:
        where, values = await _where(connection, viewer, chosen, now or datetime.now(UTC))
        statement = text(
            "SELECT ticket.number, ticket.anomaly_code, ticket.level, ticket.status, ticket.due_at, ticket.closed_at,"  # noqa: S608
            f" ST_X(ticket.location) AS lon, ST_Y(ticket.location) AS lat FROM audit_ticket AS ticket WHERE {where}"
            f" AND ticket.location IS NOT NULL ORDER BY {sort.order('ticket')} LIMIT :limit"
        )
        values["limit"] = POINTS + 1
        rows = [dict(row) for row in (await connection.execute(statement, values)).mappings()]
    return rows[:POINTS], len(rows) > POINTS


_VIEWS = (
    "SELECT count(*) FILTER (WHERE {mine}) AS mine,"
    " count(*) FILTER (WHERE due_at < :now AND status <> 55) AS overdue,"
    " count(*) FILTER (WHERE due_at >= :now AND due_at < :tomorrow) AS today,"
    " count(*) FILTER (WHERE status = ANY(ARRAY[10, 20, 30]) AND handler_number IS NULL) AS dispatch,"
    " count(*) FILTER (WHERE status = 80) AS review, count(*) FILTER (WHERE status = 85) AS returned,"
    " count(*) AS open FROM audit_ticket AS ticket WHERE closed_at IS NULL{county}"
)


async def view_counts(viewer: Viewer, *, now: datetime | None = None) -> dict[str, int]:
    """How many open tickets each ready-made view holds, by its name. One statement."""
    moment = now or datetime.now(UTC)
    mine, values = TicketFilter(state="all", mine=True).conditions(viewer, moment)
    day = moment.astimezone(DISPLAY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    values |= {"now": moment, "tomorrow": day + timedelta(days=1)}
    own = county_of(viewer.org_path)
    if own:
        values["own_county"] = own
    statement = _VIEWS.format(mine=mine, county=" AND ticket.county_code = :own_county" if own else "")
    async with reading(viewer) as connection:
        return dict((await connection.execute(text(statement), values)).mappings().one())


_CHOSEN = text(
    f"WITH page AS (SELECT {_FIELDS} FROM audit_ticket AS ticket WHERE ticket.number = ANY(:numbers))"  # noqa: S608
    f"{_WITH_NAMES} ORDER BY page.due_at, page.number"
)


async def chosen_tickets(viewer: Viewer, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """The tickets of these numbers that the viewer may see, by deadline, at most 500. One statement."""
    async with reading(viewer) as connection:
        found = await connection.execute(_CHOSEN, {"numbers": list(numbers)[:500]})
        return [dict(row) for row in found.mappings()]


async def export_rows(
    viewer: Viewer, chosen: TicketFilter, sort: Sort, *, limit: int, now: datetime | None = None
) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows of a list in its order, at most `limit`, in blocks of 1,000 off a cursor.

    One statement, two with a unit.
    """
    async with reading(viewer) as connection:
        where, values = await _where(connection, viewer, chosen, now or datetime.now(UTC))
        statement = text(
            f"WITH page AS (SELECT {_FIELDS} FROM audit_ticket AS ticket WHERE {where}"  # noqa: S608
            f" ORDER BY {sort.order('ticket')} LIMIT :limit){_WITH_NAMES} ORDER BY {sort.order('page')}"
        )
        result = await connection.stream(statement, {**values, "limit": limit})
        async for block in result.mappings().partitions(1_000):
            yield [dict(row) for row in block]


_UNITS = text(
    "SELECT code, level, name_zh, name_en, org_path::text AS org_path FROM organisation"
    " WHERE org_path <@ CAST(:path AS ltree) AND level BETWEEN 1 AND :deepest ORDER BY org_path"
)


async def units_in_scope(viewer: Viewer, *, deepest: int | None = None) -> list[dict[str, Any]]:
    """Cities and counties of the viewer's unit, for a county's viewer stations too, in their order. One statement.

    `deepest`: the last level instead, 3 for stations.
    """
    deepest = deepest or (3 if viewer.org_path.count(".") >= 2 else 2)
    async with reading(viewer) as connection:
        found = await connection.execute(_UNITS, {"path": viewer.org_path, "deepest": deepest})
        return [dict(row) for row in found.mappings()]


_OBJECTS = text(
    "SELECT 'customer' AS kind, customer.number, customer.category AS detail, customer.district_code,"
    " district.name AS district, unit.name_zh AS unit_zh, unit.name_en AS unit_en"
    " FROM customer JOIN organisation AS unit ON unit.code = customer.county_code"
    " LEFT JOIN transformer_district AS district ON district.county_code = customer.county_code"
    "   AND district.code = customer.district_code"
    " WHERE customer.county_code = ANY(ARRAY(SELECT code FROM organisation WHERE level = 2))"
    "   AND customer.number = :number"
    " UNION ALL SELECT 'district', district.code, district.kind, district.code, district.name, unit.name_zh,"
    " unit.name_en FROM transformer_district AS district JOIN organisation AS unit ON unit.code = district.county_code"
    " WHERE district.county_code = ANY(ARRAY(SELECT code FROM organisation WHERE level = 2))"
    "   AND district.code = :number LIMIT 10"
)


async def find_objects(viewer: Viewer, number: str) -> list[dict[str, Any]]:
    """The customer or district of a number, in the viewer's scope; without names of people. One statement."""
    async with reading(viewer) as connection:
        return [dict(row) for row in (await connection.execute(_OBJECTS, {"number": number})).mappings()]


async def note_export(viewer: Viewer, view: str, rows: int) -> None:
    """Write down that a list left the house: whose, of what, how many rows. One statement."""
    async with writing(viewer) as connection:
        await log_action(connection, viewer, "export", "tickets", view[:200], {"rows": rows})
