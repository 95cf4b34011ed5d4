"""Risk on the map: heat tiles as PNG, their legend, hexagons and the rows behind one.

A tile is rendered once for all viewers of equal rights: the memory's key holds the database, the layer's version, the
viewer's scope, the filter and the place. Browsers keep tiles privately and ask again with the `ETag`, which is made of
the picture: a new layer version that left a tile as it was costs no transfer.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel

from api.conditional import answer
from api.risk_query import risk_filter
from data_access import risk
from data_access.engine import database_address
from data_access.memory import ByteCache, SingleFlight
from data_access.parameters import BadParameter, parse_box, parse_whole
from data_access.risk_columns import RiskSelection, store
from data_access.risk_filter import RiskFilter
from data_access.scope import require_viewer
from geo import cells as h3_cells
from geo import density
from i18n import t

router = APIRouter(tags=["risk"])

MAX_HEXAGONS = 4_000
MAX_ROWS = 1_000
_BAD: dict[int | str, dict[str, Any]] = {
    422: {"description": "A parameter that cannot be meant; the message names it and what is allowed"}
}
_FRESH_SECONDS = 10
_VERSIONED_SECONDS = 300
_EXTRA_BYTES = 600
"""What an entry costs beside its picture: key, objects, slots."""

Wanted = Annotated[RiskFilter, Depends(risk_filter)]
PaletteName = Annotated[str, Query(description="`inferno` for dark grounds, `cividis` for light ones")]


@dataclass(frozen=True, slots=True)
class Tile:
    """A rendered picture and its `ETag`."""

    png: bytes
    etag: str


_tiles: ByteCache[tuple[Any, ...], Tile] = ByteCache(64_000_000)
_rendering: SingleFlight[tuple[Any, ...], Tile] = SingleFlight()


def forget_tiles() -> None:
    """Empties the memory of rendered tiles; for measuring."""
    _tiles.clear()


@router.get(
    "/tiles/heat/{z}/{x}/{y}.png",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "256 × 256 pixels (512 × 512 with `scale=2`)"},
        304: {"description": "The picture that `If-None-Match` names is still right"},
        **_BAD,
    },
)
async def heat_tile(
    request: Request,
    z: Annotated[int, PathParameter(description="Zoom, 0 to 20")],
    x: Annotated[int, PathParameter(description="Column from 180° W")],
    y: Annotated[int, PathParameter(description="Row from the north")],
    wanted: Wanted,
    palette: PaletteName = "inferno",
    scale: Annotated[str, Query(description="`2` for screens of double density")] = "1",
    v: Annotated[str, Query(description="Version of the risk layer that the client knows")] = "0",
) -> Response:
    """One tile of the risk density of the viewer's scope, Web Mercator XYZ."""
    _check_place(z, x, y)
    chosen = _palette(palette)
    size = parse_whole("scale", scale, 1, 2)
    heard = parse_whole("v", v, 0, 10**11)
    tile, version = await _tile(wanted, chosen, size, (z, x, y), heard)
    seconds = _VERSIONED_SECONDS if heard == version else _FRESH_SECONDS
    return answer(request, tile.png, "image/png", tile.etag, fresh_seconds=seconds)


async def _tile(
    wanted: RiskFilter, palette: density.Palette, scale: int, place: tuple[int, int, int], heard: int
) -> tuple[Tile, int]:
    viewer = require_viewer()
    version = await store.version(viewer, at_least=heard)
    look = (database_address(read_only=True), viewer.scope_key, wanted.cache_key, palette, scale, *place)
    known = _tiles.get((version, *look))
    if known is not None:
        return known, version

    async def render() -> Tile:
        selection = await store.selection(viewer, version, wanted)
        tile = await asyncio.to_thread(_render, selection, palette, scale, place)
        # The points may already be newer than the version that was asked for: keep the picture under its own.
        _tiles.put((selection.columns.version, *look), tile, len(tile.png) + _EXTRA_BYTES)
        return tile

    return await _rendering.run((version, *look), render), version


def _render(selection: RiskSelection, palette: density.Palette, scale: int, place: tuple[int, int, int]) -> Tile:
    zoom, column, row = place
    surface = density.tile_density(selection.points, zoom, column, row, scale=scale)
    png = density.EMPTY_TILE if surface is None else density.colour_png(surface, selection.top(zoom), palette)
    return Tile(png, f'"{hashlib.blake2b(png, digest_size=12).hexdigest()}"')


def _check_place(z: int, x: int, y: int) -> None:
    if not 0 <= z <= density.MAX_ZOOM:
        raise BadParameter("z", z, f"a zoom from 0 to {density.MAX_ZOOM}")
    for name, value in (("x", x), ("y", y)):
        if not 0 <= value < 1 << z:
            raise BadParameter(name, value, f"a whole number from 0 to {(1 << z) - 1} at zoom {z}")


def _palette(name: str) -> density.Palette:
    for known in density.PALETTES:
        if name == known:
            return known
    raise BadParameter("palette", name, " or ".join(density.PALETTES))


class Legend(BaseModel):
    """What the colours of a zoom mean."""

    unit: str
    note: str
    max: float
    stops: list[tuple[float, str]]
    points: int
    version: int


@router.get("/api/v1/risk/legend", responses=_BAD)
async def legend(
    wanted: Wanted,
    zoom: Annotated[str, Query(description="Map zoom, 0 to 20")],
    palette: PaletteName = "inferno",
) -> Legend:
    """The scale of the heat tiles at a zoom for the viewer's scope and this filter: densities and their colours."""
    level = parse_whole("zoom", zoom, 0, density.MAX_ZOOM)
    chosen = _palette(palette)
    viewer = require_viewer()
    selection = await risk.selection(viewer, wanted)
    top = await asyncio.to_thread(selection.top, level)
    return Legend(
        unit=t("heat.unit", viewer.language),
        note=t("heat.unit_note", viewer.language),
        max=top,
        stops=density.legend_stops(top, chosen),
        points=len(selection.points.x),
        version=selection.columns.version,
    )


class Hexagons(BaseModel):
    """Cells as [H3 index, number of points, mean score, corners as [longitude, latitude]]."""

    resolution: int
    cells: list[tuple[str, int, float, list[tuple[float, float]]]]
    capped: bool
    cap: int


@router.get("/api/v1/risk/hexagons", response_class=Response, responses={200: {"model": Hexagons}, **_BAD})
async def hexagons(
    wanted: Wanted,
    bbox: Annotated[str, Query(description="`west,south,east,north` in degrees, WGS-84")],
    zoom: Annotated[str, Query(description="Map zoom, 0 to 20; decides the resolution")],
) -> Response:
    """Risk by H3 cell in view: number of points and mean score, whole cells; the heaviest ones when over the cap."""
    box = parse_box("bbox", bbox)
    resolution = h3_cells.resolution_for_zoom(parse_whole("zoom", zoom, 0, density.MAX_ZOOM))
    selection = await risk.selection(require_viewer(), wanted, cells=True)
    body = await asyncio.to_thread(_hexagons_in, selection, resolution, box)
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-cache"})


def _hexagons_in(selection: RiskSelection, resolution: int, box: tuple[float, float, float, float]) -> bytes:
    table = selection.hexagons(resolution)
    # A cell belongs to the view by its points' mean place; a little wider, so that none is missing at the edge.
    west, south, east, north = box
    margin = 0.7 / 2.6458 ** (resolution - 3)
    seen = np.flatnonzero(
        (table.longitude >= west - margin)
        & (table.longitude <= east + margin)
        & (table.latitude >= south - margin)
        & (table.latitude <= north + margin)
    )
    capped = len(seen) > MAX_HEXAGONS
    if capped:
        heaviest = np.argpartition(-table.score[seen], MAX_HEXAGONS)[:MAX_HEXAGONS]
        seen = np.sort(seen[heaviest])
    chosen = table.cell[seen].tolist()
    means = (table.score[seen] / table.count[seen]).round(1).tolist()
    counts = table.count[seen].tolist()
    cells = ",".join(
        f'["{cell:x}",{count},{mean},{h3_cells.outline(cell)}]'
        for cell, count, mean in zip(chosen, counts, means, strict=True)
    )
    state = f'"capped":{json.dumps(capped)},"cap":{MAX_HEXAGONS}'
    return f'{{"resolution":{resolution},"cells":[{cells}],{state}}}'.encode()


class CellRows(BaseModel):
    """The risk points inside one cell, highest score first."""

    cell: str
    count: int
    mean_score: float | None
    limit: int
    offset: int
    rows: list[dict[str, Any]]


@router.get("/api/v1/risk/hexagons/{cell}", responses=_BAD)
async def hexagon_rows(
    cell: Annotated[str, PathParameter(description="H3 cell of resolution 0 to 9")],
    wanted: Wanted,
    limit: Annotated[str, Query(description=f"1 to {MAX_ROWS}")] = "200",
    offset: Annotated[str, Query(description="Rows to pass over")] = "0",
) -> CellRows:
    """The risk points behind a hexagon; those of other units are not counted and not listed."""
    try:
        number = h3_cells.parse_cell(cell)
    except ValueError:
        raise BadParameter("cell", cell, "an H3 cell of resolution 0 to 9") from None
    page, skipped = parse_whole("limit", limit, 1, MAX_ROWS), parse_whole("offset", offset, 0, 10**9)
    found = await risk.rows_in_cell(require_viewer(), number, wanted, limit=page, offset=skipped)
    mean = None if found.mean_score is None else round(found.mean_score, 1)
    return CellRows(cell=f"{number:x}", count=found.count, mean_score=mean, limit=page, offset=skipped, rows=found.rows)
