"""Counts as bars from zero, each with its word and number: how tickets ended."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from i18n import Language


def result_bars(rows: Sequence[tuple[str, int, str]], language: Language) -> Component:
    """`rows` are word, count, and kind (late, warn, good, off, accent: the bar's colour)."""
    most = max((count for _, count, _ in rows), default=0) or 1
    return html.Div(
        [
            html.Div(
                [
                    html.Span(word),
                    html.Span(
                        html.Span(
                            className=f"share__bar share__bar--{kind}", style={"width": f"{100 * count / most:.0f}%"}
                        ),
                        className="share",
                    ),
                    html.Span(fmt.number(count, language), className="number"),
                ],
                className="end",
            )
            for word, count, kind in rows
        ],
        className="ends",
    )
