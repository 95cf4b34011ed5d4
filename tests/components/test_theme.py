"""One set of tokens: both themes complete, readable (WCAG AA), and the charts made from the same values."""

import re

import pytest

from components.theme import template, tokens
from settings import ROOT

THEMES = ("dark", "light")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_both_themes_have_the_same_tokens() -> None:
    assert set(tokens()["dark"]) == set(tokens()["light"])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["ground", "panel", "raised"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "accent", "good-text", "warn-text", "late-text"])
def test_text_reaches_aa_on_every_ground(theme: str, ground: str, ink: str) -> None:
    assert contrast(tokens()[theme][ink], tokens()[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sign", ["way", "site", "idle", "silent"])
def test_signs_stand_out_from_the_land(theme: str, sign: str) -> None:
    """Graphics need 3:1 (WCAG 1.4.11)."""
    assert contrast(tokens()[theme][f"state-{sign}"], tokens()[theme]["map-land"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_charts_take_their_colours_from_the_tokens(theme: str) -> None:
    layout = template(theme).layout
    assert list(layout.colorway) == [tokens()[theme][f"series-{i}"] for i in (1, 2, 3, 4)]
    assert layout.font.color == tokens()[theme]["ink"]


def test_styles_use_tokens_that_exist() -> None:
    known = set(re.findall(r"--([\w-]+)\s*:", "".join(p.read_text() for p in (ROOT / "assets").glob("*.css"))))
    scripts = "".join(p.read_text() for p in (ROOT / "assets" / "js").rglob("*.js"))
    known |= set(re.findall(r"--([\w-]+):", scripts)) | {"u-px", "columns"}
    used = set(re.findall(r"var\(--([\w-]+)", "".join(p.read_text() for p in (ROOT / "assets").glob("*.css"))))
    used |= set(re.findall(r'token\("--([\w-]+)"\)', scripts))
    assert used - known == set()
