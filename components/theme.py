"""Colours for charts that Python draws: the same values as `assets/tokens.css`, read from that file."""

import re
from functools import lru_cache
from typing import Any, Literal, get_args

import plotly.graph_objects as go

from settings import ROOT

Theme = Literal["dark", "light"]
THEME_COOKIE = "gridaudit_theme"
"""The theme of the desk pages on this screen; set by the theme switch, readable by scripts."""
_DARK = ("ink", "ink", "quiet", "quiet", "panel-edge", "raised", "panel", "panel", "ground", "ground")
_GRAY = ("raised", "raised", "panel-edge", "panel-edge", "panel-edge", "quiet", "quiet", "quiet", "ink", "ink")
"""Mantine's ten steps of its greys, in its order: from text to ground in the dark, from ground to text in the light."""
FILE = ROOT / "assets" / "tokens.css"
_BLOCK = re.compile(r'\[data-theme="(dark|light)"\]\s*\{(.*?)\}', re.DOTALL)
_TOKEN = re.compile(r"--([\w-]+):\s*([^;]+);")


@lru_cache(maxsize=1)
def tokens() -> dict[Theme, dict[str, str]]:
    """Theme → token name without its dashes → value."""
    themes: dict[Theme, dict[str, str]] = {}
    for theme, body in _BLOCK.findall(FILE.read_text(encoding="utf-8")):
        themes[theme] = dict(_TOKEN.findall(body))
    return themes


def known_theme(value: object) -> Theme | None:
    """The value when it names a theme that we have."""
    return next((theme for theme in get_args(Theme) if theme == value), None)


def mantine(theme: Theme) -> dict[str, Any]:
    """The Mantine theme made from the tokens: accent, corners, type. Surfaces: `assets/desk_table.css`.

    Mantine wants ten shades of a colour; only one is in use, so that the accent is the same as everywhere else.
    """
    value = tokens()[theme]
    return {
        "primaryColor": "accent",
        "primaryShade": 5,
        "colors": {
            "accent": [value["accent"]] * 10,
            "dark": [value[name] for name in _DARK],
            "gray": [value[name] for name in _GRAY],
        },
        "autoContrast": False,
        "white": value["panel"],
        "black": value["ink"],
        "defaultRadius": "md",
        "fontFamily": "var(--font)",
        "headings": {"fontFamily": "var(--font)", "fontWeight": "600"},
    }


def template(theme: Theme) -> go.layout.Template:
    """The Plotly template of a theme: quiet axes, zero-based bars, the series colours in their order."""
    value = tokens()[theme]
    axis = {
        "gridcolor": value["panel-edge"],
        "linecolor": value["panel-edge"],
        "zerolinecolor": value["quiet"],
        "tickcolor": value["panel-edge"],
        "automargin": True,
        "title": {"font": {"color": value["quiet"]}},
    }
    heat = "Inferno" if theme == "dark" else "Cividis"
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "Noto Sans SC Variable, system-ui, sans-serif", "color": value["ink"], "size": 13},
            "colorway": [value[f"series-{i}"] for i in (1, 2, 3, 4)],
            "colorscale": {"sequential": heat, "sequentialminus": heat},
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "rangemode": "tozero"},
            "hoverlabel": {"bgcolor": value["raised"], "font": {"color": value["ink"]}},
            "margin": {"l": 8, "r": 8, "t": 32, "b": 8},
            "showlegend": False,
        }
    )
