"""The demo as rows: one function a table, in the order of the table's columns named beside it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import shapely

from data_access.ticket_results import CONFIRMED_ON_SITE, IN_TICKET, REJECTED, risk_state
from demo.accounts import Account, section_code
from demo.grid import Grid, county_path
from demo.people import Person, Staff
from demo.pictures import HEIGHT, MEDIA_TYPE, WIDTH, pictures
from demo.randomness import Streams
from demo.risks import Detected
from demo.streets import template
from demo.territory import METRES_A_DEGREE
from demo.tickets import Ticket, rectification_of
from demo.tracks import ShiftTrack
from demo.truth import Planted

Row = tuple[Any, ...]
_DEVICES = UUID("6f9a6f0e-6a54-4f0c-9a0c-3a4f6d1b7c20")
OPEN_NEW, CONFIRMED_LATER, CLEARED = range(3)
"""`risk_point.state`."""


def hex_of(shape: Any) -> str:
    """EWKB in WGS-84 as COPY wants it."""
    return str(shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True))


def hex_points(places: list[tuple[float, float]]) -> list[str]:
    """As `hex_of`, for many points at once."""
    return [
        str(text) for text in shapely.to_wkb(shapely.set_srid(shapely.points(places), 4326), True, include_srid=True)
    ]


def device_id(seed: int, number: str) -> UUID:
    """The same device for the same seed and employee."""
    return uuid5(_DEVICES, f"{seed}/{number}")


EMPLOYEE = ("number", "name", "kind", "organisation_code", "county_code", "org_path", "phone", "skills", "is_demo")


def employees(staff: Staff) -> Iterator[Row]:
    """`employee`."""
    for p in staff.people:
        yield p.number, p.name, p.kind, p.unit, p.county_code, p.org_path, p.phone, list(p.skills), True


ORGANISATION = ("code", "parent_code", "level", "name_zh", "name_en", "county_code", "org_path", "boundary", "centre")


def organisations(units: list[Any]) -> Iterator[Row]:
    """`organisation`."""
    for *plain, boundary, centre in units:
        yield (*plain, hex_of(boundary), hex_of(centre))


SUBSTATION = ("code", "name", "county_code", "org_path", "voltage_kv", "location")


def substations(grid: Grid) -> Iterator[Row]:
    """`substation`."""
    for s in grid.substations:
        place = hex_of(shapely.Point(s.place))
        yield s.code, s.name, s.county.code, county_path(s.county.code), s.voltage_kv, place


FEEDER = ("code", "name", "substation_code", "county_code", "org_path", "path")


def feeders(grid: Grid) -> Iterator[Row]:
    """`feeder`."""
    for f in grid.feeders:
        county = f.substation.county.code
        ways = grid.roads[county].ways
        path = shapely.MultiLineString([np.round(ways[edge], 6) for edge in f.ways])
        yield f.code, f.name, f.substation.code, county, county_path(county), hex_of(path)


DISTRICT = (
    "county_code", "code", "name", "kind", "capacity_kva", "feeder_code", "manager_number", "customer_count",
    "org_path", "location", "service_area",
)  # fmt: skip


def districts(grid: Grid, staff: Staff) -> Iterator[Row]:
    """`transformer_district`; the service area goes round the streets that are lived in."""
    for d in grid.districts:
        managers = staff.managers[d.station.code]
        manager = managers[int(d.code[-3:]) % len(managers)].number
        kind = "dedicated" if d.is_dedicated else "public"
        yield (
            d.station.county.code, d.code, d.name, kind, d.capacity_kva, d.feeder_code, manager, len(d.nodes),
            d.station.org_path, hex_of(shapely.Point(d.place)), hex_of(_service_area(d)),
        )  # fmt: skip


def _service_area(district: Any) -> Any:
    nodes = {node for end in set(district.nodes) for node in district.layout.way_in(end)}
    around = shapely.concave_hull(shapely.MultiPoint(district.layout.points()[sorted(nodes)]), ratio=0.35)
    area = shapely.intersection(around.buffer(25 / METRES_A_DEGREE, quad_segs=2), district.station.county.border)
    whole = max(shapely.get_parts(area), key=lambda part: part.area)
    return shapely.set_precision(shapely.Polygon(whole.exterior), 1e-6)


SECTION = ("county_code", "code", "name", "reader_number", "reading_day", "org_path")
CUSTOMER = (
    "county_code", "number", "name", "category", "voltage", "contract_capacity_kva", "tariff_code", "trade_code",
    "phone", "address", "district_code", "reading_section_code", "opened_on", "org_path", "is_demo",
    "generation_kw", "location",
)  # fmt: skip


def customers(accounts: list[Account]) -> Iterator[Row]:
    """`customer`."""
    places = hex_points([(a.longitude, a.latitude) for a in accounts])
    for a, place in zip(accounts, places, strict=True):
        station = a.district.station
        yield (
            station.county.code, a.number, a.name, a.category, a.voltage, a.capacity_kva, a.tariff_code, a.trade_code,
            a.phone, a.address, a.district.code, section_code(a.district), a.opened_on, station.org_path, True,
            a.generation_kw, place,
        )  # fmt: skip


METER = ("county_code", "number", "customer_number", "multiplier", "digits", "installed_on", "org_path")


def meters(accounts: list[Account], streams: Streams, today: date) -> Iterator[Row]:
    """`meter`: one an account, not older than about eight years."""
    ages = streams.of("meters").integers(20, 2_900, len(accounts))
    for a, age in zip(accounts, ages, strict=True):
        station = a.district.station
        installed = max(a.opened_on, today - timedelta(days=int(age)))
        digits = 6 if a.multiplier == 1 else 5
        yield station.county.code, f"D{a.number}", a.number, a.multiplier, digits, installed, station.org_path


TRUTH = (
    "county_code", "number", "anomaly_code", "district_code", "customer_number", "started_on", "ended_on", "detail",
    "org_path",
)  # fmt: skip


def truths(planted: list[Planted], points: list[Detected]) -> Iterator[Row]:
    """`demo_truth`, with the numbers of the risk points that came from each: none means that the rules missed it."""
    seen: dict[str, list[str]] = {}
    for point in points:
        if point.planted:
            seen.setdefault(point.planted.number, []).append(point.number)
    for p in planted:
        detail = {"hot_spot": p.hot_spot, "risk_points": seen.get(p.number, [])}
        yield (
            p.district.station.county.code, p.number, p.code, p.district.code, p.account.number if p.account else None,
            p.started, p.ended, detail, p.district.station.org_path,
        )  # fmt: skip


RISK = (
    "county_code", "number", "station_code", "anomaly_code", "level", "state", "score", "score_parts", "exposure_yuan",
    "district_code", "customer_number", "rule_version", "detected_at", "cleared_at", "h3_cell", "org_path", "location",
)  # fmt: skip


def risk_points(points: list[Detected], tickets: list[Ticket], streams: Streams, now: datetime) -> Iterator[Row]:
    """`risk_point`: state after its ticket, or after what later data showed."""
    by_point = {ticket.risk.number: ticket for ticket in tickets}
    rolls = streams.of("risk states").random(len(points))
    places = hex_points([point.place for point in points])
    for p, place, roll in zip(points, places, rolls, strict=True):
        ticket = by_point.get(p.number)
        state, cleared = _state(p, ticket, float(roll), now)
        score = p.score(_overdue(ticket, now))
        yield (
            p.district.station.county.code, p.number, p.district.station.code, p.code, p.level, state, score.value,
            score.parts, p.exposure_yuan, p.district.code, p.account.number if p.account else None, 1,
            p.at.astimezone(UTC), cleared, p.h3_cell, p.district.station.org_path, place,
        )  # fmt: skip


def _overdue(ticket: Ticket | None, now: datetime) -> Any:
    from decimal import Decimal

    if ticket is None or ticket.closed_at or ticket.due_at >= now:
        return Decimal(0)
    # Reminders and supervision come after the stage began: the clock runs from the last change of status.
    began = next(event["at"] for event in reversed(ticket.events) if event["from_status"] != event["to_status"])
    late, given = now - ticket.due_at, max(ticket.due_at - began, timedelta(hours=1))
    return Decimal(round(min(1.0, late / given), 2))


def _state(point: Detected, ticket: Ticket | None, roll: float, now: datetime) -> tuple[int, datetime | None]:
    if ticket:
        if ticket.closed_at is None:
            return IN_TICKET, None
        state = risk_state(ticket.status, ticket.finding)
        return state, ticket.closed_at if state in (CONFIRMED_ON_SITE, REJECTED) else None
    age = now - point.at
    # Without a ticket most points clear by themselves in some weeks; what lasts is confirmed by later data.
    lasting = timedelta(days=6 + 60 * roll)
    if age > lasting:
        return CLEARED, (point.at + lasting).astimezone(UTC)
    return (CONFIRMED_LATER if point.planted and age > timedelta(days=10) else OPEN_NEW), None


TICKET = (
    "county_code", "number", "anomaly_code", "level", "status", "finding", "risk_number", "district_code",
    "customer_number", "handler_number", "reviewer_number", "opened_at", "due_at", "closed_at", "return_count",
    "recovered_kwh", "recovered_yuan", "breach_yuan", "version", "assigned_unit", "assigned_path", "stage_started_at",
    "suspended_from", "suspended_at", "suspended_until", "extended_at", "escalated_at", "reminded_at", "review_level",
    "request", "cause", "responsible_unit", "responsible_person", "found_at", "org_path", "updated_at", "is_demo",
    "location",
)  # fmt: skip


def ticket_rows(tickets: list[Ticket]) -> Iterator[Row]:
    """`audit_ticket`; `version` is the number of events."""
    places = hex_points([ticket.risk.place for ticket in tickets])
    for t, place in zip(tickets, places, strict=True):
        account, facts = t.risk.account, t.facts
        yield (
            t.county_code, t.number, t.risk.code, t.risk.level, int(t.status), t.finding, t.risk.number,
            t.risk.district.code, account.number if account else None, facts.handler_number, facts.reviewer_number,
            t.opened_at.astimezone(UTC), t.due_at.astimezone(UTC), t.closed_at, facts.return_count,
            facts.recovered_kwh, facts.recovered_yuan, facts.breach_yuan, len(t.events), facts.assigned_unit,
            facts.assigned_path, facts.stage_started_at, facts.suspended_from, facts.suspended_at,
            facts.suspended_until, facts.extended_at, facts.escalated_at, facts.reminded_at, facts.review_level,
            facts.request, facts.cause, facts.responsible_unit, facts.responsible_person, facts.found_at, t.org_path,
            t.events[-1]["at"], True, place,
        )  # fmt: skip


EVENT = (
    "county_code", "ticket_number", "sequence", "at", "actor", "kind", "from_status", "to_status", "body", "org_path",
    "hash_version", "previous_hash", "hash",
)  # fmt: skip


def events(tickets: list[Ticket]) -> Iterator[Row]:
    """`ticket_event`."""
    for ticket in tickets:
        for event in ticket.events:
            yield tuple(event[column] for column in EVENT)


PROBLEM = (
    "county_code", "number", "ticket_number", "anomaly_code", "district_code", "customer_number", "cause",
    "responsible_unit", "responsible_person", "level", "found_at", "rectification", "rectified_at", "rectified_by",
    "recovered_kwh", "recovered_yuan", "breach_yuan", "org_path",
)  # fmt: skip


def problems(tickets: list[Ticket]) -> Iterator[Row]:
    """`problem`: one for each TRUE finding for which somebody is responsible."""
    for t in tickets:
        facts = t.facts
        if facts.finding == "true" and facts.responsible_unit:
            cause, rectification = rectification_of(t)
            account = t.risk.account
            yield (
                t.county_code, f"P{t.number[1:]}", t.number, t.risk.code, t.risk.district.code,
                account.number if account else None, cause, facts.responsible_unit, facts.responsible_person,
                facts.level, facts.found_at, rectification if t.rectified_at else None, t.rectified_at,
                t.handler.number if t.rectified_at and t.handler else None, facts.recovered_kwh, facts.recovered_yuan,
                facts.breach_yuan, t.org_path,
            )  # fmt: skip


EVIDENCE = (
    "county_code", "sha256", "ticket_number", "media_type", "size_bytes", "taken_at", "uploaded_at", "uploaded_by",
    "purpose", "file_name", "shown_sha256", "shown_media_type", "width", "height", "org_path",
)  # fmt: skip


def evidence(tickets: list[Ticket]) -> Iterator[Row]:
    """`evidence`: the demo's drawings, shared by all of its tickets."""
    known = {picture.sha256: picture for picture in pictures()}
    for t in tickets:
        for sha256, purpose, at, by in t.files:
            picture = known[sha256]
            yield (
                t.county_code, sha256, t.number, MEDIA_TYPE, len(picture.content), at, at, by, purpose, picture.name,
                sha256, MEDIA_TYPE, WIDTH, HEIGHT, t.org_path,
            )  # fmt: skip


CHECK_IN = (
    "county_code", "id", "ticket_number", "employee_number", "at", "received_at", "accuracy_m", "distance_m",
    "dwell_seconds", "is_mock", "score", "parts", "reason", "org_path", "location",
)  # fmt: skip


def check_ins(tickets: list[Ticket]) -> Iterator[Row]:
    """`check_in`."""
    made = [(t, one) for t in tickets for one in t.check_ins]
    places = hex_points([(one.longitude, one.latitude) for _, one in made]) if made else []
    for (t, one), place in zip(made, places, strict=True):
        yield (
            t.county_code, str(one.id), t.number, one.employee, one.at, one.at, one.accuracy_m, one.distance_m,
            one.dwell_seconds, one.is_mock, one.presence.score, one.presence.parts(), one.reason, t.org_path, place,
        )  # fmt: skip


SHIFT = ("county_code", "employee_number", "started_at", "ended_at", "org_path")
FIX = (
    "county_code", "employee_number", "fixed_at", "received_at", "longitude", "latitude", "accuracy_m", "speed_kmh",
    "heading_deg", "is_late", "device_id", "org_path",
)  # fmt: skip


def _times(seconds: np.ndarray) -> np.ndarray:
    return np.datetime_as_string((seconds * 1_000).astype("datetime64[ms]"))


def fixes(track: ShiftTrack, seed: int) -> Iterator[Row]:
    """`position_fix` of one shift. What arrived late came 20 to 40 minutes after it was taken."""
    person = track.person
    device = str(device_id(seed, person.number))
    received = track.at + np.where(track.is_late, 1_200 + track.at % 1_200, 1 + track.at % 4)
    columns = (
        _times(track.at), _times(received), track.points[:, 0].tolist(), track.points[:, 1].tolist(),
        track.accuracy_m.tolist(), track.speed_kmh.tolist(), track.heading_deg.tolist(), track.is_late.tolist(),
    )  # fmt: skip
    for fixed, arrived, *values in zip(*columns, strict=True):
        yield (person.county_code, person.number, str(fixed), str(arrived), *values, device, person.org_path)


POSITION = (
    "employee_number", "county_code", "org_path", "fixed_at", "received_at", "longitude", "latitude", "accuracy_m",
    "speed_kmh", "heading_deg", "battery_percent", "activity", "on_shift", "ticket_number", "device_id",
)  # fmt: skip


def position(track: ShiftTrack, activity: str, ticket: str | None, seed: int) -> Row:
    """`inspector_position` from a person's last fix."""
    person: Person = track.person
    fixed = datetime.fromtimestamp(float(track.at[-1]), UTC)
    on_shift = track.end is None
    return (
        person.number, person.county_code, person.org_path, fixed, fixed + timedelta(seconds=2),
        float(track.points[-1, 0]), float(track.points[-1, 1]), float(track.accuracy_m[-1]),
        float(track.speed_kmh[-1]), float(track.heading_deg[-1]), track.battery, activity, on_shift,
        ticket if on_shift else None, device_id(seed, person.number),
    )  # fmt: skip


def streets_of(layout: Any, nodes: tuple[int, ...], most: int = 10) -> list[int]:
    """A few lived-in street nodes of a district, spread over it, for phones to go to."""
    chosen = sorted(set(nodes)) or template()[layout.area].customers.tolist()
    return [int(node) for node in chosen[:: max(1, -(-len(chosen) // most))]]
