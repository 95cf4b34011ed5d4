"""`/imports`: administrators hand in files of another system and see what became of them."""

from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update

from components.desk import Crumb, desk, request_language
from components.import_view import RUNNING, recent_view, whole
from components.language import known
from components.notice import empty_state
from data_access import imports
from data_access.scope import current_viewer, require_viewer
from i18n import Language, t
from jobs.imports.findings import error_text
from jobs.imports.kinds import KINDS
from jobs.imports.places import SYSTEMS
from jobs.imports.reading import SUFFIXES

dash.register_page(__name__, path="/imports", title="gridaudit")

TICK_MS = 2_000
"""How often a running import is asked how far it is."""


def _shown(rows: list[dict[str, Any]], language: Language) -> Any:
    return recent_view(rows, language, lambda code, values: error_text(code, values, language))


async def layout(lang: str | None = None, **_: str) -> html.Div:
    """The form, the templates, the last imports. One statement."""
    language = request_language(lang)
    viewer = current_viewer.get()
    title = t("imports.title", language)
    if viewer is None:  # while the pages are first read
        return html.Div()
    if viewer.role != "admin":
        body: list[Any] = [empty_state(t("imports.not_admin", language), "", "alert-triangle")]
    else:
        rows = await imports.recent(viewer)
        body = whole(tuple(KINDS), SYSTEMS, SUFFIXES, _shown(rows, language), language)
        body.append(dcc.Interval(id="import-tick", interval=TICK_MS))
        body.append(dcc.Store(id="import-language", data=language))
        body.append(dcc.Store(id="import-state", data=_state(rows)))
    return desk(active="imports", language=language, title=title, crumbs=[Crumb(title)], body=body)


def _state(rows: list[dict[str, Any]]) -> str:
    """Differs when something is to be drawn anew."""
    running = [f"{row['rows_read']}" for row in rows if row["state"] in RUNNING]
    return f"{[(row['id'], row['state']) for row in rows[:5]]}{running}"


@callback(
    Output("import-recent", "children"),
    Output("import-state", "data"),
    Input("import-tick", "n_intervals"),
    State("import-language", "data"),
    State("import-state", "data"),
    prevent_initial_call=True,
)
async def follow(_turn: Any, lang: Any, shown: Any) -> Any:
    """The last imports, when something changed. One statement."""
    viewer = require_viewer()
    if viewer.role != "admin" or viewer.kind != "user":
        return no_update, no_update
    rows = await imports.recent(viewer)
    state = _state(rows)
    if state == shown:
        return no_update, no_update
    return _shown(rows, known(str(lang)) or viewer.language), state
