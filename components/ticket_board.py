"""The board: a column for each group of states, a card for each ticket, the most urgent first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from components import format as fmt
from components.attributes import attributes
from components.desk import link
from components.icons import icon
from components.map_words import anomaly_name, status_word
from components.ticket_rows import deadline, object_name, unit_name
from data_access.ticket_list import COLUMNS, Counts, Page
from i18n import Language, t

_SIGNS = {"late": "clock-exclamation", "warn": "alert-triangle", "off": "minus"}


def board_of(pages: Mapping[str, Page], counts: Counts, now: datetime, language: Language) -> list[html.Section]:
    """The columns in their order."""
    return [_column(name, pages[name], counts, now, language) for name in COLUMNS]


def _column(name: str, page: Page, counts: Counts, now: datetime, language: Language) -> html.Section:
    total = sum(counts.by_status.get(int(status), 0) for status in COLUMNS[name])
    cards: list[Any] = [_card(row, now, language) for row in page.rows]
    if not cards:
        cards = [html.P(t("ticket_list.column_empty", language), className="lane__empty quiet")]
    more = html.Button(
        t("ticket_list.more", language, n=fmt.number(total - len(page.rows), language)),
        id={"type": "tickets-more", "column": name},
        type="button",
        className="button lane__more",
        hidden=not page.more,
        n_clicks=0,
    )
    label = t(f"ticket_list.column_{name}", language)
    return html.Section(
        [
            html.Header(
                [html.H2(label), html.Span(fmt.number(total, language), className="lane__count number")],
                className="lane__head",
            ),
            html.Div([*cards, more], className="lane__cards"),
        ],
        className=f"lane lane--{name}",
        **attributes({"aria-label": label}),
    )


def _card(row: Mapping[str, Any], now: datetime, language: Language) -> Any:
    kind, words = deadline(row, now, language)
    state = status_word(row["status"], language)
    due: list[Any] = [icon(_SIGNS[kind])] if kind in _SIGNS else []
    handler = row["handler"] or t("ticket_list.nobody", language)
    parts = [
        html.Div(
            [
                html.Span(fmt.roman(row["level"]), className=f"level-mark level-mark--{row['level']}"),
                html.Span(row["number"], className="ticket-card__number number"),
                html.Span(state, className="ticket-card__status", title=state),
            ],
            className="ticket-card__line",
        ),
        html.Div(anomaly_name(row["anomaly_code"], language), className="ticket-card__what"),
        html.Div(f"{unit_name(row, language)} · {object_name(row)}", className="ticket-card__where"),
        html.Div(
            [
                html.Span([*due, html.Span(words)], className=f"state-word state-word--{kind}"),
                html.Span([icon("user"), html.Span(handler)], className="ticket-card__who"),
            ],
            className="ticket-card__line",
        ),
    ]
    return link(
        html.Div(parts, className="ticket-card__body", **attributes({"data-map-key": row["number"]})),
        f"/tickets/{row['number']}",
        className=f"ticket-card ticket-card--{kind}",
    )
