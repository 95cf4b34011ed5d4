"""Coordinates of a file into WGS-84, converted once (domain sheet 8). Their system is stated, never guessed.

A file may state a system of its own (GeoPackage, Shapefile, GeoJSON). What the person says then has to agree with it;
GCJ-02 and BD-09 have no EPSG code, such files say 4326 or 4490, and only the person knows.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from geo.coordinates import bd09_to_wgs84, gcj02_to_wgs84
from jobs.imports.findings import FileRefused

GEOGRAPHIC = (4326, 4490)
"""WGS-84 and CGCS2000: equal at this accuracy."""
PROJECTED = (4547, 4548, 4549)
SYSTEMS = ("wgs84", "cgcs2000", "gcj02", "bd09", *(f"epsg:{code}" for code in PROJECTED))


@dataclass(frozen=True, slots=True)
class Place:
    """How coordinates become WGS-84: `shift` for GCJ-02 and BD-09, `epsg` for projected ones, neither: as they are."""

    shift: str = ""
    epsg: int = 0


def place_of(stated: str | None, crs: int | None) -> Place:
    """From what the person and the file say.

    Raises:
        FileRefused: neither says it, they disagree, or it is no system that is known here.
    """
    if stated is not None and stated not in SYSTEMS:
        raise FileRefused("unknown_system", given=stated, allowed=", ".join(SYSTEMS))
    if crs is None:
        if stated is None:
            raise FileRefused("system_needed", allowed=", ".join(SYSTEMS))
        return _named(stated)
    if crs in GEOGRAPHIC:
        if stated in ("gcj02", "bd09"):
            return Place(shift=stated)
        if stated in (None, "wgs84", "cgcs2000"):
            return Place()
    elif stated is None or stated == f"epsg:{crs}":
        return Place(epsg=crs)
    raise FileRefused("system_conflict", stated=stated, crs=f"EPSG:{crs}")


def _named(stated: str) -> Place:
    if stated in ("gcj02", "bd09"):
        return Place(shift=stated)
    return Place(epsg=int(stated.removeprefix("epsg:"))) if stated.startswith("epsg:") else Place()


@lru_cache(maxsize=16)
def _transformer(epsg: int) -> Transformer:
    return Transformer.from_crs(epsg, 4326, always_xy=True)


def to_wgs84(shapes: Any, place: Place) -> Any:
    """Geometries (array) in WGS-84, longitude first."""
    if not len(shapes) or place == Place():
        return shapes

    def convert(points: np.ndarray) -> np.ndarray:
        if place.epsg:
            east, north = _transformer(place.epsg).transform(points[:, 0], points[:, 1])
        else:
            shifted = gcj02_to_wgs84 if place.shift == "gcj02" else bd09_to_wgs84
            east, north = shifted(points[:, 0], points[:, 1])
        return np.column_stack([east, north])

    return shapely.transform(shapes, convert)
