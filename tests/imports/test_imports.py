"""Imports: formats, coordinate systems, faults row by row, all or nothing, again without doubling, one's own unit."""

import io
from pathlib import Path

import geopandas
import pandas as pd
import psycopg
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.import_rules import DERIVED, RULES
from geo.coordinates import wgs84_to_bd09, wgs84_to_gcj02
from i18n import LANGUAGES
from jobs.imports.checking import mapped
from jobs.imports.findings import FileRefused, Findings
from jobs.imports.kinds import KINDS
from jobs.imports.places import SYSTEMS, Place, place_of, to_wgs84
from jobs.imports.reading import encoding_of, open_table
from jobs.imports.run import Options, Outcome, import_file
from jobs.imports.templates import template
from tests.builders import SOUTH
from tests.isolation.twins import build

CUSTOMERS = (
    "户号,户名,用电类别,供电电压,合同容量kVA,电价代码,台区编号,立户日期,经度,纬度\n"
    "0013020001,王丽,居民,220V,8,R1,D-SOUTH,2020-01-31,118.18,39.63\n"
    "0013020002,海棠商贸有限公司,工商业,10kV,315.5,C1,D-SOUTH,2021/2/3,118.19,39.64\n"
)
WGS84 = Options(system="wgs84", language="en")


@pytest.fixture(scope="module", autouse=True)
async def utility(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        build(owner)


@pytest.fixture(autouse=True)
def nothing_imported(utility, owner: psycopg.Connection) -> None:
    owner.execute("DELETE FROM usage_month; DELETE FROM meter_reading; DELETE FROM meter; DELETE FROM customer")


async def take(
    tmp_path: Path,
    kind: str,
    content: str | bytes,
    options: Options = WGS84,
    name: str = "file.csv",
    path: str = "jibei",
) -> Outcome:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return await import_file(kind, file, options, by="test", org_path=path)


def found(outcome: Outcome) -> set[tuple[int, str, str]]:
    return {(one.row, one.column, one.code) for one in outcome.findings.listed}


async def test_customers_come_in_with_what_the_file_can_not_know(tmp_path, owner):
    outcome = await take(tmp_path, "customers", CUSTOMERS)
    assert (outcome.state, outcome.rows, outcome.counts.new, found(outcome)) == ("done", 2, 2, set())
    rows = owner.execute(
        "SELECT number, county_code, org_path::text, category, voltage, contract_capacity_kva::text, opened_on::text,"
        " ST_AsText(location) FROM customer ORDER BY number"
    ).fetchall()
    station = f"{SOUTH}.13020201"
    assert rows == [
        ("0013020001", "130202", station, "residential", "<1kV", "8.00", "2020-01-31", "POINT(118.18 39.63)"),
        ("0013020002", "130202", station, "commercial_industrial", "1-10(20)kV", "315.50", "2021-02-03",
         "POINT(118.19 39.64)"),
    ]  # fmt: skip
    assert owner.execute("SELECT customer_count FROM transformer_district WHERE code = 'D-SOUTH'").fetchone() == (2,)


async def test_again_nothing_doubles_and_equal_rows_are_not_touched(tmp_path, owner):
    await take(tmp_path, "customers", CUSTOMERS)
    before = owner.execute("SELECT number, xmin FROM customer ORDER BY 1").fetchall()
    again = await take(tmp_path, "customers", CUSTOMERS.replace("315.5", "400"))
    assert (again.counts.new, again.counts.changed, again.counts.equal) == (0, 1, 1)
    after = owner.execute("SELECT number, xmin FROM customer ORDER BY 1").fetchall()
    assert after[0] == before[0] and after[1] != before[1]


async def test_a_column_that_the_file_does_not_have_stays_as_it_is(tmp_path, owner):
    await take(tmp_path, "customers", CUSTOMERS)
    await take(tmp_path, "customers", CUSTOMERS.replace("经度,纬度", "a,b"))
    assert owner.execute("SELECT count(*) FROM customer WHERE location IS NULL").fetchone() == (0,)


FAULTY = CUSTOMERS + (
    "0013020003,,居民,220V,8,R1,D-SOUTH,2020-01-31,118.18,39.63\n"
    "0013020004,Demo,富人,220V,8,R1,D-SOUTH,2020-02-30,118.18,39.63\n"
    "0013020005,Demo,居民,220V,1e3,R1,D-NOWHERE,2020-01-31,118.18,39.63\n"
    "0013020001,Demo,居民,220V,8,R1,D-SOUTH,2020-01-31,118.18,39.63\n"
    "0013020007,Demo,居民,220V,8,R1,D-SOUTH,2020-01-31,39.63,118.18\n"
)
FAULTS = {
    (4, "name", "required"), (5, "category", "choice"), (5, "opened_on", "day"),
    (6, "contract_capacity_kva", "decimal"),
    (7, "number", "twice"), (8, "longitude", "outside_china"),
}  # fmt: skip


async def test_one_faulty_row_and_nothing_is_written(tmp_path, owner):
    outcome = await take(tmp_path, "customers", FAULTY)
    assert outcome.state == "refused" and found(outcome) == FAULTS
    assert owner.execute("SELECT count(*) FROM customer").fetchone() == (0,)
    stored = owner.execute("SELECT state, rows_read, rows_faulty, rows_new, content, report FROM data_import"
                           " ORDER BY id DESC LIMIT 1").fetchone()  # fmt: skip
    assert stored[:5] == ("refused", 7, 5, 0, None)
    report = pd.read_csv(io.StringIO(stored[5]), dtype=str)
    assert report.columns.tolist() == ["row", "kind", "column", "value", "what is wrong", "what would be right"]
    assert report.iloc[1].tolist()[:4] == ["5", "error", "Category", "富人"]
    assert "residential" in report.iloc[1, 5]


async def test_the_good_rows_are_kept_when_that_is_asked_for(tmp_path, owner):
    outcome = await take(tmp_path, "customers", FAULTY, Options("wgs84", keep_good=True))
    assert (outcome.state, outcome.counts.new, len(outcome.findings.faulty_rows)) == ("done", 2, 5)


async def test_a_dry_run_counts_everything_and_writes_nothing(tmp_path, owner):
    outcome = await take(tmp_path, "customers", CUSTOMERS, Options("wgs84", dry_run=True))
    assert (outcome.state, outcome.counts.new) == ("done", 2)
    assert owner.execute("SELECT count(*) FROM customer").fetchone() == (0,)


async def test_nobody_imports_into_another_unit(tmp_path):
    rows = CUSTOMERS.replace("D-SOUTH", "D-NORTH")
    outcome = await take(tmp_path, "customers", rows, path=SOUTH)
    assert {code for _, _, code in found(outcome)} == {"outside_unit"}


async def test_a_place_outside_the_county_is_taken_and_reported(tmp_path):
    outcome = await take(tmp_path, "customers", CUSTOMERS.replace("118.19", "116.19"))
    assert outcome.counts.new == 2 and found(outcome) == {(3, "longitude", "not_in_county")}
    assert outcome.findings.warnings == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_text_is_read_in_its_own_encoding(tmp_path, owner, encoding):
    assert (await take(tmp_path, "customers", CUSTOMERS.encode(encoding))).counts.new == 2
    assert owner.execute("SELECT name FROM customer ORDER BY number").fetchone() == ("王丽",)


def test_bytes_that_are_neither_encoding_are_refused(tmp_path):
    file = tmp_path / "x.csv"
    file.write_bytes(b"\xff\xff\x00\xff")
    with pytest.raises(FileRefused, match="encoding"):
        encoding_of(file)


async def test_excel_keeps_zeros_of_text_cells_and_refuses_numbers_that_it_has_rounded(tmp_path, owner):
    made = io.BytesIO()
    frame = pd.read_csv(io.StringIO(CUSTOMERS), dtype=str)
    frame.to_excel(made, index=False, engine="xlsxwriter")
    assert (await take(tmp_path, "customers", made.getvalue(), name="file.xlsx")).counts.new == 2
    assert owner.execute("SELECT min(number) FROM customer").fetchone() == ("0013020001",)
    made = io.BytesIO()
    frame["户号"] = [1302000000000000011, 1302000000000000012]
    frame.to_excel(made, index=False, engine="xlsxwriter")
    outcome = await take(tmp_path, "customers", made.getvalue(), name="file.xlsx")
    assert found(outcome) == {(2, "number", "code"), (3, "number", "code")}


def layers(point: shapely.Point, crs: int) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(
        {"code": ["D-1"], "name": ["台区一"], "station": ["13020201"], "kind": ["公变"], "capacity": [400],
         "feeder": ["F-SOUTH"]},
        geometry=[point], crs=crs,
    )  # fmt: skip


MAPPING = {"station_code": "station", "capacity_kva": "capacity", "feeder_code": "feeder"}


@pytest.mark.parametrize(("suffix", "driver"), [(".gpkg", "GPKG"), (".geojson", "GeoJSON"), (".zip", "ESRI Shapefile")])
async def test_layers_of_a_gis_bring_their_place_and_their_system(tmp_path, owner, suffix, driver):
    frame = layers(shapely.Point(118.2, 39.7), 4490)
    if driver == "ESRI Shapefile":
        import zipfile

        frame.to_file(tmp_path / "d.shp", driver=driver, encoding="utf-8")
        with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
            for part in tmp_path.glob("d.*"):
                archive.write(part, part.name)
    else:
        frame.to_crs(4326).to_file(tmp_path / f"layer{suffix}", driver=driver)
    options = Options(mapping=MAPPING, language="en")
    outcome = await import_file("districts", tmp_path / f"layer{suffix}", options, by="test", org_path="jibei")
    assert outcome.state == "done" and outcome.counts.new == 1, (outcome.refused, found(outcome))
    place = owner.execute("SELECT name, ST_X(location), ST_Y(location) FROM transformer_district WHERE code = 'D-1'")
    assert place.fetchone() == ("台区一", pytest.approx(118.2, abs=1e-6), pytest.approx(39.7, abs=1e-6))
    owner.execute("DELETE FROM transformer_district WHERE code = 'D-1'")


def test_every_system_comes_out_where_it_was(tmp_path):
    point = shapely.Point(118.18, 39.63)
    for code in (4547, 4548, 4549):
        there = geopandas.GeoSeries([point], crs=4490).to_crs(code).to_numpy()
        back = to_wgs84(there, place_of(f"epsg:{code}", None))
        assert shapely.distance(back[0], point) < 1e-7
    for name, shift in (("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)):
        x, y = shift(118.18, 39.63)
        back = to_wgs84(shapely.points([float(x)], [float(y)]), place_of(name, 4326))
        assert shapely.distance(back[0], point) < 1e-5


@pytest.mark.parametrize(
    ("stated", "crs", "code"),
    [(None, None, "system_needed"), ("gcj02", 4549, "system_conflict"), ("epsg:4548", 4549, "system_conflict"),
     ("epsg:4549", 4490, "system_conflict"), ("mars", None, "unknown_system")],
)  # fmt: skip
def test_coordinates_are_never_guessed_and_never_converted_twice(stated, crs, code):
    with pytest.raises(FileRefused) as refused:
        place_of(stated, crs)
    assert refused.value.code == code
    assert all(refused.value.message(language) for language in LANGUAGES)


def test_what_a_file_says_of_itself_is_enough():
    assert place_of(None, 4490) == Place() and place_of(None, 4548) == Place(epsg=4548)
    assert place_of("bd09", 4326) == Place(shift="bd09")


async def test_units_make_their_paths_whatever_their_order(tmp_path, owner):
    rows = "code,parent_code,name_zh\n13020399,130203,所\n130203,1302,区\n99,98,无\n"
    outcome = await take(tmp_path, "organisations", rows, Options(keep_good=True))
    assert outcome.counts.new == 2 and found(outcome) == {(4, "parent_code", "parent")}
    assert owner.execute(
        "SELECT org_path::text, level, county_code, name_en FROM organisation WHERE code = '13020399'"
    ).fetchone() == ("jibei.1302.130203.13020399", 3, "130203", "所")
    owner.execute("DELETE FROM organisation WHERE code = '13020399'; DELETE FROM organisation WHERE code = '130203'")


async def test_a_feeder_is_a_line_and_nothing_else(tmp_path, owner):
    head = "code,name,substation_code,wkt\n"
    good = await take(tmp_path, "feeders", head + 'F-9,Line,S-SOUTH,"LINESTRING(118.1 39.6,118.2 39.7)"\n')
    assert good.counts.new == 1
    bad = await take(tmp_path, "feeders", head + 'F-9,Line,S-SOUTH,"POINT(118.1 39.6)"\nF-8,Line,S-SOUTH,nonsense\n')
    assert found(bad) == {(2, "wkt", "geometry"), (3, "wkt", "geometry")}
    owner.execute("DELETE FROM feeder WHERE code = 'F-9'")


async def test_meters_readings_and_usage_follow_their_customer(tmp_path, owner):
    await take(tmp_path, "customers", CUSTOMERS)
    meters = "表号,户号,示数位数,装表日期\nM1,0013020001,6,2020-02-01\nM2,nobody,6,2020-02-01\n".replace(
        "表号", "number"
    )
    assert found(await take(tmp_path, "meters", meters)) == {(3, "customer_number", "customer")}
    assert (await take(tmp_path, "meters", meters, Options(keep_good=True))).counts.new == 1
    head = "customer_number,meter_number,register,read_at,reading\n"
    readings = head + "0013020001,M1,总,2026-05-01 00:00,123.4567\n0013020001,M1,峰,2026-05-01T00:00:00+08:00,23\n"
    assert (await take(tmp_path, "readings", readings)).counts.new == 2
    assert owner.execute("SELECT DISTINCT month::text, read_at AT TIME ZONE 'UTC' FROM meter_reading").fetchall() == [
        ("2026-04-01", pd.Timestamp("2026-04-30 16:00").to_pydatetime())
    ]
    assert (await take(tmp_path, "readings", readings)).counts.equal == 2
    days = "customer_number,day,kwh\n0013020001,2026-05-02,1.25\n0013020001,2026-05-04,2\n"
    assert (await take(tmp_path, "usage", days)).counts.new == 1
    more = await take(tmp_path, "usage", "customer_number,day,kwh\n0013020001,2026-05-03,3\n0013020001,2026-05-04,4\n")
    assert more.counts.changed == 1
    assert owner.execute("SELECT daily_kwh, energy_kwh::text FROM usage_month").fetchone() == (
        [None, 125, 300, 400], "8.25",
    )  # fmt: skip
    assert (await take(tmp_path, "usage", days.replace(",2\n", ",4\n"))).counts.equal == 1


async def test_risk_points_are_packed_for_the_map(tmp_path, owner):
    rows = "number,anomaly_code,level,score,district_code,detected_at,经度,纬度\n"
    rows += "R-9,DJ01,二级,70,D-SOUTH,2026-11-01 08:00,118.18,39.63\n"
    before = owner.execute("SELECT sum(count) FROM risk_chunk WHERE county_code = '130202'").fetchone()[0]
    assert (await take(tmp_path, "risks", rows)).counts.new == 1
    after = owner.execute("SELECT sum(count) FROM risk_chunk WHERE county_code = '130202'").fetchone()[0]
    assert after == before + 1
    unknown = await take(tmp_path, "risks", rows.replace("DJ01", "XX99"))
    assert found(unknown) == {(2, "anomaly_code", "anomaly")}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("file.pdf", b"x", "format"), ("file.csv", b"", "empty"), ("file.xlsx", b"not a workbook", "damaged"),
     ("file.csv", "户号,名称\n1,2\n".encode(), "columns_missing"), ("file.zip", b"PK", "damaged"),
     ("file.csv", CUSTOMERS.splitlines()[0].encode(), "empty"), ("file.gpkg", b"nothing", "damaged")],
)  # fmt: skip
async def test_a_file_that_can_not_be_meant_is_refused_with_a_reason(tmp_path, name, content, code):
    outcome = await take(tmp_path, "customers", content, name=name)
    assert outcome.state == "refused" and outcome.refused is not None
    assert outcome.refused.code == code
    assert all(outcome.refused.message(language) for language in LANGUAGES)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_is_a_file_whose_headings_are_understood(tmp_path, kind, language):
    for form in ("csv", "xlsx"):
        file = tmp_path / f"template.{form}"
        file.write_bytes(template(kind, form, language))
        headings = mapped(KINDS[kind], open_table(file).headings, {})
        assert set(headings) >= set(KINDS[kind].headings)


def test_every_kind_has_its_rules():
    assert set(RULES) == set(KINDS) == set(DERIVED)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6), st.sampled_from(list(KINDS)))
def test_any_headings_are_understood_or_refused(headings, kind):
    try:
        assert set(mapped(KINDS[kind], headings, {}).values()) <= set(headings)
    except FileRefused as refused:
        assert refused.code == "columns_missing"


def test_a_report_holds_no_formula():
    findings = Findings()
    findings.add_many([2], "name", ["=HYPERLINK(1)"], "text", "400")
    assert "'=HYPERLINK" in findings.report("en")


def test_the_systems_are_those_of_the_domain_sheet():
    assert set(SYSTEMS) == {"wgs84", "cgcs2000", "gcj02", "bd09", "epsg:4547", "epsg:4548", "epsg:4549"}
