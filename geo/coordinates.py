"""WGS-84, GCJ-02 and BD-09: conversions at the edges of the product (domain sheet 8).

Stored positions are WGS-84 (EPSG:4326). GCJ-02 is the obfuscation that public maps in China must use, BD-09 shifts it
once more. Both are published only as re-implementations; the constants below are the ones in common use [found].
Angles in degrees, longitude first; scalars and numpy arrays alike.
"""

from collections.abc import Callable
from math import asin, cos, radians, sin, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

CoordinateSystem = Literal["wgs84", "gcj02", "bd09"]
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]

SEMI_MAJOR_AXIS_M = 6_378_245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
BAIDU_ANGLE = np.pi * 3000.0 / 180.0
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of the box inside which the shift applies."""
EARTH_RADIUS_M = 6_371_008.8


def in_china(longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
    """Whether the shift applies; outside China nothing is shifted."""
    longitude, latitude = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    west, south, east, north = CHINA
    return (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)


def _shift(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> Pair:
    x, y = longitude - 105.0, latitude - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    angle = np.radians(latitude)
    magic = 1.0 - ECCENTRICITY_SQUARED * np.sin(angle) ** 2
    meridian = SEMI_MAJOR_AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel = SEMI_MAJOR_AXIS_M / np.sqrt(magic) * np.cos(angle)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def wgs84_to_gcj02(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """WGS-84 → GCJ-02.

    >>> [round(float(v), 6) for v in wgs84_to_gcj02(118.18, 39.63)]
    [118.186279, 39.631308]
    """
    longitude, latitude = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    east, north = _shift(longitude, latitude)
    inside = in_china(longitude, latitude)
    return np.where(inside, longitude + east, longitude), np.where(inside, latitude + north, latitude)


def _invert(forward: Callable[[ArrayLike, ArrayLike], Pair], longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    longitude, latitude = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    guess = longitude.copy(), latitude.copy()
    # The shift changes by less than 1 % over its own length: each round gains two digits, six are below 1e-3 mm.
    for _ in range(8):
        reached = forward(*guess)
        guess = guess[0] - (reached[0] - longitude), guess[1] - (reached[1] - latitude)
    return guess


def gcj02_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """GCJ-02 → WGS-84, by iteration to less than 1 mm."""
    return _invert(wgs84_to_gcj02, longitude, latitude)


def gcj02_to_bd09(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """GCJ-02 → BD-09."""
    x, y = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * BAIDU_ANGLE)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * BAIDU_ANGLE)
    inside = in_china(x, y)
    return np.where(inside, radius * np.cos(angle) + 0.0065, x), np.where(inside, radius * np.sin(angle) + 0.006, y)


def wgs84_to_bd09(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """WGS-84 → BD-09."""
    return gcj02_to_bd09(*wgs84_to_gcj02(longitude, latitude))


def bd09_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """BD-09 → WGS-84, by iteration to less than 1 mm."""
    return _invert(wgs84_to_bd09, longitude, latitude)


_TO_WGS84: dict[CoordinateSystem, Callable[[ArrayLike, ArrayLike], Pair]] = {
    "wgs84": lambda longitude, latitude: (np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)),
    "gcj02": gcj02_to_wgs84,
    "bd09": bd09_to_wgs84,
}


def to_wgs84(system: CoordinateSystem, longitude: float, latitude: float) -> tuple[float, float]:
    """One point of the named system as WGS-84.

    Raises:
        KeyError: the system isn't one of `wgs84`, `gcj02`, `bd09`.
    """
    x, y = _TO_WGS84[system](longitude, latitude)
    return float(x), float(y)


def distance_m(
    longitude: ArrayLike, latitude: ArrayLike, longitude2: ArrayLike, latitude2: ArrayLike
) -> NDArray[np.float64]:
    """Great-circle distance in metres on the mean sphere; within 0.6 % of the ellipsoid."""
    a, b = np.radians(np.asarray(latitude, dtype=float)), np.radians(np.asarray(latitude2, dtype=float))
    turn = np.radians(np.asarray(longitude2, dtype=float) - np.asarray(longitude, dtype=float))
    chord = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(turn / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def metres_between(longitude: float, latitude: float, longitude2: float, latitude2: float) -> float:
    """`distance_m` for two points: without numpy's overhead, which counts when ten thousand fixes come in a second."""
    a, b = radians(latitude), radians(latitude2)
    chord = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(longitude2 - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))
