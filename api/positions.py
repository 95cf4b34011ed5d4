"""The doors for positions: our own JSON, the OsmAnd protocol of the Traccar Client app, OwnTracks over HTTP.

A device shows its own token; nobody's session opens these doors. An answer means stored. What cannot be read as a fix
is refused by name and never loses the rest of its batch.
"""

import base64
import json
import math
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.errors import Refused
from api.position_writer import PositionWriter, WriterBusy
from data_access.devices import KnownDevice, by_token
from data_access.positions import Parcel, Receipt, rejections, set_shift
from data_access.scope import require_viewer
from geo.coordinates import to_wgs84
from geo.fix_filters import OTHER_REASONS, Fix, Rejection
from settings import get_settings

KMH_PER_KNOT = 1.852
router = APIRouter(prefix="/api/v1", tags=["positions"])
writer = PositionWriter()


class SentFix(BaseModel):
    """One position. `at`: ISO 8601 with zone, or Unix seconds, or Unix milliseconds. Degrees in the device's system."""

    model_config = ConfigDict(extra="ignore")

    at: float | int | datetime
    lon: float
    lat: float
    accuracy_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    battery_percent: float | None = None
    mock: bool = False


class Batch(BaseModel):
    """Fixes of one device, in any order. `sent_at`: the device's clock at sending, to notice a wrong one."""

    model_config = ConfigDict(extra="ignore")

    fixes: list[Any] = Field(min_length=1, description="Objects as in `SentFix`.")
    sent_at: float | int | datetime | None = None


class Told(BaseModel):
    """A refused fix: its place in the batch, the reason's name, a sentence, what was measured and the limit."""

    index: int
    reason: str
    message: str
    measured: float | None = None
    limit: float | None = None


class Stored(BaseModel):
    """What became of a batch; true once it is answered."""

    accepted: int
    duplicates: int
    late: int
    rejected: list[Told]


class Shift(BaseModel):
    """Switch the own shift on or off; positions are kept only while it is on."""

    model_config = ConfigDict(extra="forbid")

    on: bool


class ShiftState(BaseModel):
    """Whether the shift is on now, and whether this call changed it."""

    on: bool
    changed: bool


class Refusals(BaseModel):
    """Refused fixes of the last days in the viewer's scope."""

    class Reason(BaseModel):
        """One reason with how often, from how many devices, and when last."""

        reason: str
        count: int
        devices: int
        last_at: datetime

    days: int
    reasons: list[Reason]


_fix_adapter = TypeAdapter(SentFix)


def unix_seconds(value: float | int | datetime) -> float:
    """A moment as Unix seconds. Numbers above 100,000,000,000 are milliseconds: as seconds they would be the year 5138.

    A time without a zone is nobody's time: it becomes not-a-number, which the filters refuse.
    """
    if isinstance(value, datetime):
        return value.timestamp() if value.tzinfo is not None else math.nan
    try:
        return value / 1000 if abs(value) > 1e11 else float(value)
    except OverflowError:  # JSON knows whole numbers of any length
        return math.nan


def _rounded_percent(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) else max(0, min(100, round(value)))


def read_fixes(
    sent: Sequence[Any], device: KnownDevice, sent_at: float | None = None
) -> tuple[list[Fix], list[Rejection]]:
    """Fixes in WGS-84 out of what a device sent, and refusals of what is none."""
    fixes: list[Fix] = []
    refused: list[Rejection] = []
    for index, raw in enumerate(sent):
        try:
            one = raw if isinstance(raw, SentFix) else _fix_adapter.validate_python(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "fix"
            refused.append(Rejection(index, "malformed", f"{OTHER_REASONS['malformed']}: {where}: {first['msg']}"))
            continue
        longitude, latitude = one.lon, one.lat
        if device.coordinate_system != "wgs84" and math.isfinite(longitude) and math.isfinite(latitude):
            longitude, latitude = to_wgs84(device.coordinate_system, longitude, latitude)
        fixes.append(
            Fix(
                index=index,
                at=unix_seconds(one.at),
                longitude=longitude,
                latitude=latitude,
                accuracy_m=one.accuracy_m,
                speed_kmh=one.speed_kmh,
                heading_deg=one.heading_deg,
                battery_percent=_rounded_percent(one.battery_percent),
                mock=one.mock,
                sent_at=sent_at,
            )
        )
    return fixes, refused


async def _known(token: str | None) -> KnownDevice:
    device = await by_token(token) if token else None
    if device is None:
        if token:
            await take(Parcel(None, (), (Rejection(0, "unknown_device", OTHER_REASONS["unknown_device"]),)))
        raise Refused("not_signed_in", why="unknown device token")
    return device


async def take(parcel: Parcel) -> Receipt:
    """Stores a parcel; refuses it when the writer's queue is full."""
    try:
        return await writer.take(parcel)
    except WriterBusy:
        raise Refused("busy", why="the position writer's queue is full") from None


async def _store(device: KnownDevice, sent: Sequence[Any], sent_at: float | None = None) -> Receipt:
    fixes, refused = read_fixes(sent, device, sent_at)
    return await take(Parcel(device, fixes, refused))


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


Authorization = Annotated[str | None, Header(description="`Bearer` and the device's token")]


@router.post("/positions", response_model=Stored)
async def positions(batch: Batch, authorization: Authorization = None) -> Stored:
    """Store a batch of one device."""
    device = await _known(_bearer(authorization))
    limit = get_settings().position.batch_max
    if len(batch.fixes) > limit:
        raise Refused(
            "too_large", details=[{"where": "fixes", "got": len(batch.fixes), "expected": f"at most {limit}"}]
        )
    receipt = await _store(device, batch.fixes, unix_seconds(batch.sent_at) if batch.sent_at is not None else None)
    return stored(receipt)


def stored(receipt: Receipt) -> Stored:
    """A receipt as it is answered."""
    return Stored(
        accepted=receipt.accepted,
        duplicates=receipt.duplicates,
        late=receipt.late,
        rejected=[
            Told(
                index=one.index,
                reason=one.reason,
                message=one.message,
                measured=_finite(one.measured),
                limit=_finite(one.limit),
            )
            for one in receipt.rejected
        ],
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(values: Mapping[str, str], *names: str) -> str | None:
    return next((values[name] for name in names if values.get(name)), None)


def osmand_fix(values: Mapping[str, str]) -> dict[str, Any]:
    """One fix from the OsmAnd protocol's parameters: speed in knots, time in seconds, milliseconds or ISO 8601.

    `location=lat,lon` may stand for `lat` and `lon`.
    """
    lat, lon = _number(values, "lat", "latitude"), _number(values, "lon", "longitude")
    if values.get("location") and lat is None:
        lat, _, lon = values["location"].partition(",")
    knots = _number(values, "speed")
    fix: dict[str, Any] = {
        "at": _number(values, "timestamp") or time.time(),
        "lat": lat,
        "lon": lon,
        "accuracy_m": _number(values, "accuracy"),
        "heading_deg": _number(values, "bearing", "heading"),
        "battery_percent": _number(values, "batt"),
        "mock": values.get("mock", "").lower() in ("true", "1"),
    }
    try:
        fix["speed_kmh"] = None if knots is None else float(knots) * KMH_PER_KNOT
    except ValueError:
        fix["speed_kmh"] = knots
    return fix


def traccar_fix(body: Mapping[str, Any]) -> dict[str, Any]:
    """One fix from the newer JSON form of the Traccar Client app; speed in metres a second, battery level 0 to 1."""
    location = body.get("location")
    location = location if isinstance(location, Mapping) else {}
    coords = location.get("coords")
    coords = coords if isinstance(coords, Mapping) else {}
    battery = location.get("battery")
    level = battery.get("level") if isinstance(battery, Mapping) else None

    def positive(name: str) -> Any:
        # The app says -1 where the receiver knows nothing.
        value = coords.get(name)
        return None if isinstance(value, (int, float)) and value < 0 else value

    speed = positive("speed")
    return {
        "at": location.get("timestamp"),
        "lat": coords.get("latitude"),
        "lon": coords.get("longitude"),
        "accuracy_m": positive("accuracy"),
        "heading_deg": positive("heading"),
        "speed_kmh": speed * 3.6 if isinstance(speed, (int, float)) else speed,
        "battery_percent": level * 100 if isinstance(level, (int, float)) and level >= 0 else None,
        "mock": bool(location.get("mock")),
    }


@router.api_route("/positions/osmand", methods=["GET", "POST"], response_class=Response, status_code=200)
async def osmand(request: Request, authorization: Authorization = None) -> Response:
    """The OsmAnd protocol as the Traccar Client app sends it: parameters in the address or a form, or its JSON.

    The device's token is the identifier (`id`, `deviceid` or `device_id`), or the bearer token. The answer is empty:
    200 when the fix is stored or refused for what it says (the app must not send it again), 401 when nobody knows the
    token.
    """
    values = dict(request.query_params.items())
    body: Any = None
    if request.method == "POST":
        raw = await request.body()
        kind = request.headers.get("content-type", "")
        if raw and "json" in kind:
            try:
                body = json.loads(raw)
            except (ValueError, RecursionError):
                raise Refused("bad_request", why="not JSON") from None
            if not isinstance(body, dict):
                raise Refused("bad_request", why="not an object")
        elif raw and "form" in kind:
            values |= {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    token = _number(values, "id", "deviceid", "token") or _bearer(authorization)
    if body is not None and not token:
        token = body.get("device_id") if isinstance(body.get("device_id"), str) else None
    device = await _known(token)
    await _store(device, [traccar_fix(body) if body is not None else osmand_fix(values)])
    return Response(status_code=200)


class OwnTracksMessage(BaseModel):
    """An OwnTracks message; other kinds than `location` are answered and left alone."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    kind: str = Field(alias="_type")
    tst: float | int | None = None
    lat: float | None = None
    lon: float | None = None
    acc: float | None = None
    vel: float | None = None
    cog: float | None = None
    batt: float | None = None


@router.post("/positions/owntracks", response_model=list[dict[str, Any]])
async def owntracks(message: OwnTracksMessage, authorization: Authorization = None) -> list[dict[str, Any]]:
    """OwnTracks in HTTP mode; the password of its basic authentication is the device's token."""
    device = await _known(_bearer(authorization) or _basic_password(authorization))
    if message.kind == "location":
        fix = {
            "at": message.tst,
            "lat": message.lat,
            "lon": message.lon,
            "accuracy_m": message.acc,
            "speed_kmh": message.vel,
            "heading_deg": message.cog,
            "battery_percent": message.batt,
        }
        await _store(device, [fix])
    return []


def _basic_password(authorization: str | None) -> str | None:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
    except ValueError:
        return None


@router.post("/shift", response_model=ShiftState)
async def shift(wanted: Shift, authorization: Authorization = None) -> ShiftState:
    """Switch the own shift on or off. Saying the same twice changes nothing."""
    device = await _known(_bearer(authorization))
    changed = await set_shift(device, on=wanted.on, now=time.time())
    return ShiftState(on=wanted.on, changed=changed)


@router.get("/positions/rejections", response_model=Refusals)
async def refused(days: Annotated[int, Field(ge=1, le=90)] = 7) -> Refusals:
    """Refused fixes in the viewer's scope, by reason."""
    found = await rejections(require_viewer(), days=days)
    return Refusals(days=days, reasons=[Refusals.Reason(**row) for row in found])
