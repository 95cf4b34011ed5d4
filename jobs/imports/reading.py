"""Files as blocks of texts: CSV in UTF-8 or GB18030, Excel, GeoPackage, Shapefile (zipped), GeoJSON.

Every value stays the text that it is in the file until `checking` has looked at it: numbers of accounts keep their
zeros, amounts are never binary floats. Row numbers are those that a person sees: the first row below the heading is 2.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from jobs.imports.findings import FileRefused

BLOCK_ROWS = 50_000
SUFFIXES = (".csv", ".txt", ".xlsx", ".xls", ".ods", ".gpkg", ".zip", ".geojson", ".json")
_SEPARATORS = ",;\t|"
EXACT_DIGITS = 10**15
"""Excel keeps no more than 15 digits of a number."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows: texts (None: empty) by heading, their row numbers, and geometries (WKB) where the file has them."""

    frame: pd.DataFrame
    rows: np.ndarray
    geometry: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file. `crs`: the EPSG code that it states, if any."""

    headings: list[str]
    blocks: Iterator[Block]
    crs: int | None = None
    has_geometry: bool = False


def open_table(path: Path) -> Table:
    """Reads the heading; rows come block by block.

    Raises:
        FileRefused: no format that is read here, damaged, without a heading, or in an unknown encoding.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileRefused("format", given=suffix or path.name, allowed=" ".join(SUFFIXES))
    try:
        if suffix in (".csv", ".txt"):
            return _csv(path)
        if suffix in (".xlsx", ".xls", ".ods"):
            return _sheet(path)
        return _layers(path)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused("damaged", reason=str(error).splitlines()[0][:200] if str(error) else "?") from error


def encoding_of(path: Path) -> str:
    """UTF-8 where the whole file is valid in it, else GB18030.

    Raises:
        FileRefused: neither.
    """
    import codecs

    for name in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                while part := file.read(1 << 20):
                    decoder.decode(part)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise FileRefused("encoding")


def _csv(path: Path) -> Table:
    encoding = encoding_of(path)
    with path.open(encoding=encoding) as file:
        first = file.readline()
    if not first.strip() or "\0" in first:
        raise FileRefused("empty")
    separator = max(_SEPARATORS, key=first.count)
    options: dict[str, Any] = {
        "sep": separator, "encoding": encoding, "dtype": str, "keep_default_na": False, "na_values": [""],
        "index_col": False,
    }  # fmt: skip
    headings = [str(name).strip() for name in pd.read_csv(path, nrows=0, **options).columns]

    def blocks() -> Iterator[Block]:
        start = 2
        try:
            with pd.read_csv(path, chunksize=BLOCK_ROWS, **options) as reader:
                for frame in reader:
                    frame.columns = pd.Index(headings)
                    yield Block(frame, np.arange(start, start + len(frame)))
                    start += len(frame)
        except pd.errors.ParserError as error:
            raise FileRefused("damaged", reason=str(error).splitlines()[0][:200]) from error

    return Table(headings, blocks())


def _sheet(path: Path) -> Table:
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows()
    headings = [str(cell).strip() for cell in next(iter(rows), [])]
    if not any(headings):
        raise FileRefused("empty")

    def blocks() -> Iterator[Block]:
        held: list[list[str | None]] = []
        numbers: list[int] = []
        for number, row in enumerate(rows, start=2):
            cells = [_cell(cell) for cell in row[: len(headings)]]
            if any(cells):
                held.append(cells + [None] * (len(headings) - len(cells)))
                numbers.append(number)
            if len(held) == BLOCK_ROWS:
                yield Block(pd.DataFrame(held, columns=headings, dtype=object), np.array(numbers))
                held, numbers = [], []
        if held:
            yield Block(pd.DataFrame(held, columns=headings, dtype=object), np.array(numbers))

    return Table(headings, blocks())


def _cell(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if not value.is_integer():
            return repr(value)
        # What lies beyond was rounded when the sheet was saved: better a fault at the cell than a wrong number.
        return str(int(value)) if abs(value) < EXACT_DIGITS else f"{value:.14e}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != datetime.min.time() else str(value.date())
    return str(value) if not isinstance(value, date) else value.isoformat()


def _layers(path: Path) -> Table:
    import geopandas

    source = str(path)
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            shapes = [name for name in archive.namelist() if name.lower().endswith(".shp")]
        if len(shapes) != 1:
            raise FileRefused("one_shapefile", count=len(shapes))
        source = f"/vsizip/{path}/{shapes[0]}"
    frame = geopandas.read_file(source)
    crs = frame.crs.to_epsg() if frame.crs is not None else None
    if frame.crs is not None and crs is None:
        raise FileRefused("unknown_crs", crs=frame.crs.name)
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    texts = pd.DataFrame({name: _texts(plain[name]) for name in plain.columns}, dtype=object)
    shapes_of = shapely.to_wkb(shapely.force_2d(frame.geometry.to_numpy()))

    def blocks() -> Iterator[Block]:
        for start in range(0, len(texts), BLOCK_ROWS):
            part = texts.iloc[start : start + BLOCK_ROWS].reset_index(drop=True)
            yield Block(part, np.arange(start + 2, start + 2 + len(part)), shapes_of[start : start + BLOCK_ROWS])

    return Table([str(name) for name in texts.columns], blocks(), crs, has_geometry=True)


def _texts(column: "pd.Series[Any]") -> list[str | None]:
    missing = column.isna().to_numpy()
    return [
        None if gone else _cell(value.to_pydatetime() if isinstance(value, pd.Timestamp) else _plain(value))
        for value, gone in zip(column, missing, strict=True)
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
