"""A customer in its district: the place, the service area, the transformer."""

from collections.abc import Mapping
from typing import Any

from dash.development.base_component import Component

from components.desk_map import area_layer, desk_map, point_layer
from components.district_map import ROOM_DEGREES, geometry_of
from components.notice import empty_state
from i18n import Language, t


def customer_map(file: Mapping[str, Any], language: Language) -> Component:
    """The map; says so where neither customer nor district has a place."""
    points = [
        (file["lat"], file["lon"], "customer"),
        (file["district_lat"], file["district_lon"], "district"),
    ]
    known = [(lat, lon) for lat, lon, _ in points if lat is not None]
    if not known:
        return empty_state(t("customer.no_place", language), name="map-pin-off")
    area = geometry_of(file["service_area"])
    shown = known + [(lat, lon) for ring in (area["coordinates"] if area else []) for lon, lat in ring]
    bounds = [
        [min(lat for lat, _ in shown) - ROOM_DEGREES / 2, min(lon for _, lon in shown) - ROOM_DEGREES / 2],
        [max(lat for lat, _ in shown) + ROOM_DEGREES / 2, max(lon for _, lon in shown) + ROOM_DEGREES / 2],
    ]
    labels = {
        "customer": (file["number"], f"{file['name'] or ''} {file['number']}".strip(), {}),
        "district": (file["district_code"], file["district"] or file["district_code"], {"mark": "T"}),
    }

    def collection(kind: str, lat: float | None, lon: float | None) -> dict[str, Any]:
        key, label, more = labels[kind]
        features = [
            {
                "type": "Feature",
                "id": key,
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"key": key, "label": label, **more},
            }
        ]
        return {"type": "FeatureCollection", "features": features if lat is not None else []}

    fence = [{"type": "Feature", "id": "area", "geometry": area, "properties": {"key": "area"}}] if area else []
    return desk_map(
        id="customer-map",
        label=t("customer.map_label", language),
        language=language,
        height="380px",
        bounds=bounds,
        layers=[
            area_layer("customer-area", {"type": "FeatureCollection", "features": fence}, "fence"),
            point_layer("customer-district", collection("district", points[1][0], points[1][1]), "district"),
            point_layer("customer-point", collection("customer", points[0][0], points[0][1]), "customer"),
        ],
    )
