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


_HOUR, _DAY, _MONTH, _YEAR = 3_600_000, 86_400_000, "M1", "M12"
TIME_STEPS: list[dict[str, Any]] = [
    {"dtickrange": [None, _HOUR], "value": "%H:%M"},
    {"dtickrange": [_HOUR, _DAY], "value": "%m-%d %H:%M"},
    {"dtickrange": [_DAY, _MONTH], "value": "%m-%d"},
    {"dtickrange": [_MONTH, _YEAR], "value": "%Y-%m"},
    {"dtickrange": [_YEAR, None], "value": "%Y"},
]
"""Labels of a time axis in numbers: the same in both languages."""


def themed(figure: go.Figure, theme: Theme) -> go.Figure:
    """The figure with the template of `theme`; for callbacks that answer with a figure (`request_theme()`)."""
    figure.update_layout(template=template(theme))
    if figure.layout.title.text is None and figure.layout.margin.t is None:
        figure.update_layout(margin_t=8)  # the card has the title: no room is kept for another
    return figure.update_xaxes(tickformatstops=TIME_STEPS)


def chart(figure: go.Figure, *, id: str, label: str, height: int = 260) -> Component:
    """A chart of `height` pixels. `label` says what it shows to whoever can't see it; the `dcc.Graph` has the `id`."""
    figure = themed(figure, request_theme()).update_layout(height=height, autosize=True)
    return html.Div(
        dcc.Graph(id=id, figure=figure, config=CONFIG, responsive=True, style={"height": f"{height}px"}),
        className="chart",
        role="img",
        **attributes({"aria-label": label}),
    )
