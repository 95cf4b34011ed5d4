"""A person: file and skills, where now, a calendar of days, the work of twelve months. Each look is logged.

The month is a link of its own; the chosen day and the tab are mirrored into the address (`components/view_state`). A
day's way is read only when somebody asks for that day.
"""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update

from audit.work_history import judgements_of, work_of
from components import day_calendar
from components import inspector_view as view
from components.audit_lists import ticket_table
from components.charts import chart
from components.desk import (
    Crumb,
    columns,
    desk,
    link,
    not_found,
    request_language,
    request_theme,
    section,
    stack,
)
from components.exports import export_links
from components.icons import icon
from components.language import known
from components.map_words import pill
from components.notice import empty_state
from components.object_links import unit_crumbs
from components.view_state import mirror, month_of, month_steps, one_of, running_month
from data_access import inspector_reads as reads
from data_access import tracks
from data_access.parameters import BadParameter, parse_day
from data_access.scope import require_viewer
from data_access.tokens import UnknownObject
from i18n import Language, t

dash.register_page(__name__, path_template="/inspectors/<number>", title="gridaudit")

TABS = ("open", "closed")
SHOWN_TICKETS = 200
ADDRESS = mirror("inspector", [Input("inspector-tab", "value"), Input("inspector-day", "data")])


async def layout(
    number: str = "", month: str | None = None, day: str | None = None, tab: str | None = None,
    lang: str | None = None, **_: str,
) -> html.Div:  # fmt: skip
    """The page. Everything in the address is optional; what can't be read takes its default."""
    language, theme = request_language(lang), request_theme()
    viewer, now = require_viewer(), datetime.now(UTC)
    chosen_day = day_of(day)
    tab = one_of(tab, TABS, "")
    chosen = month_of(month, chosen_day.replace(day=1) if chosen_day else running_month())
    number = number.replace("\0", "")
    what = t("inspector.title", language)
    try:
        page = await reads.inspector_page(viewer, number, chosen, now)
    except reads.OthersPage:
        return desk(active="", language=language, title=what, body=_refused(viewer.employee_number, language))
    if page is None:
        return desk(active="", language=language, title=what, body=not_found(language, what))
    file = page.file
    if chosen_day and (chosen_day.year, chosen_day.month) != (chosen.year, chosen.month):
        chosen_day = None
    tab = tab or ("open" if any(row["closed_at"] is None for row in page.tickets) else "closed")
    work, judged = work_of(page.tickets), judgements_of(page.judged)
    results, amounts = view.work_view(work, page.in_time, language)
    path, state = f"/inspectors/{file['number']}", {"tab": tab, "lang": known(lang)}
    file_card = section(t("inspector.file", language), view.file_of(file, language))
    body: list[Any] = [file_card]
    if file["kind"] == "inspector":
        grid = day_calendar.month_calendar(chosen, page.shifts, page.tracks, page.visits, chosen_day, now, language)
        shown = await _day(file["number"], chosen_day, language) if chosen_day else day_calendar.no_day(language)
        body = [
            columns(
                stack(
                    file_card,
                    section(t("inspector.now", language), view.now_view(file, page.shifts, now, language)),
                ),
                section(
                    t("inspector.calendar", language),
                    grid,
                    html.P(day_calendar.month_words(chosen, page.shifts, page.visits, now, language)),
                    html.P(t("inspector.calendar_hint", language), className="quiet small"),
                    actions=[month_steps(path, state, chosen, language)],
                ),
                template="minmax(300px, 1fr) minmax(0, 1.35fr)",
            ),
            section(
                t("inspector.day", language),
                dcc.Loading(html.Div(shown, id="inspector-day-panel"), type="dot", delay_show=300),
            ),
        ]
    if judged.judged:
        said = t(
            "inspector.judgement_words", language, judged=judged.judged, decided=judged.decided,
            overturned=judged.overturned,
        )  # fmt: skip
        body.append(
            section(
                t("inspector.judgements", language),
                html.P(said),
                ticket_table(newest(page.judged), language, key="judged"),
                note=t("inspector.work_note", language),
            )
        )
    if page.tickets:
        figure = view.month_figure(page.tickets, running_month(), language, theme)
        note = t("inspector.work_note", language)
        label = t("inspector.by_month_label", language, name=file["name"])
        body += [
            columns(
                stack(section(t("inspector.results", language), results, note=note)),
                section(t("inspector.amounts", language), amounts, note=note),
                section(
                    t("inspector.by_month", language), chart(figure, id="inspector-months", label=label, height=220)
                ),
                template="minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.5fr)",
                even=True,
            ),
            section(t("inspector.lists", language), _lists(page.tickets, tab, language)),
        ]
    elif not judged.judged:
        body.append(section(t("inspector.work", language), empty_state(t("inspector.no_work", language))))
    if viewer.employee_number == file["number"]:
        body.append(
            section(
                t("inspector.looks", language), view.look_table(page.looks, language), id="looks",
                note=t("inspector.looks_note", language),
            )
        )  # fmt: skip
    day_text = chosen_day.isoformat() if chosen_day else None
    asked = {"number": file["number"], "month": f"{chosen:%Y-%m}", "language": language}
    body += [
        dcc.Store(id="inspector-asked", data=asked),
        dcc.Store(id="inspector-day", data=day_text),
        *([] if page.tickets else [html.Div(dmc.Tabs([], id="inspector-tab", value=tab), hidden=True)]),
        ADDRESS,
    ]
    return desk(
        active="",
        language=language,
        title=file["name"],
        crumbs=[*unit_crumbs(page.units, language), Crumb(file["name"])],
        marks=[
            pill("plain", t(f"inspector.kind_{file['kind']}", language)),
            html.Span(file["number"], className="quiet number"),
            *([html.Span(t("common.demo", language), className="demo-mark")] if file["is_demo"] else []),
        ],
        figures=view.figures(work, page.in_time, judged, language),
        actions=[
            export_links(
                {t("inspector.lists", language): (f"/api/v1/inspectors/{file['number']}/tickets", ("xlsx", "csv"))},
                {"lang": language},
                language,
            )
        ]
        if page.tickets
        else [],
        body=body,
    )


def day_of(text: str | None) -> date | None:
    """A day of the address, if it is one that is over or now."""
    try:
        day = parse_day("day", text) if text else None
    except BadParameter:
        return None
    return day if day is not None and day <= tracks.today() else None


def newest(tickets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as a page lists, the newest first."""
    return sorted(tickets, key=lambda row: row["opened_at"], reverse=True)[:SHOWN_TICKETS]


def _lists(tickets: list[dict[str, Any]], tab: str, language: Language) -> Any:
    panels = {
        "open": [row for row in tickets if row["closed_at"] is None],
        "closed": [row for row in tickets if row["closed_at"] is not None],
    }
    return dmc.Tabs(
        [
            dmc.TabsList(
                [
                    dmc.TabsTab(f"{t(f'inspector.tab_{name}', language)} {len(rows)}", value=name)
                    for name, rows in panels.items()
                ]
            ),
            *(
                dmc.TabsPanel(ticket_table(rows[:SHOWN_TICKETS], language, key=name), value=name)
                for name, rows in panels.items()
            ),
        ],
        id="inspector-tab",
        value=tab,
    )


def _refused(own: str | None, language: Language) -> Any:
    """What an inspector is told at somebody else's page: the same whether there is such a person or not."""
    ways = [link([icon("user"), t("inspector.own", language)], f"/inspectors/{own}", className="button")] if own else []
    return html.Div(
        [
            empty_state(t("inspector.others_title", language), t("inspector.others_text", language), "eye-off"),
            html.Div(ways, className="not-found__ways"),
        ],
        className="section not-found",
    )


async def _day(number: str, day: date, language: Language) -> Any:
    """A day's way and visits; the look at the way is logged where it is read."""
    viewer = require_viewer()
    try:
        track, visits = await asyncio.gather(
            tracks.day_track(viewer, number, day), reads.visits_of(viewer, number, day)
        )
    except (UnknownObject, reads.OthersPage):
        return not_found(language, t("inspector.title", language))
    return day_calendar.day_view(track, visits, language)


@callback(
    Output("inspector-day-panel", "children"),
    Output("inspector-day", "data"),
    Output({"type": day_calendar.DAY_BUTTON, "day": ALL}, "className"),
    Input({"type": day_calendar.DAY_BUTTON, "day": ALL}, "n_clicks"),
    State("inspector-asked", "data"),
    prevent_initial_call=True,
)
async def show_day(clicks: Any, data: Any) -> Any:
    """The way of the day that was pressed."""
    days = [str(one["id"]["day"]) for one in ctx.outputs_list[2] or []]
    nothing = no_update, no_update, [no_update] * len(days)
    pressed = ctx.triggered_id
    if not isinstance(data, dict) or not isinstance(data.get("number"), str) or not pressed or not any(clicks):
        return nothing
    day = day_of(str(pressed["day"]))
    if day is None:
        return nothing
    language = known(data.get("language")) or "zh"
    shown = await _day(data["number"].replace("\0", ""), day, language)
    return shown, day.isoformat(), [day_calendar.look_of(one == day.isoformat()) for one in days]
