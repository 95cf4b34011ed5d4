"""Doors of the inspector's phone, by session: my tickets, the one at hand, own shift, own positions, who looked at me.

Changes of a ticket go through the same door as everybody's (`POST /api/v1/tickets/{number}/actions`); nothing here
writes one. The page at `/field` keeps no answer of these doors that holds a name or a number of a customer.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter

from api.errors import Refused
from api.field_answers import (
    AtHand,
    Energy,
    Look,
    Looks,
    OwnFixes,
    Place,
    Revealed,
    TicketLine,
    WantedShift,
    WhomToCall,
    Words,
    Work,
)
from api.positions import ShiftState, Stored, read_fixes, stored, take, unix_seconds
from audit.finding_forms import UnknownForm, forms_of
from audit.phone_actions import needs_presence_reason, phone_actions
from audit.workflow import Offer
from audit.workflow_rules import rules
from data_access import field_work
from data_access.cards import masked_name
from data_access.devices import KnownDevice
from data_access.energy_at_hand import energy_at_hand
from data_access.own_phone import own_phone
from data_access.parameters import BadParameter
from data_access.positions import Parcel, set_shift
from data_access.scope import Viewer, require_viewer
from data_access.tracks import today
from geo.coordinates import wgs84_to_gcj02
from settings import get_settings

router = APIRouter(prefix="/api/v1/field", tags=["field"])
LOOK_BACK = timedelta(days=30)
NEWEST_EVENTS = 30
SAID = ("reason", "note", "text", "report", "rectification")
"""Where an event's body holds what the person wrote, in the order of what is shown."""
Number = Annotated[str, PathParameter(description="Ticket number", max_length=64)]


def _inspector() -> Viewer:
    viewer = require_viewer()
    if viewer.role != "inspector" or viewer.employee_number is None or viewer.kind != "user":
        raise Refused("forbidden", why="the field's doors are for inspectors")
    return viewer


async def _phone() -> KnownDevice:
    device = await own_phone(require_viewer())
    if device is None:
        raise Refused("forbidden", why="the field's doors are for inspectors")
    return device


def _key(number: str) -> str:
    if "\0" in number:
        raise BadParameter("number", number, "a ticket number")
    return number


def _words(row: dict[str, Any], name: str) -> Words:
    return Words(zh=row[f"{name}_zh"] or "", en=row[f"{name}_en"] or "")


def _place(lon: float | None, lat: float | None) -> Place | None:
    if lon is None or lat is None:
        return None
    shifted = wgs84_to_gcj02(lon, lat)
    gcj_lon, gcj_lat = (round(float(value), 6) for value in shifted)
    return Place(lon=round(lon, 6), lat=round(lat, 6), gcj_lon=gcj_lon, gcj_lat=gcj_lat)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    same = {name: row[name] for name in TicketLine.model_fields if name in row}
    return {**same, "anomaly": _words(row, "anomaly"), "place": _place(row["lon"], row["lat"])}


@router.get("/tickets", summary="My tickets")
async def my_tickets() -> Work:
    """The tickets in hand and those of the unit that nobody has taken, by deadline."""
    work = await field_work.my_work(_inspector())
    if work is None:
        raise Refused("forbidden", why="no employee's file in sight")
    return Work(
        now=datetime.now(UTC),
        employee=work["number"],
        name=work["name"],
        unit=_words(work, "unit"),
        shift_started_at=work["shift_started_at"],
        tickets=[TicketLine(**_line(row)) for row in work["tickets"]],
    )


@router.get("/tickets/{number}", summary="A ticket at hand")
async def ticket_at_hand(number: Number) -> AtHand:
    """What is needed on site: place, object (masked), why, history, own check-ins, evidence, what to do next."""
    now = datetime.now(UTC)
    found = await field_work.at_hand(_inspector(), _key(number), now)
    page, row = found.page, found.page.row
    same = {name: row[name] for name in AtHand.model_fields if name in row}
    risk = page.risk or {}
    return AtHand(
        **{
            **same,
            "anomaly": _words(row, "anomaly"),
            "business": _words(row, "business"),
            "unit": _words(row, "station"),
            "place": _place(row["longitude"], row["latitude"]),
            "now": now,
            "mine": found.mine,
            "district": row["district_name"],
            "customer": row["customer_name"],
            "customer_category": row["category"],
            "manager": masked_name(row["manager_name"]),
            "manager_phone": found.about["manager_phone"],
            "reading_section": found.about["reading_section"],
            "meters": found.about["meters"] or [],
            "score": risk.get("score"),
            "exposure_yuan": risk.get("exposure_yuan"),
            "may_reveal": found.may_reveal,
            "actions": _actions(row["status"], page.offers),
            "forms": _forms(row["anomaly_code"]),
            "presence_reason_needed": needs_presence_reason(found.own_check_ins),
            "events": [_event(event) for event in page.events[: -NEWEST_EVENTS - 1 : -1]],
            "check_ins": found.own_check_ins,
            "evidence": [{**one, "is_picture": one["shown_sha256"] is not None} for one in page.evidence],
            "problems": [{**one, "anomaly": _words(one, "anomaly")} for one in found.problems],
        }
    )


def _event(event: dict[str, Any]) -> dict[str, Any]:
    body = event["body"]
    words = next((body[name] for name in SAID if isinstance(body.get(name), str)), None)
    return {**event, "actor": event["actor_name"] or event["actor"], "words": words}


def _actions(status: int, offers: list[Offer]) -> list[dict[str, Any]]:
    return [
        {
            "code": action.code,
            "allowed": action.allowed,
            "why": action.why,
            "next": action.next,
            "fields": [
                {
                    "name": field.name,
                    "kind": field.kind,
                    "required": field.required,
                    "choices": list(field.choices or (rules().causes if field.kind == "cause" else ())),
                    "most": field.most,
                }
                for field in action.fields
            ],
        }
        for action in phone_actions(status, offers)
    ]


def _forms(anomaly_code: str) -> list[dict[str, Any]]:
    try:
        found = forms_of(anomaly_code)
    except UnknownForm:
        return []
    return [
        {"code": form.code, "fields": [{**field.model_dump(), "when": dict(field.when)} for field in form.fields]}
        for form in found
    ]


@router.get("/tickets/{number}/energy", summary="Energy and bills of the customer at hand")
async def energy_of(number: Number) -> Energy:
    """Load curve, last bills and the expected bill; empty for a ticket without a customer."""
    viewer = _inspector()
    customer = await field_work.customer_of(viewer, _key(number))
    if customer is None:
        return Energy()
    found = await energy_at_hand(viewer, customer, today())
    return Energy.model_validate(_days_as_text(found))


def _days_as_text(value: Any) -> Any:
    """Months as `YYYY-MM-DD`, everywhere in the answer."""
    if isinstance(value, dict):
        return {name: _days_as_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_days_as_text(part) for part in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


@router.post("/tickets/{number}/reveal", summary="Show a number to call")
async def reveal(number: Number, wanted: WhomToCall) -> Revealed:
    """The customer's or the district manager's name and number, for the handler of a ticket at work. It is logged."""
    return Revealed(**await field_work.reveal(_inspector(), _key(number), wanted.whom))


@router.post("/shift", summary="Switch my shift")
async def switch_shift(wanted: WantedShift) -> ShiftState:
    """Switch the own shift on or off; positions are kept only while it is on. Saying the same twice changes nothing."""
    device = await _phone()
    changed = await set_shift(device, on=wanted.on, now=time.time())
    return ShiftState(on=wanted.on, changed=changed)


@router.post("/positions", summary="Send my positions")
async def my_positions(given: OwnFixes) -> Stored:
    """Store own fixes, by the same rules as a device's (`POST /api/v1/positions`). An answer means stored."""
    device = await _phone()
    limit = get_settings().position.batch_max
    if len(given.fixes) > limit:
        raise Refused(
            "too_large", details=[{"where": "fixes", "got": len(given.fixes), "expected": f"at most {limit}"}]
        )
    sent_at = unix_seconds(given.sent_at) if given.sent_at is not None else None
    fixes, refused = read_fixes(given.fixes, device, sent_at)
    return stored(await take(Parcel(device, fixes, refused)))


@router.get("/looks", summary="Who looked at my track")
async def looks(days: Annotated[int, Query(ge=1, le=180)] = LOOK_BACK.days) -> Looks:
    """Everybody else's looks at the own track in the last days."""
    found = await field_work.looks_at_me(_inspector(), datetime.now(UTC) - timedelta(days=days))
    return Looks(days=days, looks=[Look(**one) for one in found])
