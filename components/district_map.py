"""A district on the map: transformer, service area, customers in one of four colourings. Feeders are on the ground."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_args

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components.attributes import attributes
from components.desk_map import area_layer, desk_map, point_layer
from i18n import Language, t

Row = Mapping[str, Any]
Colouring = Literal["risk", "loss", "arrears", "category"]
COLOURINGS: tuple[Colouring, ...] = get_args(Colouring)
UNAVAILABLE: frozenset[Colouring] = frozenset({"arrears"})
"""Colourings that have no data: payments are not in this system yet."""
CUSTOMERS = "district-customers"
LEVEL_SHAPES = {1: "diamond", 2: "triangle", 3: "circle", 4: "circle"}
CATEGORIES: dict[str, tuple[int, str]] = {
    "residential": (1, "circle"), "commercial_industrial": (3, "square"), "agricultural": (2, "triangle"),
}  # fmt: skip
"""Category → series colour and shape."""
ROOM_DEGREES = 0.0012
"""Air around a district that has neither area nor customers with a place."""


def customer_features(customers: Sequence[Row], colouring: Colouring, language: Language) -> dict[str, Any]:
    """The customers as points (GeoJSON); colour and shape say what the colouring is about, the label says it."""
    most = max((row["loss_kwh"] or Decimal(0) for row in customers), default=Decimal(0))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row["number"],
                "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
                "properties": {
                    "key": row["number"],
                    "label": [f"{row['name'] or ''} {row['number']}".strip(), _said(row, colouring, language)],
                    **_look(row, colouring, most),
                },
            }
            for row in customers
            if row["lon"] is not None
        ],
    }


def _look(row: Row, colouring: Colouring, most: Decimal) -> dict[str, Any]:
    match colouring:
        case "risk":
            level = row["risk_level"]
            return {"level": level, "shape": LEVEL_SHAPES[level]} if level else {"kind": "off", "shape": "circle"}
        case "loss":
            if not row["loss_kwh"] or most == 0:
                return {"kind": "off", "shape": "circle"}
            share = row["loss_kwh"] / most
            return {"share": float(share), "shape": "diamond" if share >= Decimal("0.5") else "circle"}
        case "category":
            series, shape = CATEGORIES.get(row["category"], (4, "circle"))
            return {"series": series, "shape": shape}
    return {"kind": "off", "shape": "circle"}


def _said(row: Row, colouring: Colouring, language: Language) -> str:
    match colouring:
        case "risk":
            if not row["risk_level"]:
                return t("district.customer_no_risk", language)
            return t(
                "district.customer_risk",
                language,
                level=fmt.roman(row["risk_level"]),
                n=row["risk_points"],
                score=row["risk_score"],
            )
        case "loss":
            if row["loss_kwh"] is None:
                return t("district.customer_no_compare", language)
            return t("district.customer_loss", language, kwh=fmt.number(row["loss_kwh"], language, 2))
        case "category":
            return t(f"drill.category_{row['category']}", language)
    return t("district.no_arrears", language)


def legend(customers: Sequence[Row], colouring: Colouring, language: Language) -> list[Component]:
    """What colours and shapes mean, with numbers."""

    def item(look: str, text: str) -> Component:
        return html.Div([html.Span(className=f"sign {look}"), html.Span(text)], className="legend-item")

    match colouring:
        case "risk":
            counts = {level: sum(row["risk_level"] == level for row in customers) for level in (1, 2, 3, 4)}
            items = [
                item(f"sign--{LEVEL_SHAPES[level]} sign--level-{level}", f"{fmt.roman(level)} · {counts[level]}")
                for level in counts
            ]
            none = len(customers) - sum(counts.values())
            items.append(item("sign--circle sign--hollow", t("district.legend_no_risk", language, n=none)))
        case "loss":
            most = max((row["loss_kwh"] or Decimal(0) for row in customers), default=Decimal(0))
            items = [
                html.Div(
                    [
                        html.Span("0"), html.Span(className="ramp-line"), html.Span(fmt.kilowatt_hours(most, language)),
                    ],
                    className="legend-item",
                ),
                item("sign--circle sign--hollow", t("district.legend_nothing", language)),
            ]  # fmt: skip
        case "category":
            items = [
                item(f"sign--{shape} sign--series-{series}", f"{t(f'drill.category_{name}', language)} · {number}")
                for name, (series, shape) in CATEGORIES.items()
                if (number := sum(row["category"] == name for row in customers))
            ]
        case _:
            items = [html.Div(t("district.no_arrears", language), className="legend-item")]
    return [html.Div(t(f"district.colour_{colouring}", language), className="legend-title"), *items]


def _collection(*geometries: tuple[str, Any, dict[str, Any]]) -> dict[str, Any]:
    features = [
        {"type": "Feature", "id": key, "geometry": geometry, "properties": {"key": key, **properties}}
        for key, geometry, properties in geometries
        if geometry is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def geometry_of(text: str | None) -> Any:
    """A geometry from its GeoJSON text."""
    return json.loads(text) if text else None


def bounds_of(file: Row, customers: Sequence[Row]) -> list[list[float]]:
    """South-west and north-east corner, as [latitude, longitude], of a district with its area and customers."""
    places = [(row["lat"], row["lon"]) for row in customers if row["lon"] is not None]
    area = geometry_of(file["service_area"])
    if area:
        places += [(lat, lon) for ring in area["coordinates"] for lon, lat in ring]
    places += [(file["lat"] - ROOM_DEGREES, file["lon"] - ROOM_DEGREES),
               (file["lat"] + ROOM_DEGREES, file["lon"] + ROOM_DEGREES)]  # fmt: skip
    return [[min(lat for lat, _ in places), min(lon for _, lon in places)],
            [max(lat for lat, _ in places), max(lon for _, lon in places)]]  # fmt: skip


def district_map(
    file: Row, customers: Sequence[Row], colouring: Colouring, language: Language, *, height: str = "420px"
) -> Component:
    """The map; its customer layer has the id `district-customers`, its legend `district-legend`."""
    point = {"type": "Point", "coordinates": [file["lon"], file["lat"]]}
    transformer = _collection(
        (file["code"], point, {"mark": "T", "label": [file["name"], f"{file['capacity_kva']} kVA"]})
    )
    area = _collection((f"area-{file['code']}", geometry_of(file["service_area"]), {}))
    return desk_map(
        id="district-map",
        label=t("district.map_label", language, name=file["name"]),
        language=language,
        height=height,
        bounds=bounds_of(file, customers),
        layers=[
            area_layer("district-area", area, "fence"),
            point_layer(CUSTOMERS, customer_features(customers, colouring, language), "customer"),
            point_layer("district-transformer", transformer, "district"),
        ],
        legend=html.Div(
            legend(customers, colouring, language),
            id="district-legend",
            **attributes({"aria-live": "polite"}),
        ),
    )
