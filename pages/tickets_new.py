"""Creating a ticket by hand, from the list's dialog."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import dash
from dash import Input, Output, State, callback, no_update
from dash.exceptions import PreventUpdate

from components.desk import request_language
from components.notice import notice
from components.ticket_bulk import reason
from components.ticket_new import created_of, found_of
from data_access.scope import require_viewer
from data_access.ticket_list import find_objects
from data_access.tickets import ChangeIdReused, FieldsWrong, NewTicket, NotAllowed, create
from i18n import t


@callback(
    Output("tickets-new-dialog", "opened"),
    Output("tickets-new-object", "value"),
    Output("tickets-new-topic", "value"),
    Output("tickets-new-level", "value"),
    Output("tickets-new-text", "value"),
    Output("tickets-new-said", "children"),
    Output("tickets-new-change", "data"),
    Input("tickets-new", "n_clicks"),
    prevent_initial_call=True,
)
async def open_dialog(clicks: Any) -> Any:
    """An empty form with a change id of its own: pressed twice, it makes one ticket."""
    if not clicks:
        raise PreventUpdate
    return True, "", None, None, "", None, str(uuid4())


@callback(
    Output("tickets-new-found", "children"),
    Output("tickets-new-subject", "data"),
    Input("tickets-new-object", "value"),
    prevent_initial_call=True,
)
async def look_up(number: Any) -> Any:
    """What lies under the number that was typed, in the viewer's scope."""
    asked = number.strip()[:40] if isinstance(number, str) else ""
    if not asked:
        return None, None
    language = request_language(None)
    found = await find_objects(require_viewer(), asked)
    subject = {"kind": found[0]["kind"], "number": found[0]["number"]} if found else None
    return found_of(found, asked, language), subject


@callback(
    Output("tickets-new-create", "disabled"),
    Input("tickets-new-subject", "data"),
    Input("tickets-new-topic", "value"),
    Input("tickets-new-change", "data"),
)
async def is_complete(subject: Any, topic: Any, change: Any) -> bool:
    """Nothing can be created without an object and a topic, nor twice."""
    return not (subject and topic and change)


@callback(
    Output("tickets-new-said", "children", allow_duplicate=True),
    Output("tickets-new-change", "data", allow_duplicate=True),
    Output("tickets-changed", "data", allow_duplicate=True),
    Input("tickets-new-create", "n_clicks"),
    State("tickets-new-subject", "data"),
    State("tickets-new-topic", "value"),
    State("tickets-new-level", "value"),
    State("tickets-new-text", "value"),
    State("tickets-new-change", "data"),
    prevent_initial_call=True,
    running=[(Output("tickets-new-create", "disabled"), True, True)],
)
async def make(clicks: Any, subject: Any, topic: Any, level: Any, words: Any, change: Any) -> Any:
    """Create it, or join the open one on the same object and topic; either is said."""
    if not clicks or not isinstance(subject, dict) or not isinstance(topic, str):
        raise PreventUpdate
    language = request_language(None)
    try:
        named = {
            "customer_number" if subject.get("kind") == "customer" else "district_code": str(subject.get("number"))
        }
        new = NewTicket(
            **named,  # type: ignore[arg-type]  # one of two names
            anomaly_code=topic,
            level=int(level) if str(level) in ("1", "2", "3", "4") else None,
            description=words.strip() or None if isinstance(words, str) else None,
        )
        outcome = await create(require_viewer(), new, UUID(str(change)), datetime.now(UTC))
    except NotAllowed as refused:
        return notice(reason(f"tickets.why_{refused.why}", language), language, kind="late"), no_update, no_update
    except FieldsWrong as wrong:
        said = "; ".join(reason(f"tickets.fault_{fault.problem}", language) for fault in wrong.faults)
        return notice(said, language, kind="late"), no_update, no_update
    except (ChangeIdReused, ValueError):
        return notice(t("ticket_list.again", language), language), str(uuid4()), no_update
    return created_of(outcome.number, merged=outcome.merged, language=language), None, dash.ctx.triggered_id
