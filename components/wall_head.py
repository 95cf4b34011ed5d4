"""The wall's head and the controls over its map."""

from dash import html

from components.attributes import attributes
from components.desk import destinations
from components.icons import icon
from data_access.scope import current_viewer
from i18n import Language, t


def _press(action: str, icon_name: str, label: str, text: str | None = None) -> html.Button:
    return html.Button(
        [icon(icon_name), *([html.Span(text)] if text else [])],
        type="button",
        className="button button--bare",
        title=label,
        **attributes({"data-action": action, "aria-label": label}),
    )


def head(language: Language, person: str, *, hands_free: bool) -> html.Header:
    """Unit and title, clock, how live the picture is; for people also language, theme, help and the way out."""
    other = t("common.other_language", language)
    desk_page = next((one for one in destinations(current_viewer.get()) if one.key != "wall"), None)
    way_out = (
        [
            html.A(
                icon("layout-grid"),
                href=desk_page.address(current_viewer.get()),
                className="button button--bare",
                title=t("desk.desk_pages", language),
                **attributes({"aria-label": t("desk.desk_pages", language)}),
            )
        ]
        if desk_page
        else []
    )
    tools = (
        []
        if hands_free
        else [
            html.Nav(
                [
                    *way_out,
                    _press("replay-team", "history", t("wall.replay_open", language)),
                    _press("language", "language", t("wall.switch_language", language), other),
                    _press("theme", "sun", t("wall.switch_theme", language)),
                    _press("help", "help-circle", f"{t('wall.help', language)} (?)"),
                    _press("sign-out", "logout", f"{t('wall.sign_out', language)} {person}".strip()),
                ],
                className="head__tools",
                **attributes({"aria-label": t("wall.tools", language)}),
            )
        ]
    )
    return html.Header(
        [
            html.H1(
                [
                    html.Span(id="unit-name", className="head__unit"),
                    html.Span(t("wall.title", language), className="head__title"),
                ]
            ),
            html.Div(
                [
                    html.Span(id="clock-day", className="head__day"),
                    html.Span(id="clock-time", className="head__time number"),
                ],
                className="head__clock",
                title="Asia/Shanghai",
            ),
            html.Div(
                [
                    html.Span(
                        [
                            html.Span(id="live-dot", className="live-dot"),
                            html.Span(t("status.connecting", language), id="live-text"),
                            html.Span(id="live-age", className="number"),
                        ],
                        className="state state--live",
                        title=t("status.live_title", language),
                    ),
                    html.Span(id="state-network", className="state"),
                    html.Span(id="state-database", className="state"),
                ],
                className="head__states",
                role="group",
                **attributes({"aria-label": t("status.label", language)}),
            ),
            *tools,
        ],
        className="head",
    )


def layer_switch(language: Language) -> html.Div:
    """Risk as heat, as hexagons, or not at all."""
    choices = (("heat", "flame"), ("hexagons", "hexagons"), ("off", "eye-off"))
    return html.Div(
        [
            html.Button(
                [icon(icon_name), html.Span(t(f"map.layer_{layer}", language))],
                type="button",
                className="switch__choice",
                **attributes({"data-layer": layer, "aria-pressed": "false"}),
            )
            for layer, icon_name in choices
        ],
        className="switch",
        role="group",
        **attributes({"aria-label": t("map.risk_layer", language)}),
    )


def zoom_buttons(language: Language) -> html.Div:
    """Closer, farther, everything."""
    return html.Div(
        [
            _press("zoom-in", "plus", t("map.zoom_in", language)),
            _press("zoom-out", "minus", t("map.zoom_out", language)),
            _press("home", "home", f"{t('map.home', language)} (h)"),
        ],
        className="zoom",
        role="group",
        **attributes({"aria-label": t("map.zoom", language)}),
    )


def replay_bar(language: Language) -> html.Section:
    """Play, pause, speed, scrub; closed until something is replayed."""
    return html.Section(
        [
            html.Button(
                icon("player-play"),
                type="button",
                className="replay__play",
                **attributes({"data-action": "replay-play", "aria-label": t("wall.play", language)}),
            ),
            html.Div(
                [html.Span(className="replay__title"), html.Span(className="replay__note quiet")],
                className="replay__words",
            ),
            html.Span(className="replay__scrub", **attributes({"data-label": t("wall.replay_scrub", language)})),
            html.Span(className="replay__time number"),
            html.Span(className="replay__speed", **attributes({"data-label": t("wall.speed", language)})),
            html.Button(
                icon("x"),
                type="button",
                className="replay__close",
                **attributes({"data-action": "replay-close", "aria-label": t("common.close", language)}),
            ),
        ],
        id="replay",
        className="replay",
        hidden=True,
        **attributes({"aria-label": t("wall.replay", language), "data-covers": "bottom"}),
    )
