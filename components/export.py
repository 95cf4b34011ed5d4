"""Tables to take away: Excel, CSV and GeoPackage made from rows, the head in the reader's language.

Texts come from people and files, so none of them may become a formula in a spreadsheet: Excel cells are written as
text, and CSV texts that begin like a formula get an apostrophe in front. Decimals stay exact in CSV; Excel has binary
numbers only, so that is what a sheet holds.
"""

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import geopandas
import shapely
import xlsxwriter

from i18n import Language, t
from settings import DISPLAY_ZONE

Kind = Literal["xlsx", "csv", "gpkg"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEDIA: dict[Kind, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "gpkg": "application/geopackage+sqlite3",
}
MOST_ROWS = 100_000
"""Rows of one file; where there are more, the file says so in its last line."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Field:
    """One column: the key in each row, its head in the reader's language, and how wide a sheet shows it."""

    key: str
    head: str
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to export: `notes` are lines above it (what, whose, of when, masked), rows are dictionaries."""

    name: str
    fields: Sequence[Field]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()


def harmless(value: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("No. 5")
    ("'=1+1", 'No. 5')
    """
    return f"'{value}" if value.startswith(_DANGEROUS) else value


def _plain(value: Any) -> Any:
    """A cell: times in Asia/Shanghai without their zone, decimals and texts as they are."""
    if isinstance(value, datetime):
        return value.astimezone(DISPLAY_ZONE).replace(tzinfo=None, microsecond=0)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return value


def file_of(sheet: Sheet, kind: Kind, language: Language) -> bytes:
    """The bytes of a file; for a thread. At most `MOST_ROWS` rows.

    Raises:
        ValueError: an unknown kind, or a GeoPackage of rows without `lon` and `lat`.
    """
    capped = len(sheet.rows) > MOST_ROWS
    shown = Sheet(sheet.name, sheet.fields, sheet.rows[:MOST_ROWS], sheet.notes)
    last = t("export.capped", language, n=MOST_ROWS) if capped else ""
    match kind:
        case "xlsx":
            return _xlsx(shown, last)
        case "csv":
            return _csv(shown, last)
        case "gpkg":
            return _geopackage(shown)
    raise ValueError(f"{kind!r}: expected one of {', '.join(KINDS)}")


def _csv(sheet: Sheet, last: str) -> bytes:
    """UTF-8 with a mark at the start, so that Excel reads Chinese; notes as lines before the head."""
    room = io.StringIO()
    writer = csv.writer(room)
    writer.writerows([harmless(note)] for note in sheet.notes)
    writer.writerow([field.head for field in sheet.fields])
    for row in sheet.rows:
        cells = [_plain(row.get(field.key)) for field in sheet.fields]
        writer.writerow(["" if cell is None else harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    if last:
        writer.writerow([last])
    return room.getvalue().encode("utf-8-sig")


def _xlsx(sheet: Sheet, last: str) -> bytes:
    room = io.BytesIO()
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "in_memory": True,
    }  # fmt: skip
    with xlsxwriter.Workbook(room, options) as book:
        page = book.add_worksheet(sheet.name[:31])
        bold, quiet = book.add_format({"bold": True, "bottom": 1}), book.add_format({"font_color": "#5B6B80"})
        day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm"))
        for place, field in enumerate(sheet.fields):
            page.set_column(place, place, field.width)
        line = 0
        for note in sheet.notes:
            page.write_string(line, 0, note, quiet)
            line += 1
        for place, field in enumerate(sheet.fields):
            page.write_string(line, place, field.head, bold)
        page.freeze_panes(line + 1, 1)
        for row in sheet.rows:
            line += 1
            for place, field in enumerate(sheet.fields):
                cell = _plain(row.get(field.key))
                if cell is None:
                    continue
                if isinstance(cell, datetime):
                    page.write_datetime(line, place, cell, moment)
                elif isinstance(cell, date):
                    page.write_datetime(line, place, datetime.combine(cell, datetime.min.time()), day)
                elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
                    page.write_number(line, place, float(cell))
                else:
                    page.write_string(line, place, str(cell))
        if last:
            page.write_string(line + 1, 0, last, quiet)
    return room.getvalue()


def _geopackage(sheet: Sheet) -> bytes:
    """Points in WGS-84 (EPSG:4326); rows without a place keep an empty geometry. Columns are named by key."""
    if sheet.rows and not {"lon", "lat"} <= set(sheet.rows[0]):
        raise ValueError("a GeoPackage needs rows with lon and lat")
    columns: dict[str, list[Any]] = {
        field.key: [
            float(cell) if isinstance(cell := _plain(row.get(field.key)), Decimal) else cell for row in sheet.rows
        ]
        for field in sheet.fields
        if field.key not in ("lon", "lat")
    }
    places = [
        None if row.get("lon") is None or row.get("lat") is None else shapely.Point(row["lon"], row["lat"])
        for row in sheet.rows
    ]
    frame = geopandas.GeoDataFrame(columns, geometry=places, crs="EPSG:4326")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.gpkg"
        frame.to_file(path, driver="GPKG", layer=sheet.name)
        return path.read_bytes()
