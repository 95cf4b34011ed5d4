"""A ticket of a list as rows of the table and signs of the map show it: words, kinds, places."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from audit.workflow_states import Status
from components import format as fmt
from components.map_words import anomaly_name, deadline_kind, status_word
from i18n import Language, t
from settings import DISPLAY_ZONE

Kind = Literal["plain", "good", "warn", "late", "off"]
_STATUS_KINDS: Mapping[int, Kind] = {
    Status.ARCHIVED: "good",
    Status.RETURNED: "warn",
    Status.SUSPENDED: "off",
    Status.VOID: "off",
}


def deadline(row: Mapping[str, Any], now: datetime, language: Language) -> tuple[Kind, str]:
    """The deadline in words, and what kind of news it is: each kind has a colour and a sign of its own."""
    if row["closed_at"] is not None:
        return "off", t("ticket_list.closed_on", language, day=fmt.day(row["closed_at"], language))
    if row["status"] == Status.SUSPENDED:
        return "off", t("ticket_list.clock_stopped", language)
    due: datetime = row["due_at"]
    words = fmt.deadline(due, now, language)
    if due < now:
        return "late", words
    if due.astimezone(DISPLAY_ZONE).date() == now.astimezone(DISPLAY_ZONE).date():
        return "warn", t("ticket_list.due_today_at", language, clock=fmt.clock(due, language))
    return "plain", words


def status_kind(status: int) -> Kind:
    """What kind of news a state is."""
    return _STATUS_KINDS.get(status, "plain")


def unit_name(row: Mapping[str, Any], language: Language) -> str:
    """The unit in charge, or the object's station before a dispatch."""
    return row[f"assigned_{language}"] or row[f"unit_{language}"] or row["assigned_unit"] or fmt.NOTHING


def object_name(row: Mapping[str, Any]) -> str:
    """What the ticket is about: a customer by number, else a district by name."""
    return row["customer_number"] or row["district"] or row["district_code"] or fmt.NOTHING


def grid_row(row: Mapping[str, Any], now: datetime, language: Language) -> dict[str, Any]:
    """A row as the table takes it: texts ready to be shown, and the place for the map."""
    kind, words = deadline(row, now, language)
    return {
        "number": row["number"],
        "level": fmt.roman(row["level"]),
        "risk": row["level"],
        "anomaly": anomaly_name(row["anomaly_code"], language),
        "code": row["anomaly_code"],
        "status": status_word(row["status"], language),
        "status_kind": status_kind(row["status"]),
        "due": words,
        "due_kind": kind,
        "due_title": fmt.moment(row["due_at"], language),
        "unit": unit_name(row, language),
        "object": object_name(row),
        "handler": row["handler"] or t("ticket_list.nobody", language),
        "opened": fmt.day(row["opened_at"], language),
        "closed": fmt.day(row["closed_at"], language),
        "lon": row["lon"],
        "lat": row["lat"],
    }


def features(points: Iterable[Mapping[str, Any]], now: datetime, language: Language) -> dict[str, Any]:
    """GeoJSON (WGS-84) of the tickets that have a place, for `desk_map.point_layer` of style `ticket`."""
    found = []
    for point in points:
        kind, words = deadline(point, now, language)
        left = None if kind == "off" else (point["due_at"] - now).total_seconds()
        found.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(point["lon"], 6), round(point["lat"], 6)]},
                "properties": {
                    "key": point["number"],
                    "level": point["level"],
                    "state": deadline_kind(left),
                    "label": [
                        f"{point['number']} · {fmt.roman(point['level'])}",
                        anomaly_name(point["anomaly_code"], language),
                        f"{status_word(point['status'], language)} · {words}",
                    ],
                },
            }
        )
    return {"type": "FeatureCollection", "features": found}
