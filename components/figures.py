"""The figures beside the map: label and place here, values from the live socket (assets/js/wall/figures.js)."""

from dash import html

from components.attributes import attributes
from components.icons import icon
from i18n import Language, t

LEFT: tuple[tuple[str, str, str], ...] = (
    ("on_duty", "users", "on_duty"),
    ("open", "clipboard-list", "open"),
    ("overdue", "clock-exclamation", "overdue"),
    ("closed_today", "circle-check", "closed_today"),
    ("confirmed", "target", "checked"),
    ("recovered_kwh", "bolt", "recovered"),
    ("recovered_yuan", "currency-yuan", "recovered"),
)
"""Figure, its icon, and the list that it opens."""


def figure(name: str, icon_name: str, behind: str, language: Language) -> html.Button:
    """One figure: a button that opens the list behind it."""
    return html.Button(
        [
            html.Span([icon(icon_name), t(f"wall.{name}", language)], className="figure__label"),
            html.Span("000", id=f"figure-{name}", className="figure__value number skeleton"),
            html.Span(id=f"note-{name}", className="figure__note"),
        ],
        type="button",
        className="figure",
        **attributes({"data-behind": behind}),
    )


def left_figures(language: Language) -> html.Aside:
    """On duty, tickets, confirmation, what was recovered."""
    return html.Aside(
        [figure(name, icon_name, behind, language) for name, icon_name, behind in LEFT],
        className="side side--left",
        **attributes({"aria-label": t("wall.figures", language), "data-covers": "left"}),
    )


def right_figures(language: Language) -> html.Aside:
    """Risk: open points by level, by unit with the change of 30 days, and 90 days of new points."""

    def block(title: str, note: str, place: str) -> html.Section:
        return html.Section(
            [
                html.H2([t(title, language), html.Span(t(note, language), className="block__note")]),
                html.Div(id=place, className=place),
            ],
            className="block",
        )

    return html.Aside(
        [
            figure("risk_open", "alert-triangle", "risk", language),
            block("wall.by_level", "wall.by_level_note", "chart-levels"),
            block("wall.by_unit", "wall.by_unit_note", "chart-units"),
            block("wall.trend", "wall.trend_note", "chart-trend"),
        ],
        className="side side--right",
        **attributes({"aria-label": t("wall.risk_figures", language), "data-covers": "right"}),
    )
