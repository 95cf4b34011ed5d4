"""Borders of units, simplified together: neighbours keep sharing the same line, whatever is left out of it."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import shapely

TOLERANCE_DEG = 0.0015
"""Bends smaller than about this many degrees, squared, go: under one pixel up to zoom 10, 150 m at this latitude."""


def simplified(
    boundaries: Mapping[str, shapely.Geometry], parents: Mapping[str, str | None], levels: Sequence[set[str]]
) -> dict[str, shapely.Geometry]:
    """Simplified boundaries by code, WGS-84 degrees, 5 decimals.

    `levels` hold the codes from the finest level to the coarsest. The finest is simplified as a coverage; a coarser
    unit becomes the union of its parts where these fill it, so that both levels draw one line, and is simplified by
    itself where the viewer may not see all of its parts.
    """
    made: dict[str, shapely.Geometry] = {}
    for level in levels:
        alone: list[str] = []
        for code in sorted(level & boundaries.keys()):
            parts = [part for part, parent in parents.items() if parent == code and part in made]
            if parts and _fill(boundaries[code], [boundaries[part] for part in parts]):
                made[code] = shapely.coverage_union_all([made[part] for part in parts])
            else:
                alone.append(code)
        coverage = shapely.coverage_simplify([boundaries[code] for code in alone], TOLERANCE_DEG)
        made.update(zip(alone, coverage, strict=True))
    return {code: shapely.transform(geometry, _rounded) for code, geometry in made.items()}


def _fill(whole: shapely.Geometry, parts: list[shapely.Geometry]) -> bool:
    return bool(sum(part.area for part in parts) > 0.999 * whole.area)


def _rounded(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return coordinates.round(5)
