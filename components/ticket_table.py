"""The table of tickets: columns, their orders, and how rows are selected."""

from typing import Any

import dash_ag_grid as dag

from components.grid import grid, link_column, pill_column
from components.theme import Theme
from components.ticket_address import Address
from data_access.ticket_filter import Sort
from i18n import Language, t

GRID = "tickets-grid"
SORTED: dict[str, str] = {"due": "due", "opened": "opened", "closed": "closed", "number": "number", "level": "level"}
"""Column → name of its order (`ticket_filter.SORTS`)."""


def columns(at: Address, language: Language) -> list[dict[str, Any]]:
    """Column definitions for a view: closed tickets show the day of closing instead of a deadline."""
    closed = at.chosen.state == "closed"

    def head(name: str, **more: Any) -> dict[str, Any]:
        return {
            "field": name,
            "headerName": t(f"ticket_list.head_{name}", language),
            "sortable": name in SORTED,
            "sort": ("desc" if at.sort.descending else "asc") if SORTED.get(name) == at.sort.name else None,
            "tooltipField": name,
            **more,
        }

    def built(column: dict[str, Any]) -> dict[str, Any]:
        name = column["field"]
        return {**head(name), **column, "headerName": t(f"ticket_list.head_{name}", language)}

    level = {"function": "ticketLevel(params.data && params.data.risk)"}
    return [
        built(link_column("number", "", "/tickets/{number}", width=128, minWidth=120, pinned="left")),
        head("level", width=72, minWidth=72, cellClass=level),
        head("anomaly", flex=3, minWidth=150),
        built(pill_column("status", "", "status_kind", flex=2, minWidth=104)),
        built(pill_column("due", "", "due_kind", flex=2, minWidth=112, tooltipField="due_title", hide=closed)),
        head("closed", width=108, hide=not closed),
        head("unit", flex=2, minWidth=96),
        head("object", flex=2, minWidth=120, cellClass="is-figures"),
        head("handler", flex=2, minWidth=80),
        # Beside the map every column must be read without scrolling sideways.
        head("opened", width=108, hide=at.with_map),
    ]


def table(at: Address, language: Language, theme: Theme, *, selectable: bool) -> dag.AgGrid:
    """The table; rows come from `pages.tickets` in blocks."""
    selection = {
        "rowSelection": {
            "mode": "multiRow",
            "checkboxes": True,
            "headerCheckbox": False,
            "enableClickSelection": False,
        },
        "selectionColumnDef": {"pinned": "left", "width": 44},
    }
    return grid(
        id=GRID,
        columns=columns(at, language),
        language=language,
        theme=theme,
        server_side=True,
        height="100%",
        key="number",
        empty=t("ticket_list.nothing", language),
        eventListeners={
            "sortChanged": ["ticketsSorted(params)"],
            # `selectedRows` of the component is silent in this row model, and would clear the selection at a refresh.
            "selectionChanged": ["ticketsPicked(params)"],
            "cellFocused": ["ticketsPointed(params)"],
            "rowClicked": ["ticketsPointed(params)"],
            "cellKeyDown": ["ticketsKey(params)"],
        },
        dashGridOptions={
            "maxConcurrentDatasourceRequests": 1,
            "tooltipShowMode": "whenTruncated",
            **(selection if selectable else {}),
        },
    )


def order_of(sort_model: Any, at: Address) -> Sort:
    """The order that the table asks for; the address's own where it asks for none (anyone may send anything)."""
    first = sort_model[0] if isinstance(sort_model, list) and sort_model else None
    name = SORTED.get(first.get("colId", "")) if isinstance(first, dict) else None
    if name is None or (name == "closed" and at.chosen.state != "closed"):
        return at.sort
    return Sort(name, isinstance(first, dict) and first.get("sort") == "desc")
