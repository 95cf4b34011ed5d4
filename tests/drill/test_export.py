"""Files to take away: what they hold, and that no text in them becomes a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import geopandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from components.export import Field, Sheet, file_of, harmless

FIELDS = [Field("number", "Customer"), Field("kwh", "Use (kWh)"), Field("at", "Read at"), Field("day", "Day")]
MOMENT = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
ROWS = [
    {
        "number": "=HYPERLINK(0)", "kwh": Decimal("26231.98"), "at": MOMENT, "day": date(2026, 11, 1), "lon": 118.1,
        "lat": 39.6,
    },
    {"number": "户号", "kwh": None, "at": None, "day": None, "lon": None, "lat": None},
]  # fmt: skip
SHEET = Sheet("use", FIELDS, ROWS, ["District D, 2026-10"])


def test_csv_is_exact_opens_in_chinese_and_holds_no_formula():
    content = file_of(SHEET, "csv", "en")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[:2] == [["District D, 2026-10"], ["Customer", "Use (kWh)", "Read at", "Day"]]
    assert rows[2] == ["'=HYPERLINK(0)", "26231.98", "2026-11-01 00:30:00", "2026-11-01"]
    assert rows[3] == ["户号", "", "", ""]


def test_excel_holds_numbers_days_and_local_times_and_no_formula():
    content = file_of(SHEET, "xlsx", "en")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[1] == ["Customer", "Use (kWh)", "Read at", "Day"]
    assert rows[2] == ["=HYPERLINK(0)", 26231.98, datetime(2026, 11, 1, 0, 30), date(2026, 11, 1)]
    assert b"<f>" not in content


def test_geopackage_holds_the_places_in_wgs84(tmp_path):
    path = tmp_path / "use.gpkg"
    path.write_bytes(file_of(SHEET, "gpkg", "en"))
    frame = geopandas.read_file(path)
    assert frame.crs.to_epsg() == 4326
    assert (frame.geometry[0].x, frame.geometry[0].y) == (118.1, 39.6)
    assert frame.geometry[1] is None and list(frame["number"]) == ["=HYPERLINK(0)", "户号"]


def test_a_geopackage_needs_places_and_a_kind_must_be_known():
    with pytest.raises(ValueError, match="lon and lat"):
        file_of(Sheet("x", FIELDS, [{"number": "1"}]), "gpkg", "en")
    with pytest.raises(ValueError, match="expected one of"):
        file_of(SHEET, "pdf", "en")


def test_rows_beyond_the_limit_are_told_in_the_last_line(monkeypatch):
    monkeypatch.setattr("components.export.MOST_ROWS", 1)
    last = file_of(SHEET, "csv", "en").decode("utf-8").splitlines()[-1]
    assert last == "Only the first 1 rows are in this file."


@given(st.text())
def test_no_text_begins_like_a_formula(text):
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
