"""Rules of the house that a reader can't keep by looking: asked of the program itself."""

import ast
import inspect
from pathlib import Path

import pytest
from sqlalchemy import UniqueConstraint

from data_access.models import Base
from i18n import faults
from settings import ROOT
from tests.asgi import running

ONE_PER_UTILITY = {
    "organisation": "the units themselves",
    "employee": "some thousand people, who change units",
    "substation": "some hundreds, a reference table",
    "feeder": "some thousands, a reference table",
    "business_type": "a catalogue",
    "anomaly_type": "a catalogue",
    "rule_version": "a catalogue",
    "rule_setting": "what units set, a catalogue",
    "rule_confidence": "one row a rule and unit",
    "rule_quality": "one row a rule",
    "learned_model": "one row a training",
    "learned_panel": "one row a training and county, with one for the whole",
    "stage_limit": "what units set, a catalogue",
    "tariff_version": "published tariffs, a catalogue",
    "device": "one a person",
    "inspector_position": "one row a person",
    "position_rejection": "counts by day and device",
    "app_user": "accounts",
    "user_session": "sign-ins",
    "api_token": "tokens",
    "sign_in_attempt": "forgotten after a day",
    "audit_log": "of the whole program",
    "change_feed": "one order for all, forgotten after an hour",
    "layer_version": "one row a layer",
    "data_load": "one row a load",
    "data_import": "one row an import",
    "risk_roll_up": "sums by unit, whose upper levels have no county",
    "ticket_roll_up": "sums by unit, whose upper levels have no county",
}
"""Tables that stay whole when the large ones are distributed by county, and why that is no hindrance."""

DISTRIBUTED = sorted(set(Base.metadata.tables) - set(ONE_PER_UTILITY))


@pytest.mark.parametrize("name", DISTRIBUTED)
def test_every_large_table_can_be_distributed_by_county(name):
    """Citus wants the distribution column in the primary key and in everything unique (DESIGN.md, past one machine)."""
    table = Base.metadata.tables[name]
    assert "county_code" in table.columns, f"{name}: give it county_code, or say in ONE_PER_UTILITY why it stays whole"
    assert next(iter(table.primary_key.columns)).name == "county_code"
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert "county_code" in constraint.columns, constraint
    for index in table.indexes:
        if index.unique:
            assert "county_code" in index.columns, index
    for constraint in table.foreign_key_constraints:
        if constraint.referred_table.name in DISTRIBUTED:
            assert "county_code" in constraint.column_keys, f"{name}: joins {constraint.referred_table} without county"


def test_the_list_of_whole_tables_names_no_other():
    assert set(ONE_PER_UTILITY) <= set(Base.metadata.tables)


async def test_every_callback_is_a_coroutine(database):
    """A plain `def` would run on the event loop and hold up everybody (DESIGN.md, trap 1)."""
    from dash._callback import GLOBAL_CALLBACK_MAP

    import app

    async with running(app.server):
        entries = {**GLOBAL_CALLBACK_MAP, **app.dash_app.callback_map}
        known = {output: entry["callback"] for output, entry in entries.items() if "callback" in entry}
    assert any("_pages_content" in output for output in known), "the walk finds Dash's own page switch"
    plain = [output for output, function in known.items() if not inspect.iscoroutinefunction(function)]
    assert plain == []


async def test_every_route_is_a_coroutine(database):
    from fastapi.routing import APIRoute

    import app
    from tests.access.test_guard import walk_routes

    found = [route for route in walk_routes(app.server) if isinstance(route, APIRoute)]
    ours = [route for route in found if not route.endpoint.__module__.startswith("dash.")]
    assert len(ours) > 10
    assert [route.path for route in ours if not inspect.iscoroutinefunction(route.endpoint)] == []


SQL_SPEAKERS = ("execute", "exec_driver_sql", "scalar", "scalars", "stream")


def _files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", _files("api", "pages", "components"), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_data_access_speaks_sql(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SQL_SPEAKERS
    ]
    assert calls == [], f"{path.name} runs a statement of its own"
    text = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().startswith(("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "))
    ]
    assert text == [], f"{path.name} holds SQL"


def test_both_languages_have_every_text():
    assert faults() == []
