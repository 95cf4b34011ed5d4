"""The parts of a person's page: head figures, file, now, work of twelve months, who looked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from audit.timeliness import Timeliness
from audit.work_history import Judgements, Work
from components import format as fmt
from components.audit_lists import code_word
from components.desk import KeyFigure, facts
from components.desk_map import desk_map, point_layer
from components.map_words import inspector_state, state_pill
from components.notice import empty_state
from components.object_links import thing
from components.result_bars import result_bars
from components.table import Column, table
from components.theme import Theme, tokens
from data_access.inspector_reads import MONTHS
from data_access.months import month_back
from i18n import Language, t
from settings import DISPLAY_ZONE, get_settings

Row = Mapping[str, Any]
FINDINGS = {"true": "late", "false": "good", "unable": "warn"}


def figures(work: Work, in_time: Timeliness, judged: Judgements, language: Language) -> list[KeyFigure]:
    """Confirmation rate with its interval, timeliness, economic result; for an expert the judgements."""
    if judged.judged and not work.checked:
        return [
            KeyFigure(t("inspector.judged", language), fmt.number(judged.judged, language)),
            KeyFigure(
                t("inspector.overturned", language),
                fmt.percent(judged.overturned, judged.decided, language),
                t("inspector.overturned_note", language, n=judged.decided),
            ),
        ]
    interval = work.interval
    return [
        KeyFigure(
            t("inspector.confirmation", language),
            fmt.percent(work.confirmed, work.checked, language),
            t("inspector.confirmation_none", language)
            if interval is None
            else t(
                "inspector.confirmation_note", language, low=fmt.number(interval[0] * 100, language),
                high=fmt.number(interval[1] * 100, language), n=work.checked,
            ),
        ),
        KeyFigure(
            t("inspector.timeliness", language),
            fmt.percent(in_time.in_time, in_time.due, language),
            t("inspector.timeliness_note", language, part=in_time.in_time, whole=in_time.due)
            if in_time.due
            else t("inspector.timeliness_none", language),
        ),
        KeyFigure(
            t("inspector.result", language), fmt.yuan(work.result_yuan, language),
            t("inspector.result_note", language),
        ),
    ]  # fmt: skip


def file_of(file: Row, language: Language) -> Component:
    """Number, unit, skills, phone (masked)."""
    skills = [code_word("inspector.skill", skill, language) or skill for skill in file["skills"]]
    return facts(
        [
            (t("drill.number", language), html.Span(file["number"], className="number")),
            (t("inspector.unit", language), thing("region", file["unit_code"], file[f"unit_{language}"])),
            (t("inspector.skills", language), t("drill.comma", language).join(skills) if skills else None),
            (t("drill.phone", language), file["phone"]),
        ]
    )


def now_view(file: Row, shifts: Sequence[Row], now: datetime, language: Language) -> Component:
    """State and ticket, and the place on a map while on shift: after it, the place is nobody's business."""
    if file["fixed_at"] is None:
        return empty_state(t("inspector.never_seen", language), name="map-pin-off")
    began = next((row["started_at"] for row in reversed(shifts) if row["ended_at"] is None), None)
    age = (now - file["fixed_at"]).total_seconds()
    lines = facts(
        [
            (t("inspector.state", language), state_pill(file, now, language)),
            (
                t("inspector.at_ticket", language),
                thing("ticket", file["ticket_number"]) or t("inspector.no_ticket", language),
            ),
            (
                t("inspector.last_fix", language),
                t("wall.card_ago", language, age=fmt.duration(age, language)) if file["on_shift"] else None,
            ),
            (t("inspector.since_shift", language), fmt.moment(began, language) if began else None),
        ]
    )
    if not file["on_shift"]:
        return html.Div([lines, html.P(t("inspector.off_shift_hint", language), className="quiet small")])
    return html.Div([lines, _now_map(file, age, language)], className="stack")


def _now_map(file: Row, age: float, language: Language) -> Component:
    limits = get_settings().position
    state = inspector_state(
        file["activity"], age, on_shift=True, silent_seconds=limits.silent_seconds,
        offline_seconds=limits.offline_seconds,
    )  # fmt: skip
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [file["lon"], file["lat"]]},
        "properties": {
            "key": file["number"], "label": file["name"], "state": state, "heading": file["heading_deg"],
        },
    }  # fmt: skip
    return desk_map(
        id="inspector-now",
        label=t("inspector.where_label", language, name=file["name"]),
        language=language,
        height="220px",
        centre=[file["lat"], file["lon"]],
        zoom=12,
        layers=[point_layer("inspector-now-sign", {"type": "FeatureCollection", "features": [feature]}, "inspector")],
    )


def work_view(work: Work, in_time: Timeliness, language: Language) -> tuple[Component, Component]:
    """Results as bars; rates and amounts, breach charges and refunds apart."""
    rows = [
        (t("inspector.end_true", language), work.confirmed, "late"),
        (t("inspector.end_false", language), work.rejected, "good"),
        (t("inspector.end_unable", language), work.unable, "warn"),
        (t("inspector.end_void", language), work.void, "off"),
        (t("inspector.end_open", language), work.open, "accent"),
    ]
    returned = t(
        "inspector.returned_words", language, share=fmt.percent(work.returned, work.reviewed, language),
        part=work.returned, whole=work.reviewed,
    )  # fmt: skip
    amounts = facts(
        [
            (t("inspector.timeliness", language), fmt.percent(in_time.in_time, in_time.due, language)),
            (t("inspector.returned", language), returned),
            (t("inspector.recovered_kwh", language), fmt.kilowatt_hours(work.recovered_kwh, language)),
            (t("inspector.recovered", language), fmt.yuan(work.recovered_yuan, language)),
            (t("inspector.refunded", language), fmt.yuan(work.refunded_yuan, language)),
            (t("inspector.breach", language), fmt.yuan(work.breach_yuan, language)),
            (t("inspector.result", language), html.Strong(fmt.yuan(work.result_yuan, language))),
        ]
    )
    return result_bars(rows, language), amounts


def month_figure(tickets: Sequence[Row], last: date, language: Language, theme: Theme) -> go.Figure:
    """Tickets closed by month, stacked by finding."""
    colour = tokens()[theme]
    months = [month_back(last, MONTHS - 1 - n) for n in range(MONTHS)]
    counts = Counter(
        (row["closed_at"].astimezone(DISPLAY_ZONE).date().replace(day=1), row["finding"])
        for row in tickets
        if row["closed_at"] is not None and row["finding"] in FINDINGS
    )
    highest = max((sum(counts[month, finding] for finding in FINDINGS) for month in months), default=0)
    figure = go.Figure()
    for finding, kind in FINDINGS.items():
        word = t(f"inspector.end_{finding}", language)
        figure.add_bar(
            x=[f"{month:%Y-%m}" for month in months], y=[counts[month, finding] for month in months], name=word,
            marker={"color": colour[kind], "line": {"width": 0}}, hovertemplate=f"{word} %{{y}}<extra></extra>",
        )  # fmt: skip
    return figure.update_layout(
        barmode="stack", bargap=0.3, hovermode="x unified", xaxis={"type": "category", "nticks": 6},
        yaxis={"rangemode": "tozero", "tickformat": ",d", "dtick": max(1, -(-highest // 4))},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
    )  # fmt: skip


def look_table(rows: Sequence[Row], language: Language) -> Component:
    """Who looked at the page or the way, the newest first."""

    def what(row: Row) -> str:
        is_track = row["action"].startswith("track")
        return t("inspector.look_track", language, day=row["day"]) if is_track else t("inspector.look_page", language)

    columns = [
        Column(t("inspector.when", language), lambda row: fmt.moment(row["at"].astimezone(UTC), language),
               sort=lambda row: row["at"]),
        Column(t("inspector.look_who", language), lambda row: row["subject"]),
        Column(t("inspector.look_what", language), what),
        Column(t("inspector.look_address", language), lambda row: row["address"] or fmt.NOTHING),
    ]  # fmt: skip
    caption = t("inspector.looks", language)
    return table(columns, rows, caption=caption, empty=t("inspector.no_looks", language), key="looks")
