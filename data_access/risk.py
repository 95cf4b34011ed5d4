"""Risk for the map: heat tiles' points, the scale behind their colours, hexagons and the rows behind a hexagon."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from data_access.engine import database_address, reading
from data_access.parameters import BadParameter
from data_access.risk_columns import HexagonTable, RiskSelection, risk_catalogue, store
from data_access.risk_filter import RiskCatalogue, RiskFilter
from data_access.scope import Viewer
from geo import cells as h3_cells

__all__ = ["BadParameter", "HexagonTable", "RiskFilter", "RiskRows", "catalogue", "rows_in_cell", "selection"]

_CATALOGUE_SECONDS = 30.0
_catalogues: dict[str, tuple[float, RiskCatalogue]] = {}


async def catalogue(viewer: Viewer) -> RiskCatalogue:
    """The anomaly types, at most half a minute old: the same for every viewer."""
    address = database_address(read_only=True)
    known = _catalogues.get(address)
    if known is None or time.monotonic() - known[0] > _CATALOGUE_SECONDS:
        known = (time.monotonic(), await risk_catalogue(viewer))
        _catalogues[address] = known
    return known[1]


def forget_catalogue() -> None:
    """Reads the anomaly types anew at the next request; for loads and tests."""
    _catalogues.clear()


async def selection(viewer: Viewer, wanted: RiskFilter, *, cells: bool = False) -> RiskSelection:
    """The viewer's risk points that pass the filter, not older than a second; `cells` for hexagons."""
    return await store.selection(viewer, await store.version(viewer), wanted, cells=cells)


@dataclass(frozen=True, slots=True)
class RiskRows:
    """One page of the risk points behind a figure: how many there are, their mean score, and the page."""

    count: int
    mean_score: float | None
    rows: list[dict[str, Any]]


_ROWS = """
SELECT number, anomaly_code, level, state, score, exposure_yuan, county_code, station_code, district_code,
       customer_number, detected_at, ST_X(location) AS lon, ST_Y(location) AS lat
FROM risk_point WHERE h3_cell BETWEEN :first AND :last{conditions}
ORDER BY score DESC, detected_at DESC, number LIMIT :limit OFFSET :offset
"""
_TOTAL = "SELECT count(*), avg(score)::float8 FROM risk_point WHERE h3_cell BETWEEN :first AND :last{conditions}"


async def rows_in_cell(viewer: Viewer, cell: int, wanted: RiskFilter, *, limit: int = 200, offset: int = 0) -> RiskRows:
    """The risk points inside an H3 cell of resolution 0-9, highest score first. Two statements."""
    first, last = h3_cells.descendants(cell)
    conditions, values = wanted.conditions(await catalogue(viewer))
    place = {"first": first, "last": last, **values}
    async with reading(viewer) as connection:
        count, mean = (await connection.execute(text(_TOTAL.format(conditions=conditions)), place)).one()
        page = {**place, "limit": limit, "offset": offset}
        rows = (await connection.execute(text(_ROWS.format(conditions=conditions)), page)).mappings()
        listed = [
            {**row, "exposure_yuan": str(row["exposure_yuan"]), "detected_at": row["detected_at"].isoformat()}
            for row in rows
        ]
    return RiskRows(count, mean, listed)
