"""The filter bar: chips that read like a sentence, each with its choices. State lives in the URL (assets/js/wall)."""

from functools import lru_cache
from typing import Any

from dash import html

from audit.catalogue import catalogue
from components.attributes import attributes
from components.format import roman
from components.icons import icon
from i18n import Language, t

PERIODS = ("7", "30", "90", "365", "all")
LEVELS = (1, 2, 3, 4)


@lru_cache(maxsize=2)
def names(language: Language) -> dict[str, dict[str, str]]:
    """Names of business and anomaly types by code, for scripts."""
    known = catalogue()
    field = "name_zh" if language == "zh" else "name_en"
    return {
        "business": {kind.code: getattr(kind, field) for kind in known.business_types},
        "anomalies": {kind.code: getattr(kind, field) for kind in known.anomaly_types},
    }


def _option(filter_name: str, value: str, shown: Any, *, many: bool) -> html.Button:
    return html.Button(
        [html.Span(className="menu__mark"), html.Span(shown, className="menu__text")],
        type="button",
        className="menu__item",
        role="menuitemcheckbox" if many else "menuitemradio",
        **attributes({"data-filter": filter_name, "data-value": value, "aria-checked": "false"}),
    )


def _chip(name: str, menu: list[Any], language: Language, *, listed: bool = True) -> html.Span:
    menu_id = f"filter-menu-{name}"
    choices: list[Any] = [html.Div(menu, id=menu_id, className="menu__list")] if listed else menu
    return html.Span(
        [
            html.Button(
                [html.Span(className="chip__text"), icon("chevron-down")],
                type="button",
                className="chip",
                **attributes(
                    {
                        "data-filter-chip": name,
                        "aria-haspopup": "true",
                        "aria-expanded": "false",
                        "aria-controls": f"{menu_id}-room",
                        "title": t(f"filters.{name}", language),
                    }
                ),
            ),
            html.Div(choices, id=f"{menu_id}-room", className=f"menu menu--{name}", hidden=True),
        ],
        className="chip-room",
    )


def _anomaly_menu(language: Language) -> list[Any]:
    options = [
        _option("anomaly", code, [html.Span(code, className="menu__code"), name], many=True)
        for code, name in names(language)["anomalies"].items()
    ]
    search = html.Div(
        className="menu__search", **attributes({"data-field": "search", "data-label": t("filters.search", language)})
    )
    return [search, html.Div(options, className="menu__list", role="menu")]


def _period_menu(language: Language) -> list[Any]:
    presets = [
        _option(
            "days",
            days,
            t("filters.period_all" if days == "all" else f"filters.days_{days}", language),
            many=False,
        )
        for days in PERIODS
    ]
    dates = [
        html.Label(
            t(f"filters.{name}", language),
            className="menu__date",
            **attributes({"data-field": "date", "data-name": name}),
        )
        for name in ("from", "to")
    ]
    return [html.Div(presets, className="menu__list", role="menu"), html.Div(dates, className="menu__dates")]


def filter_bar(language: Language) -> html.Div:
    """The bar. Units are added by the script when the borders in scope are known."""
    business = [_option("business", code, name, many=True) for code, name in names(language)["business"].items()]
    levels = [
        _option("level", str(level), t("wall.level", language, level=roman(level)), many=True) for level in LEVELS
    ]
    word = "filters__word"
    open_chip = html.Button(
        html.Span(className="chip__text"),
        type="button",
        className="chip chip--switch",
        **attributes({"data-filter-chip": "open", "aria-pressed": "true"}),
    )
    clear = html.Button(
        [icon("x"), t("filters.clear", language)],
        type="button",
        className="chip chip--clear",
        hidden=True,
        **attributes({"data-action": "clear-filters"}),
    )
    parts: list[Any] = [
        icon("filter"),
        html.Span(t("filters.show", language), className=word),
        _chip("business", business, language),
        _chip("anomaly", _anomaly_menu(language), language, listed=False),
        html.Span(t("filters.at", language), className=word),
        _chip("level", levels, language),
        html.Span(t("filters.in", language), className=word),
        _chip("unit", [], language),
        html.Span(t("filters.over", language), className=word),
        _chip("period", _period_menu(language), language, listed=False),
        open_chip,
        clear,
    ]
    return html.Div(
        parts,
        id="filters",
        className="filters",
        role="toolbar",
        **attributes({"aria-label": t("filters.label", language), "data-covers": "top"}),
    )
