"""What a photo says of itself (EXIF): when, where, with what camera. Read with suspicion, kept apart from the picture.

Pure: tags in, facts out. EXIF times have no zone unless the newer offset tag is there; without it the utility's zone is
assumed and said so. Whatever cannot be true (a year 0, latitude 95, the point 0/0) is left out and named in `doubts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

MAKE, MODEL, SOFTWARE, ORIENTATION, DATE_TIME = 0x010F, 0x0110, 0x0131, 0x0112, 0x0132
ORIGINAL, OFFSET_ORIGINAL = 0x9003, 0x9011
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE, GPS_TIME, GPS_DATE = 1, 2, 3, 4, 5, 6, 7, 29
CLOCKS_AGREE = timedelta(minutes=10)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Said:
    """A photo's own words. Longitude and latitude in degrees (WGS-84), altitude in metres."""

    taken_at: datetime | None = None
    zone_assumed: bool = False
    longitude: float | None = None
    latitude: float | None = None
    altitude_m: float | None = None
    satellite_time: datetime | None = None
    camera: str = ""
    software: str = ""
    doubts: tuple[str, ...] = field(default=())
    """Codes, texts `evidence.doubt_<code>`."""

    def as_json(self) -> dict[str, Any]:
        """As stored in `evidence.metadata`; what is not known is left out."""
        told = {
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
            "zone_assumed": self.zone_assumed or None,
            "longitude": self.longitude,
            "latitude": self.latitude,
            "altitude_m": self.altitude_m,
            "satellite_time": self.satellite_time.isoformat() if self.satellite_time else None,
            "camera": self.camera or None,
            "software": self.software or None,
            "doubts": list(self.doubts) or None,
        }
        return {name: value for name, value in told.items() if value is not None}


def read_metadata(
    main: Mapping[int, Any], detail: Mapping[int, Any], gps: Mapping[int, Any], *, now: datetime, zone: tzinfo
) -> Said:
    """Facts out of the three directories of EXIF tags. Nothing in them raises: what is not as it should be is a doubt.

    `now` tells a time in the future; `zone` is assumed where the camera wrote none.
    """
    doubts: list[str] = []
    taken, assumed = _taken(main, detail, zone, doubts)
    satellite = _satellite_time(gps, doubts)
    longitude, latitude = _place(gps, doubts)
    if taken is not None and taken > now + CLOCKS_AGREE:
        doubts.append("future")
    if taken is not None and satellite is not None and abs(taken - satellite) > CLOCKS_AGREE:
        doubts.append("clocks_differ")
    camera = " ".join(part for part in (_text(main.get(MAKE)), _text(main.get(MODEL))) if part)
    return Said(
        taken_at=taken,
        zone_assumed=assumed,
        longitude=longitude,
        latitude=latitude,
        altitude_m=_altitude(gps),
        satellite_time=satellite,
        camera=camera[:MOST_TEXT],
        software=_text(main.get(SOFTWARE)),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    return "".join(sign for sign in value if sign.isprintable()).strip()[:MOST_TEXT]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None  # not-a-number fails the comparison too


def _taken(
    main: Mapping[int, Any], detail: Mapping[int, Any], zone: tzinfo, doubts: list[str]
) -> tuple[datetime | None, bool]:
    written = _text(detail.get(ORIGINAL)) or _text(main.get(DATE_TIME))
    if not written:
        return None, False
    try:
        local = datetime.strptime(written[:19], "%Y:%m:%d %H:%M:%S")  # EXIF has no zone here
    except ValueError:
        doubts.append("time_unreadable")
        return None, False
    offset = _text(detail.get(OFFSET_ORIGINAL))
    try:
        moment, assumed = datetime.fromisoformat(f"{local.isoformat()}{offset}"), False
        if not offset:
            moment, assumed = local.replace(tzinfo=zone), True
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        doubts.append("time_unreadable")
        return None, False
    if moment < EARLIEST:
        doubts.append("time_implausible")
        return None, False
    return moment, assumed


def _satellite_time(gps: Mapping[int, Any], doubts: list[str]) -> datetime | None:
    day, clock = _text(gps.get(GPS_DATE)), gps.get(GPS_TIME)
    if not day or not isinstance(clock, tuple | list) or len(clock) != 3:
        return None
    parts = [_number(part) for part in clock]
    try:
        hours, minutes, seconds = (int(part) for part in parts if part is not None)
        moment = datetime.strptime(day[:10].replace("-", ":"), "%Y:%m:%d").replace(tzinfo=UTC)
        moment += timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        doubts.append("time_unreadable")
        return None
    return moment if moment >= EARLIEST else None


def _degrees(value: Any, reference: Any, negative: str) -> float | None:
    if not isinstance(value, tuple | list) or len(value) != 3:
        return None
    parts = [_number(part) for part in value]
    if any(part is None or part < 0 for part in parts):
        return None
    degrees, minutes, seconds = (part or 0.0 for part in parts)
    found = degrees + minutes / 60 + seconds / 3600
    return round(-found if _text(reference).upper() == negative else found, 6)


def _place(gps: Mapping[int, Any], doubts: list[str]) -> tuple[float | None, float | None]:
    if LATITUDE not in gps and LONGITUDE not in gps:
        return None, None
    latitude = _degrees(gps.get(LATITUDE), gps.get(LATITUDE_REF), "S")
    longitude = _degrees(gps.get(LONGITUDE), gps.get(LONGITUDE_REF), "W")
    if latitude is None or longitude is None:
        doubts.append("place_unreadable")
        return None, None
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        doubts.append("place_implausible")
        return None, None
    return longitude, latitude


def _altitude(gps: Mapping[int, Any]) -> float | None:
    metres = _number(gps.get(ALTITUDE))
    if metres is None or metres > 10_000:
        return None
    below = gps.get(ALTITUDE_REF) in (1, b"\x01")
    return round(-metres if below else metres, 1)
