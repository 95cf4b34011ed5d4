"""H3 cells as 64-bit numbers: parents, descendants and outlines of many cells without a call for each.

An H3 index holds its resolution in bits 52-55 and one 3-bit digit a level below it, unused digits all ones
(h3geo.org, "H3 index bit layout"). Coarser cells follow by setting bits; the descendants of a cell at one resolution
are one range of numbers, which an ordinary index can search.
"""

import re
from functools import lru_cache

import h3
import numpy as np
import numpy.typing as npt

STORED_RESOLUTION = 9
"""The resolution of `risk_point.h3_cell`."""
_FINEST = 15
_CELL = re.compile(r"[0-9a-fA-F]{15}")
_ZOOM_RESOLUTION = {6: 4, 7: 5, 8: 5, 9: 6, 10: 7, 11: 7, 12: 8}

Cells = npt.NDArray[np.int64]


def resolution_for_zoom(zoom: int) -> int:
    """H3 resolution whose cells are some 20 to 60 screen pixels wide at a map zoom."""
    if zoom < min(_ZOOM_RESOLUTION):
        return 3
    return _ZOOM_RESOLUTION.get(zoom, STORED_RESOLUTION)


def parents(cells: Cells, resolution: int) -> Cells:
    """The cells of `resolution` that contain the given ones (all of one finer or equal resolution).

    Raises:
        ValueError: `resolution` is outside 0-15.
    """
    if not 0 <= resolution <= _FINEST:
        raise ValueError(f"an H3 resolution is 0 to {_FINEST}, got {resolution}")
    unused = np.int64((1 << 3 * (_FINEST - resolution)) - 1)
    coarse = (cells & ~np.int64(15 << 52)) | np.int64(resolution << 52)
    return coarse | unused


def descendants(cell: int, resolution: int = STORED_RESOLUTION) -> tuple[int, int]:
    """First and last number of the cells of `resolution` inside `cell`; both inclusive."""
    own = (cell >> 52) & 15
    within = 3 * (resolution - own)
    below = 3 * (_FINEST - resolution)
    last = (cell & ~(15 << 52)) | (resolution << 52)
    # Digits run from 0 to 6: the unused pattern 7 in the levels between would be no cell, but bounds the range.
    first = last & ~(((1 << within) - 1) << below)
    return first, last


@lru_cache(maxsize=50_000)
def outline(cell: int) -> str:
    """Corners of a cell as JSON: [[longitude, latitude], …] in degrees, an open ring of five or six corners."""
    corners = h3.cell_to_boundary(h3.int_to_str(cell))
    return f"[{','.join(f'[{longitude:.5f},{latitude:.5f}]' for latitude, longitude in corners)}]"


def parse_cell(text: str) -> int:
    """A cell's number from its usual writing (15 hexadecimal digits).

    Raises:
        ValueError: not a cell, or finer than the stored resolution.
    """
    # The library itself fails on longer texts and takes digits of any script.
    if not _CELL.fullmatch(text) or not h3.is_valid_cell(text) or h3.get_resolution(text) > STORED_RESOLUTION:
        raise ValueError(f"expected an H3 cell of resolution 0 to {STORED_RESOLUTION}, got {text!r}")
    return int(text, 16)
