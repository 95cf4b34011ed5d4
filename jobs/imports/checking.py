"""Texts of a file as values that a column can hold, checked column by column; what does not fit becomes a finding."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from i18n import LANGUAGES
from jobs.imports.findings import FileRefused, Findings, column_label
from jobs.imports.kinds import Column, Kind
from jobs.imports.places import Place, to_wgs84
from jobs.imports.reading import Block
from settings import DISPLAY_ZONE

PLACES = ("longitude", "latitude", "wkt")
_CODE = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}"
_DAY = r"^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?: 00:00(?::00)?)?$"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)$"


def _plain(heading: str) -> str:
    return "".join(character for character in heading.lower() if character.isalnum())


def mapped(kind: Kind, headings: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Column → heading of the file. `mapping` goes before what is found by name or label.

    Raises:
        FileRefused: a required column is missing, or the mapping names a column or a heading that is not there.
    """
    known = (*(column.name for column in kind.columns), *(PLACES if kind.shape != "none" else ()))
    for column, heading in mapping.items():
        if column not in known:
            raise FileRefused("mapping_column", column=column, allowed=", ".join(known))
        if heading not in headings:
            raise FileRefused("mapping_heading", heading=heading, given=", ".join(headings))
    words = {_plain(heading): heading for heading in reversed(headings)}
    found = dict(mapping)
    for column in known:
        called = dict.fromkeys((kind.label_of(column), column))
        names = [_plain(column), *(_plain(column_label(name, language)) for name in called for language in LANGUAGES)]
        fitting = next((words[name] for name in names if name in words), None)
        if column not in found and fitting is not None:
            found[column] = fitting
    missing = [column.name for column in kind.columns if column.required and column.name not in found]
    if missing:
        raise FileRefused("columns_missing", columns=", ".join(missing), given=", ".join(headings))
    return found


def checked(kind: Kind, block: Block, headings: Mapping[str, str], place: Place, findings: Findings) -> pd.DataFrame:
    """The good rows of a block: one text column each (None: empty), `row_no`, and `geom` as hexadecimal EWKB."""
    made: dict[str, Any] = {"row_no": block.rows}
    good = np.ones(len(block.rows), bool)
    for column in kind.columns:
        heading = headings.get(column.name)
        given = _stripped(block.frame[heading]) if heading else pd.Series([None] * len(block.rows), dtype=object)
        values, fits, code, expected = _read(column, given)
        empty = given.isna().to_numpy()
        if column.default is not None:
            values = values.where(~empty, column.default)
        elif column.required:
            findings.add_many(block.rows[empty], column.name, [""] * int(empty.sum()), "required")
            good &= ~empty
        wrong = ~fits & ~empty
        findings.add_many(block.rows[wrong], column.name, given[wrong].tolist(), code, expected)
        good &= ~wrong
        made[column.name] = values.where(fits | empty, None).to_numpy()
    if kind.shape != "none":
        shapes, fine = _shapes(kind, block, headings, place, findings)
        made["geom"] = shapes
        good &= fine
    return pd.DataFrame(made, dtype=object)[good]


def _stripped(values: "pd.Series[Any]") -> "pd.Series[Any]":
    text = values.astype(object).str.strip()
    return text.where(text.notna() & (text != ""), None).reset_index(drop=True)


Read = tuple["pd.Series[Any]", Any, str, str]


def _read(column: Column, given: "pd.Series[Any]") -> Read:
    """Values, which of them fit, and what to say of the others."""
    return {
        "text": _text, "code": _code, "choice": _choice, "whole": _whole, "decimal": _decimal, "day": _day,
        "moment": _moment,
    }[column.form](column, given)  # fmt: skip


def _fits(given: "pd.Series[Any]", pattern: str) -> Any:
    return given.astype("string").str.fullmatch(pattern).fillna(False).to_numpy(bool)


def _text(_column: Column, given: "pd.Series[Any]") -> Read:
    size = given.astype("string").str.len().fillna(0).to_numpy(int)
    plain = given.astype("string").str.replace(r"[\x00-\x1f\x7f]+", " ", regex=True).astype(object)
    return plain.where(plain.notna(), None), size <= 400, "text", "400"


def _code(_column: Column, given: "pd.Series[Any]") -> Read:
    return given, _fits(given, _CODE), "code", ""


def _choice(column: Column, given: "pd.Series[Any]") -> Read:
    words = {word.lower(): value for word, value in column.choices.items()}
    values = given.astype("string").str.lower().map(words).astype(object)
    return values, values.notna().to_numpy(), "choice", ", ".join(dict.fromkeys(column.choices.values()))


def _whole(column: Column, given: "pd.Series[Any]") -> Read:
    fits = _fits(given, r"-?\d{1,10}(?:\.0+)?")
    numbers = pd.to_numeric(given.where(fits, None), errors="coerce").to_numpy(float)
    fits &= (numbers >= column.lowest) & (numbers <= column.highest)
    values = pd.Series(np.where(fits, np.nan_to_num(numbers), 0).astype(np.int64)).astype(str).astype(object)
    return values.where(fits, None), fits, "whole", f"{column.lowest}–{column.highest}"


def _decimal(column: Column, given: "pd.Series[Any]") -> Read:
    return given, _fits(given, rf"\d{{1,10}}(?:\.\d{{1,{column.scale}}}0*)?"), "decimal", str(column.scale)


def _day(_column: Column, given: "pd.Series[Any]") -> Read:
    parts = given.astype("string").str.extract(_DAY)
    parts.columns = pd.Index(["year", "month", "day"])
    days = pd.to_datetime(parts.apply(pd.to_numeric, errors="coerce"), errors="coerce")
    fits = (days.notna() & days.dt.year.between(1950, 2079)).to_numpy()
    return days.dt.strftime("%Y-%m-%d").astype(object).where(fits, None), fits, "day", ""


def _moment(_column: Column, given: "pd.Series[Any]") -> Read:
    """Without a zone it is the clock on the wall, Asia/Shanghai."""
    text = given.astype("string").str.replace("/", "-", regex=False)
    zoned = text.str.contains(_ZONE).fillna(False).to_numpy(bool)
    local = pd.to_datetime(text.where(~zoned), format="ISO8601", errors="coerce").dt.tz_localize(str(DISPLAY_ZONE))
    known = pd.to_datetime(text.where(zoned), format="ISO8601", errors="coerce", utc=True)
    moments = known.where(zoned, local.dt.tz_convert("UTC"))
    fits = (moments.notna() & moments.dt.year.between(2000, 2079)).to_numpy()
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype(object).where(fits, None), fits, "moment", ""


_TYPES = {"point": (0, 4), "line": (1, 5), "area": (3, 6)}


def _shapes(
    kind: Kind, block: Block, headings: Mapping[str, str], place: Place, findings: Findings
) -> tuple[np.ndarray, Any]:
    """Geometries in WGS-84 as hexadecimal EWKB, and which rows may stay."""
    count = len(block.rows)
    shapes: Any = np.full(count, None, dtype=object)
    given = np.zeros(count, bool)
    column = "wkt"
    if "longitude" in headings and "latitude" in headings:
        column = "longitude"
        pair = [pd.to_numeric(_stripped(block.frame[headings[name]]), errors="coerce").to_numpy(float)
                for name in ("longitude", "latitude")]  # fmt: skip
        given = (_stripped(block.frame[headings["longitude"]]).notna()).to_numpy()
        known = np.isfinite(pair[0]) & np.isfinite(pair[1])
        shapes[known] = shapely.points(pair[0][known], pair[1][known])
    elif "wkt" in headings:
        text = _stripped(block.frame[headings["wkt"]])
        given = text.notna().to_numpy()
        shapes = shapely.from_wkt(text.to_numpy(), on_invalid="ignore")
    elif block.geometry is not None:
        shapes = shapely.from_wkb(block.geometry)
        given = ~shapely.is_missing(shapes)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    wrong = (given & missing) | (~missing & ~np.isin(shapely.get_type_id(shapes), _TYPES[kind.shape]))
    findings.add_many(block.rows[wrong], column, [""] * int(wrong.sum()), "geometry", kind.shape)
    lost = ~given & missing
    if kind.shape_required:
        findings.add_many(block.rows[lost], column, [""] * int(lost.sum()), "place_missing")
    usable = ~wrong & ~missing
    shapes[usable] = to_wgs84(shapes[usable], place)
    bounds = shapely.bounds(shapes)
    west, south, east, north = 72.0, 0.8, 137.9, 55.9
    with np.errstate(invalid="ignore"):
        outside = usable & ~(
            (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
        )
    findings.add_many(
        block.rows[outside], column, [shapely.to_wkt(one)[:60] for one in shapes[outside]], "outside_china"
    )
    if kind.shape in ("line", "area"):
        many = shapely.multilinestrings if kind.shape == "line" else shapely.multipolygons
        single = usable & np.isin(shapely.get_type_id(shapes), (1, 3))
        shapes[single] = [many([one]) for one in shapes[single]]
        invalid = usable & ~shapely.is_valid(shapes)
        findings.add_many(block.rows[invalid], column, [""] * int(invalid.sum()), "geometry", kind.shape)
        wrong |= invalid
    elif (usable & (shapely.get_type_id(shapes) == 4)).any():
        shapes = np.where(usable, shapely.centroid(shapes), None)
    made = np.full(count, None, dtype=object)
    kept = usable & ~outside & ~wrong
    made[kept] = shapely.to_wkb(shapely.set_srid(shapes[kept], 4326), hex=True, include_srid=True)
    return made, ~wrong & ~outside & ~(lost & kind.shape_required)
