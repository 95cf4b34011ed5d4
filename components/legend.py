"""The legend's corner: signs, risk scale, scale bar, and how old each layer is. Filled by assets/js/wall/legend.js."""

from dash import html

from components.attributes import attributes
from i18n import Language, t


def legend(language: Language) -> html.Div:
    """Always in the same corner, small."""

    def head(key: str, age: str) -> html.Div:
        return html.Div(
            [
                html.Span(t(key, language), id=f"legend-{age}-title"),
                html.Span("–", id=f"age-{age}", className="legend__age number", title=t("map.age_of_data", language)),
            ],
            className="legend__head",
        )

    return html.Div(
        [
            html.Div(
                [head("map.inspectors", "positions"), html.Ul(id="legend-inspectors", className="legend__signs")],
                className="legend__part",
            ),
            html.Div(
                [head("map.tickets_by_deadline", "tickets"), html.Ul(id="legend-tickets", className="legend__signs")],
                className="legend__part",
            ),
            html.Div(
                [head("map.heat_title", "risk"), html.Div(id="legend-scale", className="scale")],
                id="legend-risk",
                className="legend__part",
            ),
            html.Div(html.Span(id="scale-bar", className="scale-bar"), className="legend__part legend__part--bar"),
        ],
        className="legend",
        role="group",
        **attributes({"aria-label": t("map.legend", language)}),
    )
