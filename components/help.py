"""The help that `?` opens: keys, and what the signs of the map mean in words."""

from dash import html

from components.attributes import attributes
from components.icons import icon
from i18n import Language, t

KEYS = (
    ("f", "filters"),
    ("1 2 3", "layers"),
    ("h", "home"),
    ("r", "replay"),
    ("l", "language"),
    ("Esc", "close"),
    ("?", "help"),
)


def help_panel(language: Language) -> html.Div:
    """Closed at first."""
    close = html.Button(
        icon("x"),
        type="button",
        className="panel__close",
        **attributes({"data-action": "help", "aria-label": t("common.close", language)}),
    )
    keys = html.Dl(
        [part for key, name in KEYS for part in (html.Dt(html.Kbd(key)), html.Dd(t(f"wall.key_{name}", language)))]
    )
    return html.Div(
        [close, html.H2(t("wall.help", language)), keys, html.P(t("wall.help_map", language), className="quiet")],
        id="help",
        className="help",
        role="dialog",
        hidden=True,
        **attributes({"aria-label": t("wall.help", language)}),
    )
