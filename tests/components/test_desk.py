"""The desk shell as Python builds it: navigation by role and registration, facts, figures, tables, maps."""

import json
import re
from typing import Any

import dash
import plotly.graph_objects as go
import pytest
from dash.development.base_component import Component

from components import desk as shell
from components.charts import themed
from components.desk import NAVIGATION, Crumb, KeyFigure, desk, destinations, facts, not_found, section
from components.desk_map import area_layer, desk_map, point_layer
from components.grid import grid, link_column, number_column, texts
from components.theme import known_theme, mantine, tokens
from data_access.scope import Viewer
from i18n import LANGUAGES
from settings import ROOT

NOTHING: dict[str, Any] = {"type": "FeatureCollection", "features": []}


def viewer(role: Any) -> Viewer:
    """Somebody of the county of 1302."""
    return Viewer(subject="1", role=role, org_path="jibei.1302.130202")


def whole(part: Any) -> str:
    """Everything that the browser is sent for a part."""
    return json.dumps(part.to_plotly_json() if isinstance(part, Component) else part, cls=_Encoder, ensure_ascii=False)


class _Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return o.to_plotly_json()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The registered pages; empty at first."""
    registry: dict[str, Any] = {}
    monkeypatch.setattr(dash, "page_registry", registry)
    return registry


def test_an_entry_without_a_page_is_not_shown(pages: dict[str, Any]) -> None:
    assert destinations(viewer("manager")) == []
    pages["tickets"] = {"path": "/tickets"}
    assert [one.key for one in destinations(viewer("manager"))] == ["tickets"]


def test_an_entry_of_a_unit_leads_to_the_viewers_own(pages: dict[str, Any]) -> None:
    pages["region"] = {"path": "/regions/none", "path_template": "/regions/<code>"}
    (entry,) = destinations(viewer("lead"))
    assert entry.address(viewer("lead")) == "/regions/130202"


def test_each_role_sees_its_entries(pages: dict[str, Any]) -> None:
    for entry in NAVIGATION:
        pages[entry.key] = {"path": entry.href, "path_template": entry.href.replace("{unit}", "<code>")}
    seen = {role: [one.key for one in destinations(viewer(role))] for role in ("manager", "inspector", "admin")}
    assert "field" in seen["inspector"] and "field" not in seen["manager"]
    assert "trends" not in seen["inspector"]
    assert "imports" in seen["admin"] and "imports" not in seen["manager"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_where_one_is_and_what_matters(language: Any) -> None:
    page = whole(
        desk(
            active="tickets",
            language=language,
            title="T1",
            crumbs=[Crumb("Jibei", "/"), Crumb("T1")],
            figures=[KeyFigure("Overdue", "17", "of 486", "late")],
            body=section("Map", "here", note="WGS-84"),
        )
    )
    for text in ('"aria-current": "page"', "Overdue", "of 486", "key--late", "icon-clock-exclamation", "WGS-84"):
        assert text in page
    assert '"data-theme": "light"' in page, "the desk is light by default"


def test_every_icon_of_the_shell_is_shipped() -> None:
    source = "".join((ROOT / "components" / name).read_text(encoding="utf-8") for name in ("desk.py", "desk_map.py"))
    used = {entry.icon for entry in NAVIGATION} | set(shell._SIGNS.values())
    used |= set(re.findall(r'icon\("([\w-]+)"\)', source)) | set(re.findall(r'_zoom\("\w+", "([\w-]+)"', source))
    used |= {"moon", "sun", "language", "logout", "map-pin-off"}
    styles = (ROOT / "assets" / "icons" / "icons.css").read_text(encoding="utf-8")
    assert [name for name in used if f".icon-{name}{{" not in styles] == []
    assert [name for name in used if not (ROOT / "assets" / "icons" / f"{name}.svg").exists()] == []


def test_what_is_not_known_is_left_out_of_a_file() -> None:
    shown = whole(facts([("Capacity", "400 kVA"), ("Phone", None), ("Faults", 0)]))
    assert "Capacity" in shown and "Faults" in shown and "Phone" not in shown


def test_gone_and_out_of_scope_look_alike_and_have_a_way_out() -> None:
    shown = whole(not_found("en", "T-1"))
    assert "T-1 was not found" in shown and '"data-desk": "back"' in shown and '"href": "/"' in shown


def test_the_grid_speaks_both_languages_with_the_same_keys() -> None:
    assert texts("zh").keys() == texts("en").keys()
    assert texts("zh")["noRowsToShow"] == "暂无数据"
    assert texts("en", empty="No tickets")["noRowsToShow"] == "No tickets"


def test_a_table_keeps_its_rows_apart_and_reads_large_ones_in_blocks() -> None:
    columns = [link_column("number", "Number", "/tickets/{number}"), number_column("yuan", "Yuan", 2, width=120)]
    small = grid(
        id="g", columns=columns, rows=[{"number": "T1", "yuan": "0.10"}], language="en", theme="light", key="number"
    )
    assert small.getRowId == "params.data.number" and small.rowData == [{"number": "T1", "yuan": "0.10"}]
    assert [column.get("flex") for column in small.columnDefs] == [1, None]
    large = grid(
        id="g", columns=columns, language="zh", theme="dark", server_side=True, dashGridOptions={"rowHeight": 40}
    )
    assert large.rowModelType == "infinite" and not hasattr(large, "rowData")
    assert large.dashGridOptions["rowHeight"] == 40 and large.dashGridOptions["cacheBlockSize"] == 100


def test_a_map_keeps_the_view_asked_for_and_needs_no_tile_server() -> None:
    made = whole(desk_map(id="m", label="Map", language="en", bounds=[[39.0, 118.0], [40.0, 119.0]]))
    assert "TileLayer" not in made and "39.0" in made


def test_layers_name_functions_of_ours_and_carry_no_code() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "assets" / "js" / "desk").glob("*.js"))
    for layer in (
        point_layer("p", NOTHING, "risk", cluster=True),
        area_layer("a", NOTHING, "choropleth", domain=(0, 9)),
    ):
        for name in re.findall(r"gridaudit\.deskMap\.(\w+)", whole(layer)):
            assert re.search(rf"\b{name}(:|\()", scripts), name


def test_a_chart_counts_from_zero_and_labels_time_in_numbers() -> None:
    figure = themed(go.Figure(go.Bar(x=["2026-01", "2026-02"], y=[3, 4])), "dark")
    assert figure.layout.template.layout.yaxis.rangemode == "tozero"
    assert [stop.value for stop in figure.layout.xaxis.tickformatstops][-2:] == ["%Y-%m", "%Y"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_mantine_has_our_accent(theme: Any) -> None:
    made = mantine(theme)
    assert set(made["colors"]["accent"]) == {tokens()[theme]["accent"]}
    assert all(len(shades) == 10 for shades in made["colors"].values())


def test_a_theme_that_we_do_not_have_is_none() -> None:
    assert [known_theme(value) for value in ("dark", "light", "blue", None, 7)] == ["dark", "light", None, None, None]
