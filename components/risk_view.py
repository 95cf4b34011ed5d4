"""The parts of a risk point's page: head figures, file, score, rule, the data that raised it, its like."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from audit.performance import rate
from components import format as fmt
from components.audit_lists import RISK_KINDS, code_word
from components.desk import KeyFigure, facts
from components.loss_chart import loss_figure
from components.map_words import anomaly_name, pill
from components.notice import empty_state
from components.object_links import thing
from components.result_bars import result_bars
from components.risk_facts import held_against
from components.table import Column, table
from components.theme import Theme, tokens
from components.ticket_score import Part, score_parts
from components.usage_chart import by_day
from data_access.bill_input import month_after
from data_access.risk_reads import RiskPage, detection_day
from i18n import Language, t

Row = Mapping[str, Any]
ENDS = {"confirmed": "late", "rejected": "good", "unable": "warn", "void": "off", "open": "accent"}
"""How tickets of a type ended → the colour of its bar; the word stands beside it."""


def state_pill(file: Row, language: Language) -> Component:
    """The state in a word."""
    return pill(RISK_KINDS.get(file["state"], "plain"), t(f"wall.risk_state_{file['state']}", language))


def figures(page: RiskPage, language: Language) -> list[KeyFigure]:
    """Score, money at stake, and how often such points proved true."""
    file, ended = page.file, page.ended
    checked = ended["confirmed"] + ended["rejected"] + ended["unable"]
    share = rate(ended["confirmed"], checked)
    return [
        KeyFigure(
            t("risk_point.score", language), fmt.number(file["score"], language), t("risk_point.score_note", language)
        ),
        KeyFigure(t("risk_point.exposure", language), fmt.yuan(file["exposure_yuan"], language)),
        KeyFigure(
            t("risk_point.precision", language),
            fmt.NOTHING if share is None else fmt.percent(ended["confirmed"], checked, language),
            t("risk_point.precision_none", language)
            if share is None
            else t("risk_point.precision_note", language, n=checked),
        ),
    ]  # fmt: skip


def file_of(page: RiskPage, language: Language) -> Component:
    """What it is, on what object, where."""
    file = page.file
    district = thing("district", file["district_code"], file["district"] or file["district_code"])
    customer = file["customer_number"] and html.Span(
        [thing("customer", file["customer_number"]), f" {file['customer'] or ''}"]
    )
    unit = next((one for one in page.units if one["code"] == file["station_code"]), None)
    reader = file["reader"] and thing("inspector", file["reader_number"], file["reader"])
    linked = page.linked
    return facts(
        [
            (t("drill.number", language), html.Span(file["number"], className="number")),
            (
                t("risk_point.anomaly", language),
                html.Span([file[f"anomaly_{language}"], html.Span(f" {file['anomaly_code']}", className="quiet")]),
            ),
            (t("risk_point.business", language), file[f"business_{language}"]),
            (t("drill.customer", language), customer),
            (
                t("drill.category", language),
                code_word("drill.category", file["category"], language),
            ),
            (t("risk_point.district", language), district),
            (t("risk_point.reader", language), reader),
            (t("risk_point.station", language), unit and thing("region", unit["code"], unit[f"name_{language}"])),
            (t("drill.detected", language), fmt.day(file["detected_at"], language)),
            (t("risk_point.cleared", language), fmt.day(file["cleared_at"], language) if file["cleared_at"] else None),
            (t("risk_point.ticket", language), linked and thing("ticket", linked["number"])),
        ]
    )


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None or isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None


def score_view(stored: Row, language: Language) -> Component:
    """Each part of the score with its bar, its points of the most it can give, and what it was computed from."""

    def part_of(part: Part) -> Component:
        share = max(Decimal(0), min(Decimal(100), part.points * 100 / part.most))
        return html.Div(
            [
                html.Span(part.word),
                html.Span(f"{fmt.number(part.points, language, 1)} / {part.most}", className="number"),
                html.Span(html.Span(className="share__bar", style={"width": f"{share:.0f}%"}), className="share"),
                html.Span(part.basis, className="quiet small") if part.basis else None,
            ],
            className="score-part",
        )

    return html.Div([part_of(part) for part in score_parts(stored, language)], className="score-parts")


def _own(file: Row, name: str, value: Row) -> float | None:
    """The threshold that the point was held against, where a unit had set another one than the catalogue's."""
    held = held_against(file, name)
    return None if held is None or _decimal(value.get("value")) == _decimal(held) else held


def rule_view(file: Row, language: Language) -> Component:
    """The version of the rule that raised the point: from when, with which inputs and thresholds, how sure they are."""
    if file["effective_from"] is None:
        return empty_state(t("risk_point.no_rule", language), name="adjustments")
    in_force = (
        t("risk_point.rule_since", language, day=file["effective_from"].isoformat())
        if file["effective_to"] is None
        else t("risk_point.rule_until", language, first=file["effective_from"], last=file["effective_to"])
    )
    head = html.P(
        [
            html.Strong(f"{file['anomaly_code']} v{file['rule_version']}"), f" · {in_force} · ",
            code_word("drill.certainty", file["certainty"], language),
        ]
    )  # fmt: skip
    rows = [
        {"name": name, **value, "own": _own(file, name, value)}
        for name, value in (file["thresholds"] or {}).items()
        if isinstance(value, Mapping)
    ]

    def limit(row: Row) -> str:
        unit = str(row.get("unit") or "")
        value = _decimal(row.get("value") if row["own"] is None else row["own"])
        digits = 0 if value is None or value == value.to_integral_value() else 2
        word = code_word("threshold.unit", unit.replace(" ", "_"), language) or ""
        shown = f"{fmt.number(value, language, digits)} {word}".strip()
        return shown if row["own"] is None else t("rules_engine.set_by_unit", language, value=shown)

    columns = [
        Column(
            t("risk_point.threshold", language), lambda row: code_word("threshold.name", row["name"], language)
        ),
        Column(t("risk_point.value", language), limit, "number", lambda row: row.get("value")),
        Column(
            t("risk_point.certainty", language), lambda row: code_word("drill.certainty", row["certainty"], language)
        ),
    ]  # fmt: skip
    shown = table(
        columns, rows, caption=t("risk_point.rule", language), empty=t("risk_point.no_thresholds", language), key="rule"
    )
    return html.Div([head, shown])


def evidence_figure(page: RiskPage, language: Language, theme: Theme) -> tuple[go.Figure | None, str]:
    """The data that raised the point around the day of its detection, and what it is.

    A customer's days, or a district's loss with its bands; None where neither is known.
    """
    file, day = page.file, detection_day(page.file)
    recent = [row for row in page.months if row["month"] > date(day.year - 1, day.month, 1)]
    is_loss = file["business_type"] == "XS"
    if recent and not (is_loss and page.days):
        return _use_figure(page.months, day, language, theme), t("risk_point.data_customer", language)
    if page.days:
        return loss_figure(page.days, language, theme, day.isoformat()), t("risk_point.data_district", language)
    return None, ""


def _use_figure(months: Sequence[Row], day: date, language: Language, theme: Theme) -> go.Figure:
    colour = tokens()[theme]
    known = by_day(months, date.min, date.max)
    shown = [row["month"] for row in months if abs((row["month"] - day).days) < 200]
    first, end = min(shown), month_after(max(shown))
    now = {at: value for at, value in known.items() if first <= at < end}
    before = {at: known.get(_year_ago(at)) for at in now}
    figure = go.Figure()
    figure.add_bar(
        x=[at.isoformat() for at in now], y=[None if value is None else float(value) for value in now.values()],
        name=t("risk_point.use", language), marker={"color": colour["series-1"], "line": {"width": 0}},
        hovertemplate="%{y:,.2f} kWh",
    )  # fmt: skip
    if any(value is not None for value in before.values()):
        figure.add_scatter(
            x=[at.isoformat() for at in before],
            y=[None if value is None else float(value) for value in before.values()],
            mode="lines", name=t("risk_point.last_year", language), hovertemplate="%{y:,.2f} kWh",
            line={"color": colour["series-2"], "width": 2, "dash": "dot"},
        )  # fmt: skip
    gaps = [at.isoformat() for at, value in now.items() if value is None]
    if gaps:
        figure.add_scatter(
            x=gaps, y=[0] * len(gaps), mode="markers", name=t("risk_point.no_reading", language), hoverinfo="name+x",
            marker={"symbol": "x", "size": 8, "color": colour["off"]},
        )  # fmt: skip
    figure.add_vline(x=day.isoformat(), line={"color": colour["late"], "width": 2})
    return figure.update_layout(
        bargap=0.25, hovermode="x unified", yaxis={"ticksuffix": " kWh"}, xaxis={"type": "date"},
        showlegend=len(figure.data) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
    )  # fmt: skip


def _year_ago(day: date) -> date:
    return date(day.year - 1, day.month, min(day.day, 28) if day.month == 2 else day.day)


def ended_view(ended: Row, language: Language) -> Component:
    """How tickets of the type ended, as bars from zero with their counts."""
    if not any(ended.values()):
        return empty_state(t("risk_point.ended_none", language), name="clipboard-list")
    rows = [(t(f"risk_point.ended_{name}", language), ended[name], kind) for name, kind in ENDS.items()]
    return result_bars(rows, language)


def similar_table(rows: Sequence[Row], language: Language) -> Component:
    """Confirmed cases of the same type, the nearest first."""
    columns = [
        Column(t("drill.ticket", language), lambda row: thing("ticket", row["number"])),
        Column(t("risk_point.opened", language), lambda row: fmt.day(row["opened_at"], language)),
        Column(t("drill.cause", language), lambda row: code_word("drill.cause", row["cause"], language) or fmt.NOTHING),
        Column(
            t("risk_point.distance", language), lambda row: fmt.distance(row["metres"], language), "number",
            lambda row: row["metres"],
        ),
        Column(
            t("drill.recovered_kwh", language), lambda row: fmt.kilowatt_hours(row["recovered_kwh"], language),
            "number", lambda row: row["recovered_kwh"],
        ),
        Column(
            t("drill.recovered", language), lambda row: fmt.yuan(row["recovered_yuan"], language), "number",
            lambda row: row["recovered_yuan"],
        ),
        Column(
            t("risk_point.breach", language), lambda row: fmt.yuan(row["breach_yuan"], language), "number",
            lambda row: row["breach_yuan"],
        ),
    ]  # fmt: skip
    caption = t("risk_point.tab_similar", language)
    return table(columns, rows, caption=caption, empty=t("risk_point.similar_none", language), key="similar")


def title_of(file: Row, language: Language) -> str:
    """The anomaly's name and the number."""
    return f"{anomaly_name(file['anomaly_code'], language)} {file['number']}"
