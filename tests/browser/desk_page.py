"""A page that exists in tests only: every part of the desk shell once. Served as `tests.browser.desk_page:server`."""

from typing import Any

import dash
import plotly.graph_objects as go
from dash import Input, Output, callback, dcc, html

import app
from components.charts import chart
from components.desk import Crumb, KeyFigure, columns, desk, facts, not_found, request_language, request_theme, section
from components.desk_map import area_layer, desk_map, point_layer, sign_legend
from components.grid import grid, link_column, number_column, pill_column

PATH = "/desk-parts"
ROWS = [
    {"number": f"T{i:02d}", "amount": f"{i}234.5{i}", "state": "late" if i % 2 else "on time", "kind": "late"}
    for i in range(1, 9)
]


def _points(count: int) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [118.17 + i * 0.004, 39.635]},
                "properties": {"key": f"T{i:02d}", "label": f"<b>T{i:02d}</b>", "level": 1 + i % 4, "state": "time"},
            }
            for i in range(1, count + 1)
        ],
    }


FENCE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[118.16, 39.62], [118.22, 39.62], [118.22, 39.65], [118.16, 39.65], [118.16, 39.62]]],
            },
            "properties": {"key": "fence"},
        }
    ],
}


async def layout(lang: str | None = None, **_: str) -> html.Div:
    """Every part once."""
    language = request_language(lang)
    figure = go.Figure(go.Bar(x=["2026-01", "2026-02", "2026-03"], y=[3, 5, 4]))
    return desk(
        active="tickets",
        language=language,
        title="稽查工单 T01",
        crumbs=[Crumb("State Grid Jibei", "/"), Crumb("唐山", PATH), Crumb("T01")],
        figures=[KeyFigure("Overdue", "17", "of 486", "late"), KeyFigure("Recovered", "¥78,770.22")],
        body=[
            columns(
                section("File", facts([("Capacity", "400 kVA"), ("Phone", None)])),
                section(
                    "Map",
                    desk_map(
                        id="near",
                        label="Near",
                        language=language,
                        bounds=[[39.625, 118.165], [39.645, 118.21]],
                        layers=[area_layer("fence", FENCE, "fence"), point_layer("tickets", _points(8), "ticket")],
                        legend=sign_legend("ticket", [({"level": 1, "state": "time"}, "on time")]),
                    ),
                    html.P(id="clicked"),
                ),
                template="280px minmax(0, 1fr)",
            ),
            section("Chart", chart(figure, id="chart", label="Three months")),
            section(
                "Table",
                grid(
                    id="table",
                    language=language,
                    theme=request_theme(),
                    key="number",
                    rows=ROWS,
                    columns=[
                        link_column("number", "Number", PATH + "?sel={number}"),
                        number_column("amount", "Yuan", 2),
                        pill_column("state", "State", "kind"),
                    ],
                ),
            ),
            html.Button("Show", id="open", type="button"),
            html.Div(
                desk_map(id="hidden-map", label="Later", language=language, layers=[]),
                id="tab",
                style={"display": "none"},
            ),
            html.Div(dcc.Input(id="field"), id="field-room"),
            not_found(language, "T99"),
        ],
    )


@callback(Output("clicked", "children"), Input("tickets", "clickData"), prevent_initial_call=True)
async def clicked(feature: dict[str, Any]) -> str:
    """The key of the sign that was clicked."""
    return str(feature["properties"]["key"])


@callback(Output("tab", "style"), Input("open", "n_clicks"), prevent_initial_call=True)
async def show(_: int) -> dict[str, str]:
    """Shows what a closed tab held."""
    return {}


dash.register_page("desk_parts", path=PATH, title="Desk parts", layout=layout)
server = app.server
