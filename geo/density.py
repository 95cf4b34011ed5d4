"""Risk density as map tiles: points in, a smooth picture out.

Positions are Web Mercator fractions of the world × 2³¹ from the north-west corner (`models.risk.RiskChunk`). Points are
counted in cells of two screen pixels and spread by a Gaussian whose width is in screen pixels, so a zoom always looks
equally fine. Cells belong to the world, not to the tile, and each tile takes a margin of neighbouring cells as wide as
the kernel: adjoining tiles compute the same surface and show no seam. Values are score-weighted points per km² of
ground (a point of score 100 counts 1), so the legend states numbers that hold on every tile.
"""

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image
from plotly.colors import sequential

Palette = Literal["inferno", "cividis"]
PALETTES: tuple[Palette, ...] = get_args(Palette)
MAX_ZOOM = 20
TILE_PX = 256
WORLD_BITS = 31
_CELL_BITS = 1
"""Counting cells are 2¹ pixels wide: far below the kernel's width, so the grid can't be seen."""
_GLOW_WIDTH, _GLOW_SHARE = 2.8, 0.45
"""A second, wider Gaussian joins neighbouring spots to one surface; both together spread each point's whole weight."""
_REACH = 3.2
"""The kernel ends at this many standard deviations of the wider part, where it has fallen below 0.1 % of the middle."""
_SCALE_BITS = 4
"""The scale is read from cells of 2⁴ pixels, about two standard deviations."""
_SCALE_SHARE = 0.75
"""The top of the scale: the density below which this share of all risk lies. A single freak cell can't set it."""
_SCALE_RANGE = 20.0
"""The top is at most this many times the density at which half of all risk lies: that half stays visible, always."""
_SCALE_FLOOR = 1.5
"""Score-weighted points in one scale cell: with fewer, a lonely point would look like a hot spot."""
_SCALE_SAMPLE = 60_000
_EQUATOR_KM = 40_075.016_686
_GAMMA = 0.45
"""Risk lies in a few towns and thinly everywhere: below 1 the thin parts become visible beside the dense ones."""
_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Points:
    """Weighted positions: `x`, `y` int32 (module docstring), `score` uint8 (0-100), all of one length."""

    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]
    score: npt.NDArray[np.uint8]


def sigma_px(zoom: int) -> float:
    """Standard deviation of the kernel in screen pixels: finer when the whole area is in view."""
    return float(np.interp(zoom, [5, 8, 12, 15], [7.0, 8.5, 10.0, 12.0]))


def square_km_per_px(zoom: int, y_fraction: float) -> float:
    """Ground under one pixel of a 256 px tile in km², at a Mercator height (0 north … 1 south)."""
    latitude = math.atan(math.sinh(math.pi * (1 - 2 * y_fraction)))
    return (_EQUATOR_KM * math.cos(latitude) / (TILE_PX << zoom)) ** 2


def tile_density(points: Points, zoom: int, column: int, row: int, *, scale: int = 1) -> Floats | None:
    """Density over one tile in score-weighted points per km².

    Returns 256·`scale` × 256·`scale` values, north first; None when no point reaches into the tile.
    """
    cells = TILE_PX >> _CELL_BITS
    margin = _margin(zoom)
    across = cells + 2 * margin
    shift = WORLD_BITS - zoom - 8 + _CELL_BITS
    west, north = column * cells - margin, row * cells - margin
    # One bound can lie beyond the world's edge, where int32 would overflow: compare as clipped numbers.
    inside = (
        (points.x >= max(west << shift, 0))
        & (points.x <= min(((west + across) << shift) - 1, (1 << WORLD_BITS) - 1))
        & (points.y >= max(north << shift, 0))
        & (points.y <= min(((north + across) << shift) - 1, (1 << WORLD_BITS) - 1))
    )
    found = np.flatnonzero(inside)
    if not len(found):
        return None
    x = (points.x[found] >> shift) - np.int32(west)
    y = (points.y[found] >> shift) - np.int32(north)
    counted = np.bincount(y * np.int32(across) + x, weights=points.score[found], minlength=across * across)
    grid = counted.reshape(across, across).astype(np.float32)
    core, glow = _spread(zoom, scale, 1.0), _spread(zoom, scale, _GLOW_WIDTH)
    per_px = (1 - _GLOW_SHARE) * _across(_across(core, grid), core.T) + _GLOW_SHARE * _across(
        _across(glow, grid), glow.T
    )
    return np.asarray(per_px / _ground(zoom, row, scale)[:, None], dtype=np.float32)


def _across(rows: Floats, columns: Floats) -> Floats:
    """Matrix product, four rows at a time.

    OpenBLAS spreads larger products over threads that wait for each other busily: on a machine with other work a
    product of half a millisecond then takes fifty. Products of this size it computes in the calling thread.
    """
    return (rows.reshape(-1, 4, rows.shape[1]) @ np.ascontiguousarray(columns)).reshape(len(rows), -1)


def _margin(zoom: int) -> int:
    """Counting cells beyond the tile's edge that reach into it."""
    return math.ceil(_REACH * _GLOW_WIDTH * sigma_px(zoom) / (1 << _CELL_BITS))


@lru_cache(maxsize=128)
def _spread(zoom: int, scale: int, widen: float) -> Floats:
    """Matrix that spreads a line of counting cells (with margins) over the tile's pixels: (256·scale, cells)."""
    sigma = sigma_px(zoom) * widen
    width = 1 << _CELL_BITS
    margin = _margin(zoom)
    centres = (np.arange((TILE_PX >> _CELL_BITS) + 2 * margin) - margin + 0.5) * width
    pixels = (np.arange(TILE_PX * scale) + 0.5) / scale
    away = (pixels[:, None] - centres[None, :]) / sigma
    kernel = np.exp(-0.5 * away**2) / (sigma * math.sqrt(2 * math.pi))
    kernel[np.abs(away) * widen > _REACH * _GLOW_WIDTH] = 0
    return kernel.astype(np.float32)


@lru_cache(maxsize=1024)
def _ground(zoom: int, row: int, scale: int) -> Floats:
    """Ground under a pixel for each line of a tile, × 100 because scores are percent."""
    lines = (row + (np.arange(TILE_PX * scale) + 0.5) / (TILE_PX * scale)) / (1 << zoom)
    latitude = np.arctan(np.sinh(math.pi * (1 - 2 * lines)))
    ground = (_EQUATOR_KM * np.cos(latitude) / (TILE_PX << zoom)) ** 2 * 100
    return ground.astype(np.float32)


def scale_top(points: Points, zoom: int) -> float:
    """The density at which the colours of a zoom end, the same for all its tiles: score-weighted points per km².

    Read from cells about as wide as the kernel, rounded up to a plain number so that a few new points change neither
    legend nor pictures. Where there are very many cells, a fixed pseudo-random part of them stands for all.
    """
    if not len(points.x):
        return _nice(_SCALE_FLOOR / (square_km_per_px(zoom, 0.38) * (1 << 2 * _SCALE_BITS)))
    shift = WORLD_BITS - zoom - 8 + _SCALE_BITS
    x, y = points.x >> shift, points.y >> shift
    west, north = int(x.min()), int(y.min())
    across, down = int(x.max()) - west + 1, int(y.max()) - north + 1
    if across * down <= 2_000_000:
        everywhere = np.bincount((y - north) * np.int32(across) + (x - west), weights=points.score)
        mass: npt.NDArray[np.float64] = np.asarray(everywhere[everywhere > 0], dtype=np.float64)
    else:
        mass = _sampled_cells(x, y, points.score)
    mass.sort()
    running = np.cumsum(mass)
    share = 0.0
    if len(mass):
        middle_mass, top_mass = mass[np.searchsorted(running, np.array([0.5, _SCALE_SHARE]) * running[-1])]
        share = min(float(top_mass), _SCALE_RANGE * float(middle_mass)) / 100
    # One number for the whole picture: the ground at the points' middle height.
    middle = float(np.median(points.y[:: max(1, len(points.y) // 1000)])) / (1 << WORLD_BITS)
    ground = square_km_per_px(zoom, middle) * (1 << 2 * _SCALE_BITS)
    return _nice(max(share, _SCALE_FLOOR) / ground)


def _sampled_cells(
    x: npt.NDArray[np.int32], y: npt.NDArray[np.int32], score: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float64]:
    """Summed scores of whole cells, a share of them chosen by a hash of the cell."""
    chosen = np.arange(len(x))
    if len(x) > _SCALE_SAMPLE:
        mixed = (x.view(np.uint32) * np.uint32(2_654_435_761)) ^ (y.view(np.uint32) * np.uint32(2_246_822_519))
        mixed ^= mixed >> np.uint32(15)
        mixed *= np.uint32(2_654_435_761)
        chosen = np.flatnonzero(mixed < np.uint32(2**32 * (_SCALE_SAMPLE / len(x))))
    key = (x[chosen].astype(np.int64) << 32) | y[chosen]
    _, cell = np.unique(key, return_inverse=True)
    return np.asarray(np.bincount(cell, weights=score[chosen]), dtype=np.float64)


def _nice(value: float) -> float:
    """The next plain number at or above `value`, 5 % tolerated."""
    power = 10.0 ** math.floor(math.log10(value))
    step = next((step for step in _NICE if step * 1.05 >= value / power), 10.0)
    return float(f"{step * power:.6g}")


@lru_cache(maxsize=len(PALETTES))
def _colours(palette: Palette) -> tuple[npt.NDArray[np.uint8], bytes]:
    """256 colours (256, 3) and their 256 opacities, thinnest density first.

    Inferno is for dark grounds and begins past its black end, which would darken the map. Cividis is for light
    grounds and runs towards its dark end, so that more risk stands out more in both themes.
    """
    stops = [sequential.Inferno, sequential.Cividis][PALETTES.index(palette)]
    rgb = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops], dtype=float)
    ends = (0.16, 1.0) if palette == "inferno" else (0.95, 0.0)
    at = np.linspace(*ends, 256)
    table = np.stack([np.interp(at, np.linspace(0, 1, len(rgb)), rgb[:, band]) for band in range(3)], axis=1)
    rise = np.clip(np.linspace(0, 1, 256) / 0.35, 0, 1)
    opacity = 0.96 * rise * rise * (3 - 2 * rise)
    return table.round().astype(np.uint8), (opacity * 255).round().astype(np.uint8).tobytes()


def colour_png(density: Floats | None, top: float, palette: Palette) -> bytes:
    """A PNG with 256 colours and their opacities; `top` is the density of the last colour."""
    if density is None:
        return EMPTY_TILE
    share = np.minimum(density * np.float32(1 / top), 1.0)
    index = (np.power(share, np.float32(_GAMMA)) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    colours, opacity = _colours(palette)
    if int(index.max()) == 0:
        return EMPTY_TILE
    return _png(index, colours, opacity)


def _png(index: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8], opacity: bytes) -> bytes:
    image = Image.fromarray(index)
    image.putpalette(colours.tobytes())
    written = io.BytesIO()
    image.save(written, "PNG", transparency=opacity, compress_level=3)
    return written.getvalue()


EMPTY_TILE = _png(np.zeros((TILE_PX, TILE_PX), np.uint8), np.zeros((1, 3), np.uint8), b"\0")
"""The fully transparent tile: one constant for all empty places."""


def legend_stops(top: float, palette: Palette, count: int = 6) -> list[tuple[float, str]]:
    """Densities (score-weighted points per km², rounded) and their colours `#rrggbb`, thin to dense."""
    colours, _ = _colours(palette)
    stops: list[tuple[float, str]] = []
    for share in np.linspace(0, 1, count):
        value = float(f"{top * share ** (1 / _GAMMA):.2g}")
        index = round((value / top) ** _GAMMA * 255)
        red, green, blue = (int(band) for band in colours[min(index, 255)])
        stops.append((value, f"#{red:02x}{green:02x}{blue:02x}"))
    return stops
