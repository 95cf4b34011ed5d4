"""Shared parts of screens: requests are read strictly, tables lead to things, icons and texts exist."""

import re
from typing import Any

import pytest
from dash.development.base_component import Component

from components.list_view import LISTS, read_request
from components.table import Column, Target, table
from data_access.wall import LISTS as KNOWN_LISTS
from i18n import LANGUAGES, catalogue
from settings import ROOT

SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "assets" / "js").rglob("*.js"))
PYTHON = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "components").glob("*.py"))


@pytest.mark.parametrize(
    ("key", "level", "unit"),
    [
        ("", None, None),
        ("level-2", 2, None),
        ("level-9", None, None),
        ("unit-1302", None, "1302"),
        ("unit-';", None, None),
    ],
)
def test_a_request_for_a_list_is_read_strictly(key: str, level: int | None, unit: str | None) -> None:
    asked = read_request({"kind": "risk", "key": key, "language": "zh", "n": 3})
    assert asked is not None
    assert (asked.level, asked.unit, asked.language, asked.number) == (level, unit, "zh", "3")


@pytest.mark.parametrize("data", [None, 7, [], "risk", {}, {"kind": "audit_log"}, {"kind": None}, {"kind": ["risk"]}])
def test_a_request_that_cannot_be_meant_is_none(data: Any) -> None:
    assert read_request(data) is None


def test_every_list_of_the_screen_exists_in_the_data() -> None:
    assert set(LISTS) - {"hexagon"} <= KNOWN_LISTS


def _all(part: Any) -> list[Any]:
    if isinstance(part, (list, tuple)):
        return [found for one in part for found in _all(one)]
    return [part, *_all(part.children)] if isinstance(part, Component) and hasattr(part, "children") else [part]


def test_a_row_leads_to_its_thing_and_carries_its_place() -> None:
    columns = [Column("Number", lambda row: row["number"])]
    made = table(
        columns, [{"number": "T1"}], caption="c", empty="e", key="1", target=lambda r: Target("ticket", "T1", 1.5, 2.5)
    )
    row = next(one for one in _all(made) if getattr(one, "data-select", None))
    assert (getattr(row, "data-select"), getattr(row, "data-lon")) == ("ticket:T1", "1.5")
    assert any(
        type(one).__name__ == "Button" and one.className == "table__go"
        for one in _all(row)
        if hasattr(one, "className")
    )


def test_an_empty_list_says_so() -> None:
    assert "Nothing is overdue." in _all(table([], [], caption="c", empty="Nothing is overdue.", key="1"))


def test_every_icon_in_use_is_shipped() -> None:
    used = set(re.findall(r'icon\("([\w-]+)"\)', SCRIPTS + PYTHON)) | set(
        re.findall(r'_press\("[\w-]+", "([\w-]+)"', PYTHON)
    )
    assert used
    missing = {name for name in used if not (ROOT / "assets" / "icons" / f"{name}.svg").exists()}
    assert missing == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_scripts_name_is_in_the_catalogue(language: Any) -> None:
    used = set(re.findall(r'text\("([a-z]+\.[a-z0-9_]+)"', SCRIPTS))
    assert len(used) > 20
    assert used - set(catalogue(language)) == set()


def test_nothing_is_fetched_from_elsewhere() -> None:
    """A utility's network has no internet: no address of another host in anything that a browser is sent."""
    files = [p for kind in ("*.js", "*.css") for p in (ROOT / "assets").rglob(kind)]
    hosts = {
        (path.name, host)
        for path in files
        for host in re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8"))
        if host != "www.w3.org"  # the name of the SVG vocabulary, never fetched
    }
    assert hosts == set()
