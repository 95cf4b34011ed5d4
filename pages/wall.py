"""The wall: where everyone is, what is in work, where risk is; live.

The page is laid out once; what moves is drawn by `assets/js` from the live socket. Two callbacks remain, for what is
asked for by a person: the list behind a figure and the card of a thing.
"""

import json
from typing import Any

import dash
from dash import Input, Output, callback, dcc, html

from components.attributes import attributes
from components.card_view import card_of
from components.desk import request_language
from components.figures import left_figures, right_figures
from components.filters import filter_bar, names
from components.help import help_panel
from components.legend import legend
from components.list_view import list_of
from components.map import wall_map
from components.panel import panel
from components.wall_head import head, layer_switch, replay_bar, zoom_buttons
from data_access.scope import current_viewer, require_viewer
from i18n import t
from settings import get_settings

dash.register_page(__name__, path="/", title="gridaudit")


def _config() -> str:
    """What scripts need to know: the viewer's unit, and the optional tile source."""
    viewer = current_viewer.get()
    source = get_settings().map
    config: dict[str, Any] = {"unit": viewer.org_path.rsplit(".", 1)[-1] if viewer else None}
    if source.tile_url:
        config |= source.model_dump()
    return json.dumps(config)


async def layout(lang: str | None = None, kiosk: str | None = None, **_: str) -> html.Div:
    """The screen. `kiosk=1` leaves out everything that needs a hand."""
    language = request_language(lang)
    viewer = current_viewer.get()
    hands_free = kiosk == "1" or (viewer is not None and viewer.kind == "wall")
    middle: list[Any] = [
        wall_map(t("wall.map", language)),
        left_figures(language),
        right_figures(language),
        legend(language),
        html.Div(id="wall-notice", className="notice wall-notice", hidden=True, role="status"),
        html.Div(id="wall-say", className="notice wall-say", hidden=True, role="status"),
        html.Div(id="kiosk-caption", className="kiosk-caption", hidden=True),
        replay_bar(language),
        panel("drawer", action="behind", covers="left", label=t("wall.list", language), language=language),
        panel("card", action="selected", covers="right", label=t("wall.card", language), language=language),
    ]
    if not hands_free:
        middle += [filter_bar(language), layer_switch(language), zoom_buttons(language), help_panel(language)]
    return html.Div(
        [
            html.Div(id="unit-probe", className="unit-probe"),
            head(language, viewer.display_name if viewer else "", hands_free=hands_free),
            html.Main(middle, className="stage"),
            html.Footer(
                html.Ul(id="ticker", className="ticker"),
                className="foot",
                **attributes({"aria-label": t("events.label", language)}),
            ),
            dcc.Store(id="wall-behind"),
            dcc.Store(id="wall-selected"),
        ],
        id="wall",
        className="wall wall--kiosk" if hands_free else "wall",
        lang="zh-CN" if language == "zh" else "en",
        **attributes(
            {
                "data-theme": "dark",
                "data-language": language,
                "data-kiosk": "1" if hands_free else "0",
                "data-config": _config(),
                "data-catalogue": json.dumps(names(language), ensure_ascii=False),
            }
        ),
    )


@callback(Output("drawer-body", "children"), Input("wall-behind", "data"), prevent_initial_call=True)
async def show_list(asked: Any) -> Any:
    """The list behind a figure, a bar or a hexagon."""
    return await list_of(require_viewer(), asked)


@callback(Output("card-body", "children"), Input("wall-selected", "data"), prevent_initial_call=True)
async def show_card(asked: Any) -> Any:
    """The card of an inspector, a ticket or a risk point."""
    return await card_of(require_viewer(), asked)
