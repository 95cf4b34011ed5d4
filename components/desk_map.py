"""Maps at the desk: our own vector ground, and the layers of a page. dash-leaflet stays behind this module.

Coordinates are WGS-84: bounds and centres as `[latitude, longitude]` in degrees, GeoJSON as RFC 7946 has it. Ground and
signs are drawn by `assets/js/desk`; nothing comes from a tile server, unless the settings name one.

A feature's properties: `key` (identifies it, also in a table beside), `label` (text or list of lines shown under the
pointer), and what its style draws from: `level` (1 to 4), `kind` (plain, good, warn, late, off), `state`, `value`,
`share` (0 to 1, a colour of the ramp), `heading` (degrees from north), `mark` (a short text on it).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import dash_leaflet as dl
from dash import html
from dash.development.base_component import Component

from components.attributes import attributes
from components.icons import icon
from components.map import CENTRE
from i18n import Language, t
from settings import get_settings

PointStyle = Literal["ticket", "risk", "customer", "district", "inspector", "check_in"]
AreaStyle = Literal["area", "choropleth", "fence"]
CLUSTER_RADIUS = 44


def _config() -> str:
    source = get_settings().map
    return json.dumps(source.model_dump() if source.tile_url else {})


def _zoom(action: str, icon_name: str, label: str) -> html.Button:
    return html.Button(
        icon(icon_name),
        type="button",
        className="button",
        title=label,
        **attributes({"data-desk-map": action, "aria-label": label}),
    )


def desk_map(
    *,
    id: str,
    label: str,
    language: Language,
    height: str = "360px",
    bounds: list[list[float]] | None = None,
    centre: Sequence[float] | None = None,
    zoom: float | None = None,
    layers: Sequence[Component] = (),
    legend: Any = None,
) -> html.Div:
    """A map of `height`. It first shows `bounds`, else `centre` at `zoom`, else the viewer's own area.

    The `dl.Map` in it has the `id` (`viewport`, `clickData`); `label` is read by screen readers, `legend` lies in the
    lower left corner.
    """
    view = {"bounds": bounds, "centre": list(centre) if centre else None, "zoom": zoom}
    return html.Div(
        [
            dl.Map(
                list(layers),
                id=id,
                className="desk-map",
                center=list(centre or CENTRE),
                zoom=zoom or 8,
                minZoom=5,
                maxZoom=19,
                zoomControl=False,
                attributionControl=False,
                preferCanvas=True,
                trackViewport=False,
                maxBounds=[[30.0, 100.0], [50.0, 130.0]],
                keyboard=True,
            ),
            html.Div(
                [
                    _zoom("in", "plus", t("desk.map_zoom_in", language)),
                    _zoom("out", "minus", t("desk.map_zoom_out", language)),
                    _zoom("home", "focus-2", t("desk.map_home", language)),
                ],
                className="desk-map__zoom",
                role="group",
                **attributes({"aria-label": t("map.zoom", language)}),
            ),
            html.Div(legend, className="desk-map__legend") if legend is not None else None,
            html.Div(html.Span(className="desk-map__scale-text number"), className="desk-map__scale"),
        ],
        className="desk-map-frame",
        style={"height": height},
        role="application",
        **attributes(
            {
                "aria-label": label,
                "data-language": language,
                "data-view": json.dumps(view),
                "data-config": _config(),
                "data-many": t("desk.map_points", language, n="{n}"),
            }
        ),
    )


def sign_legend(style: PointStyle, entries: Sequence[tuple[Mapping[str, Any], str]]) -> html.Ul:
    """What the signs of `style` mean: a feature's properties, and the words for it."""
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="signs__sign",
                        **attributes({"data-sign": style, "data-properties": json.dumps(dict(properties))}),
                    ),
                    html.Span(words),
                ]
            )
            for properties, words in entries
        ],
        className="signs",
    )


def ramp_legend(title: str, low: str, high: str) -> html.Div:
    """The scale of a choropleth: what it shows with its unit, and the values at its ends."""
    return html.Div(
        [
            html.Div(title),
            html.Div(className="ramp__bar"),
            html.Div([html.Span(low), html.Span(high)], className="ramp__ends number"),
        ],
        className="ramp",
    )


def _layer(id: Any, features: Mapping[str, Any], hideout: dict[str, Any], **more: Any) -> dl.GeoJSON:
    return dl.GeoJSON(
        id=id,
        data=dict(features),
        hideout=hideout,
        onEachFeature={"variable": "gridaudit.deskMap.prepare"},
        **more,
    )


def point_layer(
    id: Any,
    features: Mapping[str, Any],
    style: PointStyle,
    *,
    selected: str | None = None,
    cluster: bool = False,
) -> dl.GeoJSON:
    """Points (GeoJSON) as signs of `style`. `cluster` joins crowded ones; a click on such a group comes closer.

    A click on a sign arrives as `clickData` (the feature) and `n_clicks` of the layer.
    """
    groups = (
        {
            "cluster": True,
            "zoomToBoundsOnClick": True,
            "superClusterOptions": {"radius": CLUSTER_RADIUS, "maxZoom": 16},
            "clusterToLayer": {"variable": "gridaudit.deskMap.cluster"},
        }
        if cluster
        else {}
    )
    return _layer(
        id,
        features,
        {"style": style, "selected": selected},
        pointToLayer={"variable": "gridaudit.deskMap.point"},
        **groups,
    )


def area_layer(
    id: Any,
    features: Mapping[str, Any],
    style: AreaStyle,
    *,
    selected: str | None = None,
    domain: tuple[float, float] | None = None,
) -> dl.GeoJSON:
    """Areas (GeoJSON) of `style`. A choropleth is coloured by `value` within `domain`; without one it is grey."""
    return _layer(
        id,
        features,
        {"style": style, "selected": selected, "domain": list(domain) if domain else None},
        style={"variable": "gridaudit.deskMap.area"},
    )
