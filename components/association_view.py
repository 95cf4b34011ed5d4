"""What tends to occur with an anomaly type: a table of measures and a small graph of the same."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from audit.association import Association, association_rule
from components import format as fmt
from components.charts import chart
from components.map_words import anomaly_name, pill
from components.notice import empty_state
from components.table import Column, table
from components.theme import Theme, tokens
from i18n import Language, t

SHOWN_IN_GRAPH = 8
_SHORT = 9
"""Characters of a name in the graph; the whole name stands in the table and under the pointer."""


def _percent(share: Any, language: Language) -> str:
    return f"{fmt.number(float(share * 100), language, 1)} %"


def association_table(found: Sequence[Association], language: Language, *, key: str) -> Component:
    """Noteworthy ones first."""
    columns = [
        Column(t("risk_point.other", language), lambda row: anomaly_name(row["of"].kind, language)),
        Column(
            t("risk_point.cases", language), lambda row: fmt.number(row["of"].cases, language), "number",
            lambda row: row["of"].cases,
        ),
        Column(
            t("risk_point.support", language), lambda row: _percent(row["of"].support, language), "number",
            lambda row: float(row["of"].support),
        ),
        Column(
            t("risk_point.confidence", language), lambda row: _percent(row["of"].confidence, language), "number",
            lambda row: float(row["of"].confidence),
        ),
        Column(
            t("risk_point.lift", language), lambda row: fmt.number(float(row["of"].lift), language, 2), "number",
            lambda row: float(row["of"].lift),
        ),
        Column(
            "",
            lambda row: pill("late", t("risk_point.noteworthy", language))
            if row["of"].noteworthy
            else pill("off", t("risk_point.weak", language)),
        ),
    ]  # fmt: skip
    caption, nothing = t("risk_point.association", language), t("risk_point.association_none", language)
    return table(columns, [{"of": one} for one in found], caption=caption, empty=nothing, key=key)


def association_figure(subject: str, found: Sequence[Association], language: Language, theme: Theme) -> go.Figure:
    """The subject in the middle, the others around it: the line is as thick as the lift, the disc as large as the
    number of cases; a hollow disc has too little evidence.
    """
    colour = tokens()[theme]
    shown = list(found[:SHOWN_IN_GRAPH])
    figure = go.Figure()
    places = []
    for n, one in enumerate(shown):
        turn = math.pi / 2 + 2 * math.pi * n / len(shown)
        x, y = math.cos(turn), math.sin(turn)
        places.append((x, y))
        figure.add_scatter(
            x=[0, x], y=[0, y], mode="lines", hoverinfo="skip",
            line={
                "width": 1 + min(7.0, float(one.lift)), "color": colour["late" if one.noteworthy else "panel-edge"],
            },
        )  # fmt: skip
    figure.add_scatter(
        x=[0, *(x for x, _ in places)],
        y=[0, *(y for _, y in places)],
        mode="markers+text",
        marker={
            "size": [30, *(14 + 4 * math.sqrt(one.cases) for one in shown)],
            "color": [
                colour["accent"],
                *(colour["late"] if one.noteworthy else colour["panel"] for one in shown),
            ],
            "line": {"width": 2, "color": [colour["accent"], *(
                colour["late" if one.noteworthy else "quiet"] for one in shown)]},
        },
        text=[_short(subject, language), *(_short(one.kind, language) for one in shown)],
        textposition=["bottom center", *("top center" if y >= -0.1 else "bottom center" for _, y in places)],
        textfont={"size": 12},
        hovertext=[anomaly_name(subject, language), *(_said(one, language) for one in shown)],
        hoverinfo="text",
    )  # fmt: skip
    axis = {"visible": False, "fixedrange": True}
    return figure.update_layout(
        showlegend=False, xaxis={**axis, "range": [-1.75, 1.75]}, yaxis={**axis, "range": [-1.5, 1.5]},
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
    )  # fmt: skip


def _short(kind: str, language: Language) -> str:
    name = anomaly_name(kind, language)
    most = _SHORT if language == "zh" else 2 * _SHORT
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _said(one: Association, language: Language) -> str:
    return "<br>".join(
        [
            anomaly_name(one.kind, language),
            f"{t('risk_point.lift', language)} {fmt.number(float(one.lift), language, 2)}",
            f"{t('risk_point.cases', language)} {fmt.number(one.cases, language)}",
        ]
    )


def association_view(
    subject: str, found: Sequence[Association], language: Language, theme: Theme, *, key: str
) -> Component:
    """Graph and table; said in words where nothing occurred together."""
    rule = association_rule()
    notes = html.P(
        [
            t(
                "risk_point.association_rule", language, lift=str(rule.lift_above), cases=rule.cases_at_least,
                certainty=t(f"drill.certainty_{rule.certainty}", language),
            ),
            " ",
            t("risk_point.contractor", language),
        ],
        className="quiet small",
    )  # fmt: skip
    if not found:
        return html.Div([empty_state(t("risk_point.association_none", language), name="stack-2"), notes])
    label = t("risk_point.graph_label", language, kind=anomaly_name(subject, language))
    return html.Div(
        [
            html.Div(
                [
                    chart(
                        association_figure(subject, found, language, theme), id="risk-graph", label=label, height=280
                    ),
                    association_table(found, language, key=key),
                ],
                className="columns association",
                style={"--columns": "minmax(0, 1fr) minmax(0, 1.3fr)"},
            ),
            notes,
        ]
    )
