"""Large tables: AG Grid (community) in our colours, with Chinese texts, numbers aligned, reached by keyboard.

Functions that the grid runs in the browser are in `assets/js/desk/grid.js`: the page's content policy allows no code in
column definitions beyond calls of those.
"""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag

from components.theme import Theme
from i18n import Language, catalogue

BLOCK = 100
"""Rows that a server-side table asks for at a time."""


def number_column(field: str, head: str, digits: int = 0, **more: Any) -> dict[str, Any]:
    """Numbers and decimal texts with grouping and `digits` decimals, aligned right. Never turned into a float."""
    return {
        "field": field,
        "headerName": head,
        "type": "rightAligned",
        "cellClass": "is-number",
        "valueFormatter": {"function": f"deskNumber(params.value, {int(digits)})"},
        "comparator": {"function": "deskCompareNumbers"},
        **more,
    }


def link_column(field: str, head: str, href: str, **more: Any) -> dict[str, Any]:
    """A column whose cells lead somewhere: `href` such as `/tickets/{number}`, filled from the row."""
    return {
        "field": field,
        "headerName": head,
        "cellRenderer": "DeskLink",
        "cellRendererParams": {"href": href},
        **more,
    }


def pill_column(field: str, head: str, kind_field: str, **more: Any) -> dict[str, Any]:
    """A state in words; the row's `kind_field` (plain, good, warn, late, off) gives sign and colour."""
    return {
        "field": field,
        "headerName": head,
        "cellRenderer": "DeskPill",
        "cellRendererParams": {"kind": kind_field},
        **more,
    }


def texts(language: Language, *, empty: str = "") -> dict[str, str]:
    """The grid's own words in `language`; `empty` is what stands there when there are no rows."""
    words = {key.removeprefix("grid."): text for key, text in catalogue(language).items() if key.startswith("grid.")}
    return {**words, "noRowsToShow": empty} if empty else words


def grid(
    *,
    id: str,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]] | None = None,
    language: Language,
    theme: Theme,
    server_side: bool = False,
    height: str = "480px",
    key: str | None = None,
    empty: str = "",
    **options: Any,
) -> dag.AgGrid:
    """A table. `key` names the field that identifies a row: with it selection survives an answer, and a map that shows
    the same keys lights up with the row under the pointer.

    `server_side`: rows come in blocks of `BLOCK` as one scrolls; the page answers `getRowsRequest` with
    `getRowsResponse`. Columns share the width by their `flex` (1 where neither it nor `width` is given), and scroll
    sideways where the screen is narrow. `height="auto"` is as high as its rows (short tables only). `options` go to
    `dag.AgGrid`; `dashGridOptions` among them is added to ours.
    """
    grid_options: dict[str, Any] = {
        "theme": {"function": "deskTheme(themeQuartz)"},
        "localeText": texts(language, empty=empty),
        "rowHeight": 36,
        "headerHeight": 36,
        "animateRows": False,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressColumnVirtualisation": len(columns) <= 12,
        "tooltipShowDelay": 400,
        **({"domLayout": "autoHeight"} if height == "auto" else {}),
        **({"cacheBlockSize": BLOCK, "maxBlocksInCache": 20, "blockLoadDebounceMillis": 80} if server_side else {}),
        **options.pop("dashGridOptions", {}),
    }
    defaults = {
        "sortable": True,
        "resizable": True,
        "filter": False,
        "suppressHeaderMenuButton": True,
        "minWidth": 104,
        **options.pop("defaultColDef", {}),
    }
    if key and "getRowId" not in options:
        options["getRowId"] = f"params.data.{key}"
    if not server_side:
        options["rowData"] = list(rows or [])
    return dag.AgGrid(
        id=id,
        columnDefs=[column if column.keys() & {"flex", "width"} else {"flex": 1, **column} for column in columns],
        rowModelType="infinite" if server_side else "clientSide",
        defaultColDef=defaults,
        dashGridOptions=grid_options,
        className=f"desk-grid desk-grid--{theme}",
        style={"width": "100%", "height": None if height == "auto" else height},
        **options,
    )
