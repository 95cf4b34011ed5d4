"""The menu by which a page's tables are taken away."""

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from components.icons import icon
from components.view_state import address
from i18n import Language, t


def export_links(
    tables: Mapping[str, tuple[str, Sequence[str]]], query: Mapping[str, str | None], language: Language
) -> Component:
    """A folded list: per table (its word → path without ending, kinds of file) one link a kind of file."""
    rows = [
        html.Div(
            [
                html.Span(word, className="export__what"),
                *(
                    html.A(t(f"export.{kind}", language), href=address(f"{path}.{kind}", query), download="")
                    for kind in kinds
                ),
            ],
            className="export__row",
        )
        for word, (path, kinds) in tables.items()
    ]
    return html.Details(
        [
            html.Summary([icon("download"), t("export.menu", language)], className="button"),
            html.Div([*rows, html.P(t("export.masked", language), className="quiet small")], className="export__menu"),
        ],
        className="export",
    )
