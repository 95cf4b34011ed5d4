"""Dispatching the selected tickets of the list: targets, preview, and one change after another."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.exceptions import PreventUpdate

from components import format as fmt
from components.desk import request_language
from components.notice import notice
from components.ticket_bulk import preview_of, report_of, targets
from data_access import ticket_bulk
from data_access.scope import require_viewer
from data_access.ticket_bulk import MOST, Target
from data_access.ticket_list import units_in_scope
from i18n import t

clientside_callback(
    ClientsideFunction("tickets", "deselect"),
    Output("tickets-deselect", "title"),
    Input("tickets-deselect", "n_clicks"),
    Input("tickets-bulk-done", "data"),
    prevent_initial_call=True,
)


def _numbers(picked: Any) -> list[str]:
    return [number for number in picked if isinstance(number, str)] if isinstance(picked, list) else []


@callback(
    Output("tickets-bulk", "opened"),
    Output("tickets-bulk-target", "data"),
    Output("tickets-bulk-target", "value"),
    Output("tickets-bulk-batch", "data"),
    Output("tickets-bulk-preview", "children"),
    Input("tickets-bulk-open", "n_clicks"),
    State("tickets-picked", "data"),
    prevent_initial_call=True,
)
async def open_dialog(clicks: Any, picked: Any) -> Any:
    """Where the selected ones could go; the batch gets a name, so that nothing happens twice."""
    numbers = _numbers(picked)
    if not clicks or not numbers:
        raise PreventUpdate
    viewer, language = require_viewer(), request_language(None)
    said = None
    if len(numbers) > MOST:
        numbers = numbers[:MOST]
        said = notice(t("ticket_list.bulk_most", language, n=MOST), language)
    units, inspectors = await asyncio.gather(
        units_in_scope(viewer, deepest=3), ticket_bulk.suitable_inspectors(viewer, numbers)
    )
    choices = targets(units, inspectors, len(numbers), viewer.org_path.count("."), language)
    return True, choices, None, {"id": str(uuid4()), "numbers": numbers}, said


@callback(
    Output("tickets-bulk-preview", "children", allow_duplicate=True),
    Output("tickets-bulk-plan", "data"),
    Output("tickets-bulk-commit", "disabled"),
    Output("tickets-bulk-commit", "children"),
    Input("tickets-bulk-target", "value"),
    State("tickets-bulk-batch", "data"),
    prevent_initial_call=True,
)
async def show_preview(target: Any, batch: Any) -> Any:
    """Which will go, which not and why."""
    language = request_language(None)
    word = t("ticket_list.dispatch", language)
    if not isinstance(target, str) or not target or not isinstance(batch, dict):
        return no_update, None, True, word
    numbers = _numbers(batch.get("numbers"))[:MOST]
    verdicts = await ticket_bulk.preview(require_viewer(), numbers, Target.parse(target), datetime.now(UTC))
    plan = {verdict.number: [verdict.version, dict(verdict.fields)] for verdict in verdicts if verdict.allowed}
    shown = preview_of(verdicts, len(numbers) - len(verdicts), language)
    if plan:
        word = t("ticket_list.dispatch_n", language, n=fmt.number(len(plan), language))
    # Another target is another content: it needs a name of its own, or the ids of the first one would refuse it.
    return shown, {"id": str(uuid4()), "tickets": plan}, not plan, word


@callback(
    Output("tickets-bulk-preview", "children", allow_duplicate=True),
    Output("tickets-bulk-plan", "data", allow_duplicate=True),
    Output("tickets-bulk-commit", "disabled", allow_duplicate=True),
    Output("tickets-bulk-commit", "children", allow_duplicate=True),
    Output("tickets-changed", "data", allow_duplicate=True),
    Output("tickets-bulk-done", "data"),
    Input("tickets-bulk-commit", "n_clicks"),
    State("tickets-bulk-plan", "data"),
    prevent_initial_call=True,
    running=[(Output("tickets-bulk-commit", "disabled"), True, True)],
)
async def commit(clicks: Any, plan: Any) -> Any:
    """One after another, each judged anew: what changed since the preview stays behind and is named."""
    if not clicks or not isinstance(plan, dict) or not isinstance(plan.get("tickets"), dict):
        raise PreventUpdate
    viewer, language, now = require_viewer(), request_language(None), datetime.now(UTC)
    batch = UUID(str(plan.get("id")))
    results = [
        await ticket_bulk.dispatch_one(viewer, batch, str(number), int(version), dict(fields), now)
        for number, (version, fields) in list(plan["tickets"].items())[:MOST]
    ]
    return report_of(results, language), None, True, t("ticket_list.dispatch", language), str(batch), str(batch)
