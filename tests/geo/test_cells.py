"""Cell arithmetic agrees with the h3 library, cell by cell."""

import json

import h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import cells

PLACES = st.tuples(st.floats(-85, 85), st.floats(-180, 180))


@given(st.lists(PLACES, min_size=1, max_size=20), st.integers(0, 9))
def test_parents_are_the_librarys(places: list[tuple[float, float]], resolution: int) -> None:
    fine = [h3.latlng_to_cell(lat, lon, 9) for lat, lon in places]
    made = cells.parents(np.array([int(cell, 16) for cell in fine], np.int64), resolution)
    assert [f"{cell:x}" for cell in made.tolist()] == [h3.cell_to_parent(cell, resolution) for cell in fine]


@given(PLACES, PLACES, st.integers(0, 9))
def test_the_range_of_descendants_holds_exactly_the_cells_inside(
    one: tuple[float, float], other: tuple[float, float], resolution: int
) -> None:
    parent = h3.cell_to_parent(h3.latlng_to_cell(*one, 9), resolution)
    first, last = cells.descendants(int(parent, 16))
    for lat, lon in (one, other):
        cell = h3.latlng_to_cell(lat, lon, 9)
        assert (first <= int(cell, 16) <= last) == (h3.cell_to_parent(cell, resolution) == parent)


def test_an_outline_is_the_cells_ring_longitude_first() -> None:
    ring = json.loads(cells.outline(int(h3.latlng_to_cell(39.63, 118.18, 7), 16)))
    assert len(ring) == 6
    assert all(abs(lon - 118.18) < 0.05 and abs(lat - 39.63) < 0.05 for lon, lat in ring)


@pytest.mark.parametrize(
    "text", ["", "zz", "8a", "8f31ab0000000000", "89" * 20, "１２", h3.latlng_to_cell(39, 118, 10)]
)
def test_what_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an H3 cell"):
        cells.parse_cell(text)


def test_finer_zoom_never_has_coarser_cells() -> None:
    steps = [cells.resolution_for_zoom(zoom) for zoom in range(21)]
    assert steps == sorted(steps)
    assert steps[0] == 3
    assert steps[-1] == cells.STORED_RESOLUTION
