"""One ticket: what, where, why, who, its clocks, what happened, what can be done now. Live, without losing typed text.

The page is laid out once. What shows the ticket is drawn anew when it changes (`ticket-changed`, set by the script from
the live socket, or by an action of one's own); the drawer with the form stands beside it and is never touched by that.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update, set_props

from audit.finding_forms import UnknownForm, form_for
from audit.workflow_actions import ACTIONS
from components import ticket_amounts_form
from components.attributes import attributes
from components.desk import desk, key_figures, not_found, request_language
from components.language import known
from components.ticket_actions import ACT
from components.ticket_case import Case, case_of
from components.ticket_choices import choices_for
from components.ticket_form import CONFIRMED, FIELD, PLAYS, VALUE, action_form, finding_fields, new_basis
from components.ticket_sending import done_words, fields_of, send_form
from components.ticket_view import body, crumbs, head_actions, head_figures, marks, title
from components.ticket_words import action_word
from data_access.scope import require_viewer
from i18n import Language, t

dash.register_page(__name__, path_template="/tickets/<number>", title="gridaudit")
MOST_CHARACTERS = 64


def _now() -> datetime:
    return datetime.now(UTC)


def _number(given: Any) -> str:
    return str(given or "").replace("\0", "")[:MOST_CHARACTERS]


async def layout(number: str | None = None, lang: str | None = None, **_: str) -> html.Div:
    """The page of a ticket; says so where there is none in the viewer's scope. At most nine statements."""
    language = request_language(lang)
    key = _number(number)
    case = await case_of(require_viewer(), key, _now())
    if case is None:
        # The number is not said again: a made-up one and one of another unit look alike.
        name = t("ticket_page.ticket", language)
        return desk(active="tickets", language=language, title=name, body=not_found(language, name))
    page = [
        html.Div(body(case, language), id="ticket-body", className="stack"),
        _drawer(),
        dcc.Store(id="ticket-changed"),
        dcc.Store(id="ticket-asked", data={"number": key, "language": language, "anomaly": case.row["anomaly_code"]}),
        html.Div(id="ticket-said", className="ticket-said", role="status"),
        html.Div(id="ticket-page", hidden=True, **attributes({"data-number": key})),
    ]
    return desk(
        active="tickets",
        language=language,
        title=title(case, language),
        crumbs=crumbs(case, language),
        marks=[html.Span(marks(case, language), id="ticket-marks", className="ticket-marks"), _live(language)],
        actions=head_actions(key, language),
        body=[html.Div(key_figures(head_figures(case, language)), id="ticket-figures"), *page],
    )


def _live(language: Language) -> html.Span:
    """Whether the page follows the ticket at the moment."""
    return html.Span(
        t("ticket_page.live", language),
        id="ticket-live",
        className="ticket-live no-print",
        title=t("ticket_page.live_hint", language),
        **attributes({"data-state": "connecting"}),
    )


def _drawer() -> dmc.Drawer:
    return dmc.Drawer(
        html.Div(id="ticket-form"),
        id="ticket-drawer",
        position="right",
        size="lg",
        padding="lg",
        opened=False,
        keepMounted=True,
        closeOnClickOutside=False,
        overlayProps={"backgroundOpacity": 0.35},
        zIndex=300,
    )


def _shown(case: Case, language: Language) -> tuple[Any, Any, Any]:
    return body(case, language), key_figures(head_figures(case, language)), marks(case, language)


def _asked(page: Any) -> tuple[str, Language]:
    data = page if isinstance(page, dict) else {}
    return _number(data.get("number")), known(data.get("language")) or "zh"


@callback(
    Output("ticket-body", "children"),
    Output("ticket-figures", "children"),
    Output("ticket-marks", "children"),
    Input("ticket-changed", "data"),
    State("ticket-asked", "data"),
    prevent_initial_call=True,
)
async def refresh(_changed: Any, page: Any) -> Any:
    """The ticket as it is now. At most nine statements."""
    number, language = _asked(page)
    case = await case_of(require_viewer(), number, _now())
    return (no_update, no_update, no_update) if case is None else _shown(case, language)


@callback(
    Output("ticket-drawer", "opened"),
    Output("ticket-drawer", "title"),
    Output("ticket-form", "children"),
    Input({"type": ACT, "action": ALL}, "n_clicks"),
    State("ticket-asked", "data"),
    prevent_initial_call=True,
)
async def open_form(clicks: list[Any], page: Any) -> Any:
    """The form of the action that was asked for, based on the ticket as it is at this moment."""
    asked = ctx.triggered_id
    action = asked.get("action") if isinstance(asked, dict) else None
    # Buttons that have just been drawn arrive here too, without a click.
    if action not in ACTIONS or not any(part.get("value") for part in ctx.triggered):
        return no_update, no_update, no_update
    number, language = _asked(page)
    viewer, now = require_viewer(), _now()
    case = await case_of(viewer, number, now)
    if case is None:
        return no_update, no_update, no_update
    if action == ticket_amounts_form.ACTION:
        form = ticket_amounts_form.amounts_form(case, new_basis(action, case.version), language)
    else:
        choices = await choices_for(viewer, case, ACTIONS[action], language)
        form = action_form(action, case.version, choices, language)
    heading = html.Span(
        [action_word(action, language), html.Span(number, className="quiet number")], className="form__title"
    )
    return True, heading, form


@callback(
    Output("ticket-drawer", "opened", allow_duplicate=True),
    Output("ticket-form-say", "children"),
    Output("ticket-form-basis", "data"),
    Output("ticket-changed", "data"),
    Output("ticket-said", "children"),
    Input("ticket-form-send", "n_clicks"),
    State({"type": FIELD, "name": ALL}, "value"),
    State({"type": FIELD, "name": ALL}, "id"),
    State({"type": VALUE, "name": ALL}, "value"),
    State({"type": VALUE, "name": ALL}, "id"),
    State("ticket-form-basis", "data"),
    State("ticket-asked", "data"),
    running=[(Output("ticket-form-send", "disabled"), True, False)],
    prevent_initial_call=True,
)
async def send(
    clicks: Any,
    values: list[Any],
    ids: list[Any],
    form_values: list[Any],
    value_ids: list[Any],
    basis: Any,
    page: Any,
) -> Any:
    """Take the action. Refused, the form stays as it is and says why; overtaken, it is ready to be sent again."""
    number, language = _asked(page)
    names, value_names = _names(ids), _names(value_ids)
    action = basis.get("action") if isinstance(basis, dict) else None
    nothing = no_update, no_update, no_update, no_update, no_update
    if not clicks or action not in ACTIONS:
        return nothing
    given, form_given = dict(zip(names, values, strict=False)), dict(zip(value_names, form_values, strict=False))
    viewer, now = require_viewer(), _now()
    if action == ticket_amounts_form.ACTION:
        entered = ticket_amounts_form.asked(given, form_given)
        sent = await ticket_amounts_form.send_amounts(viewer, number, basis, entered, now, language)
    else:
        sent = await send_form(viewer, number, basis, fields_of(action, given, form_given), now, language)
    if sent is None:
        return nothing
    _show_errors(names, value_names, sent.errors)
    return (
        False if sent.done else no_update,
        sent.said,
        sent.basis or no_update,
        {"why": sent.changed, "at": now.isoformat()} if sent.changed else no_update,
        done_words(action, now, language) if sent.done else no_update,
    )


def _show_errors(names: list[str], value_names: list[str], errors: Mapping[str, str]) -> None:
    """Marks the fields that are wrong, and takes the mark from the others."""
    for kind, shown in ((FIELD, names), (VALUE, value_names)):
        for name in shown:
            set_props({"type": kind, "name": name}, {"error": errors.get(name)})


@callback(
    Output("ticket-amounts-preview", "children"),
    Input("ticket-amounts-compute", "n_clicks"),
    State({"type": FIELD, "name": ALL}, "value"),
    State({"type": FIELD, "name": ALL}, "id"),
    State({"type": VALUE, "name": ALL}, "value"),
    State({"type": VALUE, "name": ALL}, "id"),
    State("ticket-asked", "data"),
    prevent_initial_call=True,
)
async def compute(
    clicks: Any, values: list[Any], ids: list[Any], form_values: list[Any], value_ids: list[Any], page: Any
) -> Any:
    """The amounts that would follow from the form, before anybody decides."""
    if not clicks:
        return no_update
    number, language = _asked(page)
    names, value_names = _names(ids), _names(value_ids)
    entered = ticket_amounts_form.asked(
        dict(zip(names, values, strict=False)), dict(zip(value_names, form_values, strict=False))
    )
    shown, errors = await ticket_amounts_form.computed(require_viewer(), number, entered, _now(), language)
    _show_errors(names, value_names, errors)
    return shown


def _names(ids: list[Any]) -> list[str]:
    return [str(one.get("name")) if isinstance(one, dict) else "" for one in ids]


@callback(
    Output("ticket-form-values", "children"),
    Input({"type": FIELD, "name": "form"}, "value"),
    State("ticket-asked", "data"),
    prevent_initial_call=True,
)
async def choose_form(code: Any, page: Any) -> Any:
    """The values of another form of this anomaly type."""
    language = _asked(page)[1]
    try:
        return finding_fields(form_for(str(page["anomaly"]), str(code or "")), language)
    except (UnknownForm, KeyError, TypeError):
        return no_update


@callback(
    Output({"type": PLAYS, "name": ALL}, "hidden"),
    Input({"type": VALUE, "name": ALL}, "value"),
    State({"type": VALUE, "name": ALL}, "id"),
    State({"type": FIELD, "name": "form"}, "value"),
    State("ticket-asked", "data"),
    prevent_initial_call=True,
)
async def show_what_plays(values: list[Any], ids: list[Any], code: Any, page: Any) -> Any:
    """Fields of a finding's form that depend on another one appear with it; what was typed in them stays."""
    names = _names(ids)
    given = dict(zip(names, values, strict=False))
    try:
        form = form_for(str(page["anomaly"]), str(code or ""))
    except (UnknownForm, KeyError, TypeError):
        return [no_update] * len(names)
    plays = {field.name: field.plays(given) for field in form.fields}
    return [not plays.get(name, True) for name in names]


@callback(
    Output({"type": CONFIRMED, "name": ALL}, "hidden"),
    Input({"type": FIELD, "name": "finding"}, "value"),
    State({"type": CONFIRMED, "name": ALL}, "id"),
    prevent_initial_call=True,
)
async def show_what_confirms(finding: Any, ids: list[Any]) -> Any:
    """Cause and form belong to a confirmed finding only."""
    return [finding != "true"] * len(ids)


@callback(
    Output("ticket-drawer", "opened", allow_duplicate=True),
    Input("ticket-form-cancel", "n_clicks"),
    prevent_initial_call=True,
)
async def cancel(clicks: Any) -> Any:
    """Close the form."""
    return False if clicks else no_update
