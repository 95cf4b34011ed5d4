"""A risk point: why it was raised and on what data, what became of its like, what tends to occur with it, a ticket.

Tab and kind of object of the association are mirrored into the address (`components/view_state`).
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import dash
import dash_mantine_components as dmc
from dash import Input, Output, State, callback, dcc, html, no_update

from audit.association import association_rule
from audit.workflow_facts import ACTING_ROLES
from components import risk_view as view
from components.association_view import association_view
from components.audit_lists import level_mark, problem_table, ticket_table
from components.charts import chart
from components.desk import (
    Crumb,
    columns,
    desk,
    loading,
    not_found,
    request_language,
    request_theme,
    section,
    stack,
)
from components.icons import icon
from components.language import known
from components.notice import empty_state, notice
from components.object_links import address_of, thing, unit_crumbs
from components.risk_facts import facts_view, was_found_by_a_run
from components.view_state import mirror, one_of
from components.work_view import value_view
from data_access import risk_reads as reads
from data_access import tickets
from data_access.objects import is_open_risk
from data_access.scope import require_viewer
from i18n import Language, UnknownText, t

dash.register_page(__name__, path_template="/risks/<number>", title="gridaudit")

TABS = ("tickets", "problems", "similar")
MOST_NOTE = 500
ADDRESS = mirror("risk", [Input("risk-tab", "value"), Input("risk-object", "value")])


async def layout(
    number: str = "", tab: str | None = None, object: str | None = None, lang: str | None = None, **_: str
) -> html.Div:
    """The page. Everything in the address is optional; what can't be read takes its default."""
    language, theme = request_language(lang), request_theme()
    tab, dimension = one_of(tab, TABS, "tickets"), one_of(object, reads.DIMENSIONS, "district")
    page = await reads.risk_page(require_viewer(), number.replace("\0", ""), datetime.now(UTC))
    if page is None:
        what = t("risk_point.title", language)
        return desk(active="risks", language=language, title=what, body=not_found(language, what))
    file = page.file
    figure, what = view.evidence_figure(page, language, theme)
    label = t("risk_point.data_label", language, what=what, day=reads.detection_day(file).isoformat())
    county = next((one for one in page.units if one["level"] == 2), None)
    rule = association_rule()
    body = [
        columns(
            section(t("risk_point.file", language), view.file_of(page, language)),
            section(
                t("risk_point.data", language),
                chart(figure, id="risk-data", label=label, height=330)
                if figure is not None
                else empty_state(
                    t("risk_point.data_none", language), t("risk_point.data_none_hint", language), "chart-line"
                ),
                note=what,
            ),
            template="minmax(300px, 1fr) minmax(0, 2fr)",
            even=True,
        ),
        columns(
            section(t("risk_point.why", language), view.score_view(file["score_parts"] or {}, language)),
            stack(
                section(t("risk_point.rule", language), view.rule_view(file, language)),
                section(
                    t("work.of_point", language), value_view(file, language),
                    note=t("work.of_point_note", language),
                )
                if file["expected_yuan"] is not None
                else None,
                section(t("rules_engine.saw", language), facts_view(file, language))
                if was_found_by_a_run(file)
                else None,
            ),
            stack(
                section(
                    t("risk_point.ended", language), view.ended_view(page.ended, language),
                    note=t("risk_point.ended_note", language),
                ),
                section(t("risk_point.make", language), _make(page, language)),
            ),
            template="minmax(0, 1fr) minmax(0, 1.2fr) minmax(0, 1fr)",
        ),
        section(
            t("risk_point.association", language),
            html.Div(loading(t("risk_point.association_loading", language), "280px"), id="risk-association"),
            note=t(
                "risk_point.association_note", language, county=county[f"name_{language}"] if county else "",
                months=rule.months, days=rule.window_days,
            ),
            actions=[
                dmc.SegmentedControl(
                    id="risk-object",
                    value=dimension,
                    size="xs",
                    data=[{"value": name, "label": t(f"risk_point.by_{name}", language)} for name in reads.DIMENSIONS],
                )
            ],
        ),
        section(
            t("risk_point.lists", language),
            dmc.Tabs(
                [
                    dmc.TabsList([dmc.TabsTab(t(f"risk_point.tab_{name}", language), value=name) for name in TABS]),
                    dmc.TabsPanel(ticket_table(page.tickets, language, key="tickets"), value="tickets"),
                    dmc.TabsPanel(problem_table(page.problems, language, key="problems"), value="problems"),
                    dmc.TabsPanel(view.similar_table(page.similar, language), value="similar"),
                ],
                id="risk-tab",
                value=tab,
            ),
        ),
        dcc.Store(id="risk-asked", data={"number": file["number"], "language": language, "change": str(uuid4())}),
        ADDRESS,
    ]  # fmt: skip
    crumbs = unit_crumbs(page.units, language)
    if file["district_code"]:
        name = file["district"] or file["district_code"]
        crumbs.append(Crumb(name, address_of("district", file["district_code"])))
    if file["customer_number"]:
        crumbs.append(Crumb(file["customer_number"], address_of("customer", file["customer_number"])))
    return desk(
        active="risks",
        language=language,
        title=file[f"anomaly_{language}"],
        crumbs=[*crumbs, Crumb(file["number"])],
        marks=[
            level_mark(file["level"]),
            view.state_pill(file, language),
            html.Span(file["number"], className="quiet number"),
            *([html.Span(t("common.demo", language), className="demo-mark")] if file["is_demo"] else []),
        ],
        figures=view.figures(page, language),
        actions=[_to_ticket(page, language)] if page.linked else [],
        body=body,
    )


def _to_ticket(page: reads.RiskPage, language: Language) -> Any:
    assert page.linked is not None  # noqa: S101 - asked before
    return html.Span([icon("clipboard-list"), thing("ticket", page.linked["number"])], className="button")


def _make(page: reads.RiskPage, language: Language) -> Any:
    """The form that makes a ticket, or why there is none."""
    if require_viewer().role not in ACTING_ROLES:
        return html.P([icon("eye-off"), " ", t("risk_point.read_only", language)], className="quiet")
    if not is_open_risk(page.file):
        return html.P([icon("circle-check"), " ", t("risk_point.settled", language)], className="quiet")
    hint = (
        t("risk_point.would_join", language, number=page.linked["number"])
        if page.linked
        else t("risk_point.make_hint", language)
    )
    return html.Div(
        [
            html.Label(t("risk_point.make_note", language), htmlFor="risk-note"),
            dcc.Textarea(id="risk-note", maxLength=MOST_NOTE, rows=2),
            html.P(hint, className="quiet small"),
            html.Button([icon("plus"), t("risk_point.make", language)], id="risk-make", type="button",
                        className="button button--main", n_clicks=0),
            html.Div(id="risk-made", role="status"),
        ],
        className="make",
    )  # fmt: skip


def _asked(data: Any) -> tuple[str, Language, UUID] | None:
    """Number and language of the page that a callback came from, and the name of its change; None for anything else."""
    if not isinstance(data, dict) or not isinstance(data.get("number"), str):
        return None
    try:
        change = UUID(str(data.get("change")))
    except ValueError:
        change = uuid4()
    return data["number"].replace("\0", ""), known(data.get("language")) or "zh", change


@callback(Output("risk-association", "children"), Input("risk-object", "value"), State("risk-asked", "data"))
async def show_association(dimension: Any, data: Any) -> Any:
    """What occurs together, on one kind of object. Also asked when the page opens: counting takes its time."""
    asked = _asked(data)
    if asked is None or dimension not in reads.DIMENSIONS:
        return no_update
    number, language, _ = asked
    viewer = require_viewer()
    found = await reads.associations_of(viewer, number, dimension, datetime.now(UTC))
    if found is None:
        return not_found(language, t("risk_point.title", language))
    return association_view(found.kind, found.found, language, request_theme(), key=dimension)


@callback(
    Output("risk-made", "children"),
    Input("risk-make", "n_clicks"),
    State("risk-note", "value"),
    State("risk-asked", "data"),
    prevent_initial_call=True,
)
async def make_ticket(clicks: Any, note: Any, data: Any) -> Any:
    """A ticket out of the point, or its joining the open one; a second press with the same note changes nothing."""
    asked = _asked(data)
    if asked is None or not isinstance(clicks, int) or not clicks:
        return no_update
    number, language, change = asked
    words = " ".join(note.split())[:MOST_NOTE] if isinstance(note, str) else ""
    new = tickets.NewTicket(risk_number=number, description=words or None)
    try:
        outcome = await tickets.create(require_viewer(), new, uuid5(change, words), datetime.now(UTC))
    except tickets.NotAllowed as refused:
        return notice(t("risk_point.not_made", language, why=_why(refused.why, language)), language, kind="late")
    except tickets.FieldsWrong:
        why = t("risk_point.not_made_fields", language)
        return notice(t("risk_point.not_made", language, why=why), language, kind="late")
    said = t("risk_point.merged" if outcome.merged else "risk_point.made", language, number=outcome.number)
    return html.Div(
        [notice(said, language, kind="warn" if outcome.merged else "info"), thing("ticket", outcome.number)]
    )


def _why(code: str, language: Language) -> str:
    try:
        return t(f"tickets.why_{code}", language)
    except UnknownText:
        return code
