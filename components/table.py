"""Dense tables: sticky head, numbers aligned, columns that sort, rows that lead to the thing they are about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html

from components.attributes import attributes
from components.notice import empty_state


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, how a cell is shown, and the value by which it sorts."""

    head: str
    show: Callable[[Mapping[str, Any]], Any]
    kind: Literal["text", "number"] = "text"
    sort: Callable[[Mapping[str, Any]], Any] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a row leads to: `inspector`, `ticket` or `risk`, its key, and its place (WGS-84) where there is one."""

    kind: str
    key: str
    lon: float | None = None
    lat: float | None = None


def table(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    caption: str,
    empty: str,
    key: str,
    target: Callable[[Mapping[str, Any]], Target | None] | None = None,
    hint: str = "",
) -> html.Div:
    """A table of `rows`. `key` differs for each answer of the server, so that a list sorted on screen is built anew.

    The first column of a row with a target is a button: with a keyboard it is reached by Tab and opened by Enter.
    """
    if not rows:
        return empty_state(empty, hint)
    head = html.Tr(
        [
            html.Th(
                html.Button(column.head, type="button"),
                scope="col",
                className=f"is-{column.kind}",
                **attributes({"data-sort": column.kind}),
            )
            for column in columns
        ]
    )
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="visually-hidden"),
                html.Thead(head),
                html.Tbody([_row(columns, row, target(row) if target else None) for row in rows]),
            ],
            className="table",
            key=key,
        ),
        className="table-room",
    )


def _row(columns: Sequence[Column], row: Mapping[str, Any], target: Target | None) -> html.Tr:
    cells = []
    for i, column in enumerate(columns):
        shown = column.show(row)
        if i == 0 and target is not None:
            shown = html.Button(shown, type="button", className="table__go")
        more = attributes({} if column.sort is None else {"data-value": _sortable(column.sort(row))})
        cells.append(html.Td(shown, className=f"is-{column.kind}", **more))
    if target is None:
        return html.Tr(cells)
    place = {} if target.lon is None else {"data-lon": str(target.lon), "data-lat": str(target.lat)}
    return html.Tr(cells, **attributes({"data-select": f"{target.kind}:{target.key}", **place}))


def _sortable(value: Any) -> str:
    return "" if value is None else str(value)
