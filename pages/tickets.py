"""`/tickets`: all tickets in scope as a table or a board, with the map beside it.

The view is an address. A choice is a link; the script follows it without loading the page, and `show` draws what the
address says. Rows of the table are asked for in blocks as one scrolls. Creating and dispatching stand in
`pages.tickets_new` and `pages.tickets_bulk`.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import dash
from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.exceptions import PreventUpdate

from components import format as fmt
from components.attributes import attributes
from components.desk import Crumb, desk, request_language, request_theme
from components.desk_map import desk_map, point_layer, sign_legend
from components.icons import icon
from components.notice import notice
from components.ticket_address import PATH, Address
from components.ticket_board import board_of
from components.ticket_bulk import bulk_bar, bulk_dialog
from components.ticket_filters import filter_bar, view_bar
from components.ticket_new import new_dialog
from components.ticket_rows import features, grid_row
from components.ticket_table import GRID, columns, order_of, table
from data_access import ticket_list
from data_access.parameters import BadParameter
from data_access.scope import Viewer, current_viewer, require_viewer
from data_access.ticket_list import COUNTED, Anchor, Counts
from i18n import Language, t
from pages import tickets_bulk, tickets_new

# Dash itself only reads files that register a page.
__all__ = ["layout", "tickets_bulk", "tickets_new"]

dash.register_page(__name__, path=PATH, title="gridaudit")

ACTING = frozenset({"admin", "supervisor"})
"""Roles that create and dispatch."""
BLOCK = 100


async def layout(lang: str | None = None, **query: str) -> html.Div:
    """The page for an address; one that cannot be meant says why, and leads to all open tickets."""
    language = request_language(lang)
    title = t("ticket_list.title", language)
    viewer = current_viewer.get()
    if viewer is None:  # while the pages are first read
        return html.Div()
    try:
        at = Address.parse({**query, **({"lang": lang} if lang else {})})
    except BadParameter as wrong:
        said = t("ticket_list.bad_address", language, name=wrong.name, value=wrong.value, expected=wrong.expected)
        out = dcc.Link(t("ticket_list.to_open", language), href=PATH, className="button")
        return desk(active="tickets", language=language, title=title, body=[notice(said, language), out], wide=True)
    acting = viewer.role in ACTING
    now = datetime.now(UTC)
    views, units, shown, points = await asyncio.gather(
        ticket_list.view_counts(viewer, now=now),
        ticket_list.units_in_scope(viewer),
        _board(viewer, at, {}, now, language),
        _points(viewer, at, now, language),
    )
    actions: list[Any] = [html.Div(_switches(at, language), id="tickets-switches", className="switches")]
    actions.append(_export_link(at, language))
    if acting:
        new: list[Any] = [icon("plus"), t("ticket_list.new", language)]
        actions.append(html.Button(new, id="tickets-new", type="button", className="button button--main"))
    total = _total(shown[1].total, language, capped=False) if shown[1] else ""
    body = [
        html.Div(_views(at, views, viewer, language), id="tickets-views"),
        html.Div(filter_bar(at, units, language), id="tickets-filters"),
        html.Div(id="tickets-notice"),
        html.Div(
            [
                html.Div(
                    [
                        html.Div(
                            [
                                html.Span(total, id="tickets-total", className="tickets__total"),
                                *(bulk_bar(language) if acting else []),
                            ],
                            className="tickets__bar",
                        ),
                        html.Div(
                            table(at, language, request_theme(), selectable=acting),
                            id="tickets-table",
                            className="tickets__table",
                            hidden=at.look != "table",
                        ),
                        html.Div(shown[0], id="tickets-board", className="board", hidden=at.look != "board"),
                    ],
                    className="tickets__list",
                ),
                html.Aside(
                    _map(points, at, language),
                    id="tickets-map-pane",
                    className="tickets__map",
                    hidden=not at.with_map,
                    **attributes({"aria-label": t("ticket_list.map", language)}),
                ),
            ],
            className="tickets",
            id="tickets",
            **attributes({"data-look": at.look}),
        ),
        *((new_dialog(language), bulk_dialog(language)) if acting else ()),
        dcc.Store(id="tickets-address", data=_search(at)),
        dcc.Store(id="tickets-changed"),
        dcc.Store(id="tickets-depths", data={}),
        dcc.Store(id="tickets-anchors", data={}),
        dcc.Store(id="tickets-refresh", data={"how": "start", "sort": at.sort.text, "n": 0}),
    ]
    return desk(
        active="tickets",
        language=language,
        title=title,
        crumbs=[Crumb(t("desk.nav_wall", language), "/"), Crumb(title)],
        actions=actions,
        body=body,
        wide=True,
    )


def _search(at: Address) -> str:
    return at.href().removeprefix(PATH)


def _views(at: Address, counts: dict[str, int], viewer: Viewer, language: Language) -> html.Nav:
    return view_bar(at, counts, language, with_mine=viewer.role in {*ACTING, "inspector"})


def _switches(at: Address, language: Language) -> list[Any]:
    def way(name: str, href: str, icon_name: str, *, on: bool) -> html.A:
        return html.A(
            [icon(icon_name), html.Span(t(f"ticket_list.look_{name}", language))],
            href=href,
            className="button switches__way",
            **attributes({"data-ticket-view": "", "aria-pressed": "true" if on else "false", "role": "button"}),
        )

    return [
        way("table", at.href(view=None), "table", on=at.look == "table"),
        way("board", at.href(view="board"), "layout-grid", on=at.look == "board"),
        way("map", at.href(map="0" if at.with_map else None), "map-2", on=at.with_map),
    ]


def _export_link(at: Address, language: Language) -> html.A:
    return html.A(
        [icon("download"), t("ticket_list.export", language)],
        id="tickets-export",
        href=_export_address(at, language),
        className="button",
        title=t("ticket_list.export_title", language, n=fmt.number(50_000, language)),
        **attributes({"download": ""}),
    )


def _export_address(at: Address, language: Language) -> str:
    return f"/api/v1/tickets.xlsx?{at.machine_query}&lang={language}"


def _map(points: tuple[dict[str, Any], bool], at: Address, language: Language) -> list[Any]:
    legend = sign_legend(
        "ticket",
        [
            ({"level": 1, "state": "time"}, t("ticket_list.sign_time", language)),
            ({"level": 1, "state": "soon"}, t("ticket_list.sign_soon", language)),
            ({"level": 1, "state": "overdue"}, t("ticket_list.sign_overdue", language)),
        ],
    )
    return [
        desk_map(
            id="tickets-map",
            label=t("ticket_list.map", language),
            language=language,
            height="100%",
            layers=[point_layer("tickets-points", points[0], "ticket", cluster=True)],
            legend=legend,
        ),
        html.Button(
            [icon("focus-2"), t("ticket_list.only_map", language)],
            id="tickets-extent",
            type="button",
            className="button tickets__extent",
            **attributes({"aria-pressed": "true" if at.chosen.box else "false"}),
        ),
        html.P(_map_note(points[1], language), id="tickets-map-note", className="tickets__note", hidden=not points[1]),
        html.Div(
            id="tickets-peek",
            className="tickets__peek",
            hidden=True,
            **attributes({"data-open": t("ticket_list.open", language), "data-close": t("common.close", language)}),
        ),
    ]


def _map_note(more: bool, language: Language) -> str:
    return t("ticket_list.map_more", language, n=fmt.number(ticket_list.POINTS, language)) if more else ""


async def _board(
    viewer: Viewer, at: Address, depths: dict[str, int], now: datetime, language: Language
) -> tuple[list[Any], Counts | None]:
    if at.look != "board":
        return [], None
    pages, counts = await ticket_list.board(viewer, at.chosen, depths, now=now)
    return list(board_of(pages, counts, now, language)), counts


async def _points(viewer: Viewer, at: Address, now: datetime, language: Language) -> tuple[dict[str, Any], bool]:
    if not at.with_map:
        return {"type": "FeatureCollection", "features": []}, False
    points, more = await ticket_list.ticket_points(viewer, at.chosen, at.sort, now=now)
    return features(points, now, language), more


def _total(total: int, language: Language, *, capped: bool) -> str:
    if capped:
        return t("ticket_list.total_more", language, n=fmt.number(COUNTED, language))
    return t("ticket_list.total_one" if total == 1 else "ticket_list.total", language, n=fmt.number(total, language))


def _address_of(data: Any) -> Address:
    return Address.parse(data if isinstance(data, str) else "")


@callback(
    Output("tickets-views", "children"),
    Output("tickets-filters", "children"),
    Output("tickets-switches", "children"),
    Output("tickets-export", "href"),
    Output("tickets-board", "children"),
    Output("tickets-table", "hidden"),
    Output("tickets-board", "hidden"),
    Output("tickets-map-pane", "hidden"),
    Output("tickets-points", "data"),
    Output("tickets-map-note", "children"),
    Output("tickets-map-note", "hidden"),
    Output("tickets-total", "children"),
    Output(GRID, "columnDefs"),
    Output("tickets-refresh", "data"),
    Output("tickets-notice", "children"),
    Input("tickets-address", "data"),
    Input("tickets-changed", "data"),
    Input("tickets-depths", "data"),
    State("tickets-refresh", "data"),
    prevent_initial_call=True,
)
async def show(address: Any, _changed: Any, depths: Any, before: Any) -> Any:
    """Draw what the address says: after a choice, after a ticket changed elsewhere, or when a column is to go on."""
    viewer = require_viewer()
    language = request_language(None)
    try:
        at = _address_of(address)
    except BadParameter as wrong:
        said = t("ticket_list.bad_address", language, name=wrong.name, value=wrong.value, expected=wrong.expected)
        return (*([no_update] * 14), notice(said, language))
    language = request_language(at.query.get("lang"))
    now = datetime.now(UTC)
    wanted = {str(name): int(n) for name, n in depths.items()} if isinstance(depths, dict) else {}
    views, units, (lanes, counts), (points, more) = await asyncio.gather(
        ticket_list.view_counts(viewer, now=now),
        ticket_list.units_in_scope(viewer),
        _board(viewer, at, wanted, now, language),
        _points(viewer, at, now, language),
    )
    cause = dash.ctx.triggered_id
    how = {"tickets-address": "anew", "tickets-changed": "again"}.get(str(cause), "stay")
    number = before.get("n", 0) + 1 if isinstance(before, dict) else 1
    return (
        _views(at, views, viewer, language),
        filter_bar(at, units, language),
        _switches(at, language),
        _export_address(at, language),
        lanes,
        at.look != "table",
        at.look != "board",
        not at.with_map,
        points,
        _map_note(more, language),
        not more,
        _total(counts.total, language, capped=False) if counts else no_update,
        columns(at, language) if how == "anew" else no_update,
        {"how": how, "sort": at.sort.text, "n": number, "look": at.look},
        None,
    )


@callback(
    Output(GRID, "getRowsResponse"),
    Output("tickets-anchors", "data"),
    Output("tickets-total", "children", allow_duplicate=True),
    Input(GRID, "getRowsRequest"),
    State("tickets-address", "data"),
    State("tickets-anchors", "data"),
    prevent_initial_call=True,
)
async def rows(request: Any, address: Any, anchors: Any) -> Any:
    """A block of the table, read behind the last row of the block before it; the first one comes with the total."""
    start = request.get("startRow") if isinstance(request, dict) else None
    if not isinstance(start, int) or start < 0:
        raise PreventUpdate
    viewer = require_viewer()
    at = _address_of(address)
    language = request_language(at.query.get("lang"))
    if at.look != "table":
        return {"rowData": [], "rowCount": 0}, no_update, no_update
    sort = order_of(request.get("sortModel"), at)
    now = datetime.now(UTC)
    key = f"{sorted(at.filters.items())} {sort.text}"
    fresh: dict[str, Any] = {"key": key, "at": {}}
    known: dict[str, Any] = anchors if isinstance(anchors, dict) and anchors.get("key") == key else fresh
    after = _anchor(known["at"].get(str(start)), sort.column)
    counting = ticket_list.ticket_counts(viewer, at.chosen, now=now) if start == 0 else asyncio.sleep(0)
    page, counts = await asyncio.gather(
        ticket_list.ticket_page(viewer, at.chosen, sort, after=after, skip=start, limit=BLOCK, now=now), counting
    )
    if isinstance(counts, Counts):
        known = {**known, "total": None if counts.capped else counts.total}
    if page.rows and page.more:
        last = Anchor.of(page.rows[-1], sort)
        value = last.value.isoformat() if isinstance(last.value, datetime) else last.value
        known = {**known, "at": {**known["at"], str(start + len(page.rows)): [value, last.number]}}
    end = start + len(page.rows)
    answer = {
        "rowData": [grid_row(row, now, language) for row in page.rows],
        # Not yet known: the table goes on as one scrolls.
        "rowCount": (known.get("total") if page.more else end),
    }
    said = _total(counts.total, language, capped=counts.capped) if isinstance(counts, Counts) else no_update
    return answer, known, said


def _anchor(kept: Any, column: str) -> Anchor | None:
    """What the browser kept of the last row; None when it cannot be meant: the block is then counted from the start."""
    if not (isinstance(kept, list) and len(kept) == 2 and isinstance(kept[1], str)):
        return None
    try:
        if column.endswith("_at"):
            moment = datetime.fromisoformat(kept[0])
            return Anchor(moment, kept[1]) if moment.tzinfo else None
        return Anchor(int(kept[0]) if column == "level" else str(kept[0]), kept[1])
    except (TypeError, ValueError):
        return None


@callback(
    Output("tickets-depths", "data"),
    Input({"type": "tickets-more", "column": ALL}, "n_clicks"),
    State("tickets-depths", "data"),
    prevent_initial_call=True,
)
async def more_of_a_column(_clicks: Any, depths: Any) -> Any:
    """Another forty cards of the column whose button was pressed."""
    cause = dash.ctx.triggered_id
    if not isinstance(cause, dict) or not any(item["value"] for item in dash.ctx.triggered):
        raise PreventUpdate
    known = depths if isinstance(depths, dict) else {}
    return {**known, cause["column"]: min(200, int(known.get(cause["column"], 20)) + 40)}


clientside_callback(
    ClientsideFunction("tickets", "refresh"),
    Output("tickets-refresh", "modified_timestamp"),
    Input("tickets-refresh", "data"),
)
clientside_callback(
    ClientsideFunction("tickets", "sign"),
    Output("tickets-peek", "title"),
    Input("tickets-points", "n_clicks"),
    State("tickets-points", "clickData"),
    prevent_initial_call=True,
)
