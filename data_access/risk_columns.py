"""The risk points of a viewer's scope as numpy columns: read once a layer version, filtered in memory.

A tile needs every point in view under any filter. Reading a million rows takes seconds; the packed chunks of
`refresh_risk_chunks()` arrive in some 60 ms, and each further filter or tile is arithmetic on arrays. What was read in
one scope is only ever given to viewers of an equal scope (`Viewer.scope_key`).
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from data_access.engine import database_address, reading
from data_access.memory import ByteCache, SingleFlight
from data_access.risk_filter import OPEN_STATES, RiskCatalogue, RiskFilter
from data_access.scope import Viewer
from geo import cells as h3_cells
from geo.density import Points, scale_top

_DAY_ZERO = date(2000, 1, 1)
_VERSION_SECONDS = 1.0
"""A viewer sees new points after at most this time; many tiles of one screen share one look at the version."""
_BYTES_A_POINT, _BYTES_A_CELL = 13, 8

# One statement, hence one snapshot and one order: the version belongs to exactly these points, and all columns line up.
# String building can't be split among parallel workers before PostgreSQL 16, and gathering costs more than it saves.
_READ = """
SELECT (SELECT version FROM layer_version WHERE layer = 'risk'), count(*),
       string_agg(org_path::text || ' ' || month::text, ',') FILTER (WHERE version > %(have)s), {packed}
FROM risk_chunk
"""
_PACKED = ("int4send(count)", "x", "y", "kind", "flag", "day", "score")


@dataclass(frozen=True, eq=False)
class RiskColumns:
    """Points of one scope at one layer version, all arrays of one length, chunk after chunk.

    `x`, `y` int32 Mercator (geo.density), `kind` uint8 anomaly ordinal, `flag` uint8 level + 16 × state,
    `day` int16 days since 2000-01-01 in Asia/Shanghai, `score` uint8, `cell` int64 H3 resolution 9.
    """

    version: int
    catalogue: RiskCatalogue
    chunks: tuple[str, ...]
    """Organisation path and month of each chunk; `counts` holds its number of points."""
    counts: npt.NDArray[np.int32]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    flag: npt.NDArray[np.uint8]
    day: npt.NDArray[np.int16]
    score: npt.NDArray[np.uint8]
    cell: npt.NDArray[np.int64] | None
    """Read only where hexagons are asked for: it would make the way from the database longer by half."""

    def __len__(self) -> int:
        return len(self.x)


@dataclass(eq=False)
class RiskSelection:
    """What a filter leaves of the columns, with the scales and hexagon tables that were computed from it."""

    columns: RiskColumns
    found: npt.NDArray[np.intp] | None
    """Positions of the points that pass; None for all."""
    points: Points
    _tops: dict[int, float] = field(default_factory=dict)
    _tables: dict[int, "HexagonTable"] = field(default_factory=dict)

    def top(self, zoom: int) -> float:
        """Top of the colour scale for a zoom (geo.density.scale_top); CPU work at first use."""
        if zoom not in self._tops:
            self._tops[zoom] = scale_top(self.points, zoom)
        return self._tops[zoom]

    def hexagons(self, resolution: int) -> "HexagonTable":
        """All cells of a resolution that hold points; CPU work at first use."""
        if resolution not in self._tables:
            self._tables[resolution] = _hexagon_table(self, resolution)
        return self._tables[resolution]

    @cached_property
    def cells(self) -> npt.NDArray[np.int64]:
        """H3 cells (resolution 9) of the points that pass.

        Raises:
            ValueError: the columns were read without cells, a fault of the program.
        """
        cell = self.columns.cell
        if cell is None:
            raise ValueError("these columns were read without cells")
        return cell if self.found is None else cell[self.found]


@dataclass(frozen=True, slots=True)
class HexagonTable:
    """Cells with the number of points, their summed score, and the points' mean place in degrees (WGS-84)."""

    cell: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    latitude: npt.NDArray[np.float64]


def _hexagon_table(selection: RiskSelection, resolution: int) -> HexagonTable:
    cell, row = np.unique(h3_cells.parents(selection.cells, resolution), return_inverse=True)
    points = selection.points
    count = np.bincount(row, minlength=len(cell))
    world = float(1 << 31)
    x = np.bincount(row, weights=points.x, minlength=len(cell)) / np.maximum(count, 1) / world
    y = np.bincount(row, weights=points.y, minlength=len(cell)) / np.maximum(count, 1) / world
    return HexagonTable(
        cell=cell,
        count=count,
        score=np.asarray(np.bincount(row, weights=points.score, minlength=len(cell)), dtype=np.float64),
        longitude=x * 360 - 180,
        latitude=np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y)))),
    )


def select(columns: RiskColumns, wanted: RiskFilter) -> RiskSelection:
    """The points that pass the filter; about 5 ms for a million points."""
    keep: npt.NDArray[np.bool_] | None = None

    def narrow(mask: npt.NDArray[np.bool_]) -> None:
        nonlocal keep
        keep = mask if keep is None else keep & mask

    kinds = wanted.kinds(columns.catalogue)
    if kinds is not None:
        passes = np.zeros(256, bool)
        passes[[columns.catalogue.ordinals[code] for code in kinds]] = True
        narrow(passes.take(columns.kind))
    if wanted.levels or wanted.states or wanted.open_only:
        flags = np.arange(256)
        passes = np.ones(256, bool)
        if wanted.levels:
            passes &= np.isin(flags & 15, list(wanted.levels))
        if wanted.states:
            passes &= np.isin(flags >> 4, list(wanted.states))
        if wanted.open_only:
            passes &= np.isin(flags >> 4, OPEN_STATES)
        narrow(passes.take(columns.flag))
    if wanted.first_day:
        narrow(columns.day >= (wanted.first_day - _DAY_ZERO).days)
    if wanted.last_day:
        narrow(columns.day <= (wanted.last_day - _DAY_ZERO).days)
    if wanted.unit:
        paths = [chunk.partition(" ")[0] for chunk in columns.chunks]
        known = {path: wanted.unit in path.split(".") for path in set(paths)}
        narrow(np.repeat(np.array([known[path] for path in paths], bool), columns.counts))
    if keep is None:
        return RiskSelection(columns, None, Points(columns.x, columns.y, columns.score))
    found = np.flatnonzero(keep)
    return RiskSelection(columns, found, Points(columns.x[found], columns.y[found], columns.score[found]))


Scope = tuple[str, str, bool]
"""Database, `Viewer.scope_key`, with cells: what a set of columns belongs to."""
_Chosen = tuple[str, str, bool, int, str]


class RiskStore:
    """This process's memory of risk columns and selections."""

    def __init__(self, *, column_bytes: int = 160_000_000, selection_bytes: int = 96_000_000) -> None:
        self.clock = time.monotonic
        self._columns: ByteCache[Scope, RiskColumns] = ByteCache(column_bytes)
        self._selections: ByteCache[_Chosen, RiskSelection] = ByteCache(selection_bytes)
        self._versions: dict[str, tuple[float, int]] = {}
        self._reads: SingleFlight[Scope, RiskColumns] = SingleFlight()
        self._filters: SingleFlight[_Chosen, RiskSelection] = SingleFlight()
        self._looks: SingleFlight[str, int] = SingleFlight()

    async def version(self, viewer: Viewer, *, at_least: int = 0) -> int:
        """The layer's version, at most a second old; looked up anew when the viewer has heard of a newer one."""
        address = database_address(read_only=True)
        known = self._versions.get(address)
        age = self.clock() - known[0] if known else _VERSION_SECONDS
        if known and age < _VERSION_SECONDS and (known[1] >= at_least or age < _VERSION_SECONDS / 10):
            return known[1]
        return await self._looks.run(address, lambda: self._look(viewer, address))

    async def _look(self, viewer: Viewer, address: str) -> int:
        async with reading(viewer) as connection:
            version = await connection.scalar(text("SELECT version FROM layer_version WHERE layer = 'risk'"))
        self._versions[address] = (self.clock(), version or 0)
        return version or 0

    async def columns(self, viewer: Viewer, version: int, *, cells: bool = False) -> RiskColumns:
        """The scope's points at `version` or newer, with H3 cells where they are asked for."""
        address = database_address(read_only=True)
        for key in ((address, viewer.scope_key, cells), (address, viewer.scope_key, True)):
            known = self._columns.get(key)
            if known is not None and known.version >= version:
                return known
        scope = (address, viewer.scope_key, cells)
        return await self._reads.run(scope, lambda: self._read(viewer, scope))

    async def _read(self, viewer: Viewer, scope: Scope) -> RiskColumns:
        columns = await read_columns(viewer, cells=scope[2], known=self._columns.get(scope))
        size = _BYTES_A_POINT + (_BYTES_A_CELL if scope[2] else 0)
        self._columns.put(scope, columns, size * len(columns) + 100 * len(columns.chunks) + 10_000)
        return columns

    async def selection(
        self, viewer: Viewer, version: int, wanted: RiskFilter, *, cells: bool = False
    ) -> RiskSelection:
        """What the filter leaves of the scope's points at `version` or newer."""
        columns = await self.columns(viewer, version, cells=cells)
        key = (
            database_address(read_only=True),
            viewer.scope_key,
            columns.cell is not None,
            columns.version,
            wanted.cache_key,
        )
        known = self._selections.get(key)
        if known is not None:
            return known

        async def filtered() -> RiskSelection:
            selection = await asyncio.to_thread(select, columns, wanted)
            # Its own arrays, and with cells the tables that follow from them.
            size = (25 if cells else 17) * len(selection.points.x) if selection.found is not None else 0
            self._selections.put(key, selection, size + 50_000)
            return selection

        return await self._filters.run(key, filtered)

    def clear(self) -> None:
        """Forgets everything; for measuring."""
        self._columns.clear()
        self._selections.clear()
        self._versions.clear()


async def read_columns(viewer: Viewer, *, cells: bool = False, known: RiskColumns | None = None) -> RiskColumns:
    """All risk points that the viewer may see, under row security.

    With `known` columns of the same scope only chunks packed since then travel. That the rest still stands is proven
    by the number of chunks in sight; where it doesn't agree (chunks went, or left the scope), all are read.
    """
    packed = ", ".join(
        f"string_agg({column}, '') FILTER (WHERE version > %(have)s)" for column in (*_PACKED, *(["cell"] * cells))
    )
    async with reading(viewer) as connection:
        await connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        types = await connection.execute(text("SELECT code, ordinal, business_type FROM anomaly_type ORDER BY ordinal"))
        catalogue = _catalogue(types.all())
        # Binary results: as text every byte would travel as two hexadecimal digits.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        async with driver.cursor(binary=True) as cursor:
            await cursor.execute(_READ.format(packed=packed), {"have": known.version if known else -1})
            row = await cursor.fetchone()
    columns = await asyncio.to_thread(_assemble, catalogue, row)
    if known is None:
        return columns
    whole = await asyncio.to_thread(_merge, known, columns, row[1])
    return whole or await read_columns(viewer, cells=cells)


def _merge(known: RiskColumns, newer: RiskColumns, in_sight: int) -> RiskColumns | None:
    """The known chunks with the newer ones in place of theirs; None when that are not the chunks in sight."""
    replaced = set(newer.chunks)
    stay = np.array([chunk not in replaced for chunk in known.chunks], bool)
    if int(stay.sum()) + len(newer.chunks) != in_sight:
        return None
    points = np.repeat(stay, known.counts)

    def joined(one: Any, other: Any) -> Any:
        return np.concatenate((one[points], other))

    return RiskColumns(
        version=newer.version,
        catalogue=newer.catalogue,
        chunks=(*(chunk for chunk, stays in zip(known.chunks, stay, strict=True) if stays), *newer.chunks),
        counts=np.concatenate((known.counts[stay], newer.counts)),
        x=joined(known.x, newer.x),
        y=joined(known.y, newer.y),
        kind=joined(known.kind, newer.kind),
        flag=joined(known.flag, newer.flag),
        day=joined(known.day, newer.day),
        score=joined(known.score, newer.score),
        cell=None if known.cell is None else joined(known.cell, newer.cell),
    )


def _catalogue(rows: Any) -> RiskCatalogue:
    return RiskCatalogue(
        ordinals={code: ordinal for code, ordinal, _ in rows}, business={code: business for code, _, business in rows}
    )


def _assemble(catalogue: RiskCatalogue, row: tuple[Any, ...]) -> RiskColumns:
    version, _, chunks, *packed = row

    def column(place: int, stored: str, wanted: type) -> Any:
        return np.frombuffer(packed[place] or b"", stored).astype(wanted, copy=False)

    return RiskColumns(
        version=version or 0,
        catalogue=catalogue,
        chunks=tuple(chunks.split(",")) if chunks else (),
        counts=column(0, ">i4", np.int32),
        x=column(1, ">i4", np.int32),
        y=column(2, ">i4", np.int32),
        kind=column(3, "u1", np.uint8),
        flag=column(4, "u1", np.uint8),
        day=column(5, ">i2", np.int16),
        score=column(6, "u1", np.uint8),
        cell=column(7, ">i8", np.int64) if len(packed) > 7 else None,
    )


async def risk_catalogue(viewer: Viewer) -> RiskCatalogue:
    """The anomaly types as the database has them now."""
    async with reading(viewer) as connection:
        rows = await connection.execute(text("SELECT code, ordinal, business_type FROM anomaly_type ORDER BY ordinal"))
        return _catalogue(rows.all())


store = RiskStore()
"""The memory of this process, shared by all its requests."""
