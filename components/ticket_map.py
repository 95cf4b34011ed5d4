"""Where a ticket is: its object, its district, the check-ins, and similar closed cases near by."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components import format as fmt
from components.desk_map import desk_map, point_layer
from components.ticket_evidence import is_doubtful
from components.ticket_words import Names, finding_word, full_moment
from data_access.ticket_similar import SimilarCase
from i18n import Language, t

Feature = dict[str, Any]
FRAME = 0.004
"""Degrees around a lone point: about 400 m."""


def _feature(longitude: float, latitude: float, **properties: Any) -> Feature:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "properties": properties,
    }


def _collection(features: Sequence[Feature]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _frame(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Bounds ([latitude, longitude] twice) around points given as (longitude, latitude)."""
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    return [
        [min(latitudes) - FRAME, min(longitudes) - FRAME],
        [max(latitudes) + FRAME, max(longitudes) + FRAME],
    ]


def ticket_map(
    row: Mapping[str, Any],
    check_ins: Sequence[Mapping[str, Any]],
    similar: Sequence[SimilarCase],
    names: Names,
    urgency: str,
    language: Language,
) -> html.Div | None:
    """The map; None where the object has no place. It frames object and check-ins; similar cases lie where they are."""
    if row["longitude"] is None:
        return None
    here = (row["longitude"], row["latitude"])
    kind = {"overdue": "late", "soon": "warn"}.get(urgency, "plain")
    ticket = _feature(
        *here, key=row["number"], label=[row["number"], row[f"anomaly_{language}"]], level=row["level"], kind=kind,
        mark=fmt.roman(row["level"]),
    )  # fmt: skip
    seen = [
        _feature(
            one["longitude"],
            one["latitude"],
            key=str(one["id"]),
            label=[
                names.person(one["employee_number"], language),
                full_moment(one["at"], language),
                t("ticket_page.presence", language, score=one["score"]),
            ],
            kind="warn" if is_doubtful(one) else "good",
        )
        for one in check_ins
    ]
    cases = [
        _feature(
            case.longitude,
            case.latitude,
            key=case.number,
            label=[case.number, finding_word(case.finding, language) or "", full_moment(case.closed_at, language)],
            level=case.level,
            kind="off",
            mark=fmt.roman(case.level),
        )
        for case in similar
    ]
    return desk_map(
        id="ticket-map",
        label=t("ticket_page.map", language),
        language=language,
        height="300px",
        bounds=_frame([here, *((one["longitude"], one["latitude"]) for one in check_ins)]),
        layers=[
            point_layer("ticket-map-similar", _collection(cases), "ticket"),
            point_layer("ticket-map-check-ins", _collection(seen), "check_in"),
            point_layer("ticket-map-ticket", _collection([ticket]), "ticket", selected=row["number"]),
        ],
    )
