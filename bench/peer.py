"""The plain way, as a peer: `read_postgis` → GeoJSON → `dcc.Interval`, one page that polls.

It is what a first version of such a dashboard usually is, with the same rows in the same database. It runs as a process
of its own (`python -m bench.peer PORT DATABASE_URL`), so that its CPU can be read from /proc like the product's.
"""

import json
import sys

import dash_leaflet as dl
import geopandas
import uvicorn
from dash import Dash, Input, Output, dcc, html
from sqlalchemy import create_engine

from data_access.engine import async_url

QUERY = (
    "SELECT p.employee_number, e.name, p.heading_deg, p.speed_kmh, p.activity, p.fixed_at::text AS fixed_at,"
    " ST_SetSRID(ST_MakePoint(p.longitude, p.latitude), 4326) AS geometry"
    " FROM inspector_position p JOIN employee e ON e.number = p.employee_number"
)


def build(database_url: str) -> Dash:
    """The peer's page."""
    engine = create_engine(async_url(database_url))
    page = Dash(__name__, backend="fastapi")
    page.layout = html.Div([dl.Map([dl.GeoJSON(id="people")], id="map"), dcc.Interval(id="tick", interval=1000)])

    @page.callback(Output("people", "data"), Input("tick", "n_intervals"))
    def _refresh(_ticks: int | None) -> dict:  # The plain way is a plain `def`: that is the point.
        frame = geopandas.read_postgis(QUERY, engine, geom_col="geometry")
        return json.loads(frame.to_json())

    return page


if __name__ == "__main__":
    uvicorn.run(build(sys.argv[2]).server, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
