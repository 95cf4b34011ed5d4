"""Charts at the desk: Plotly figures in our colours, without tool bar, named for screen readers."""

from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attributes
from components.desk import request_theme
from components.theme import Theme, template

CONFIG: Any = {"displayModeBar": False, "displaylogo": False, "responsive": True, "scrollZoom": False}
"""No tool bar: what a chart shows is exported as a table."""


def themed(figure: go.Figure, theme: Theme) -> go.Figure:
    """The figure with the template of `theme`; for callbacks that answer with a figure (`request_theme()`)."""
    return figure.update_layout(template=template(theme))


def chart(figure: go.Figure, *, id: str, label: str, height: int = 260) -> Component:
    """A chart of `height` pixels. `label` says what it shows to whoever can't see it; the `dcc.Graph` has the `id`."""
    figure = themed(figure, request_theme()).update_layout(height=height, autosize=True)
    return html.Div(
        dcc.Graph(id=id, figure=figure, config=CONFIG, responsive=True, style={"height": f"{height}px"}),
        className="chart",
        role="img",
        **attributes({"aria-label": label}),
    )
