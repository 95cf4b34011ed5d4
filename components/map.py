"""The map: the only place that knows dash-leaflet. Layers are drawn by `assets/js/map`; it finds the map by its class.

Nothing that moves is a Dash component: markers, trails and tickets come over the product's own socket onto canvases.
"""

import dash_leaflet as dl
from dash import html

from components.attributes import attributes

CENTRE = (40.75, 117.0)
"""Latitude and longitude (WGS-84) of the first view, before the borders in scope are known."""


def wall_map(label: str) -> html.Div:
    """The wall's map; `label` is read by screen readers."""
    return html.Div(
        [
            dl.Map(
                id="wall-map",
                className="wall-map",
                center=list(CENTRE),
                zoom=8,
                minZoom=6,
                maxZoom=18,
                zoomControl=False,
                attributionControl=False,
                preferCanvas=True,
                trackViewport=False,
                maxBounds=[[36.0, 109.0], [45.5, 125.0]],
                keyboard=True,
            ),
            html.Div(id="map-tip", className="tip", hidden=True),
        ],
        className="map-frame",
        role="application",
        **attributes({"aria-label": label}),
    )
