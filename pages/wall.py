"""The wall: where everyone is, what is in work, where risk is; live."""

import dash
import dash_leaflet as dl
from dash import html

dash.register_page(__name__, path="/", title="gridaudit")


async def layout(**_: str) -> html.Div:
    """The screen."""
    return html.Div(dl.Map(center=[40.2, 117.5], zoom=7, style={"height": "100vh"}, preferCanvas=True))
