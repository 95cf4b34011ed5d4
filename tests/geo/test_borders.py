"""Simplified borders: neighbours keep one line, and a city's border is that of its counties."""

import numpy as np
import shapely

from geo import borders


def wavy() -> tuple[shapely.Polygon, shapely.Polygon, shapely.Polygon]:
    """Two counties with a crooked border between them, and the city that both make up."""
    y = np.linspace(0, 1, 400)
    middle = np.c_[0.5 + 0.0004 * np.sin(90 * y) + 0.05 * np.sin(6 * y), y]
    west = shapely.Polygon([(0, 0), *middle, (0, 1)])
    east = shapely.Polygon([(1, 1), *middle[::-1], (1, 0)])
    return west, east, shapely.coverage_union_all([west, east])


def test_neighbours_share_their_line_without_gap_or_overlap() -> None:
    west, east, city = wavy()
    made = borders.simplified(
        {"w": west, "e": east, "c": city}, {"w": "c", "e": "c", "c": None}, [{"w", "e"}, {"c"}, set()]
    )
    assert len(made["w"].exterior.coords) < 80
    assert shapely.coverage_is_valid([made["w"], made["e"]])
    assert shapely.equals(made["c"], shapely.coverage_union_all([made["w"], made["e"]]))
    assert abs(made["w"].area - west.area) < 0.001


def test_a_city_whose_counties_are_not_all_in_sight_keeps_its_own_border() -> None:
    west, _, city = wavy()
    made = borders.simplified({"w": west, "c": city}, {"w": "c", "c": None}, [{"w"}, {"c"}])
    assert made["c"].area > 0.99


def test_what_has_several_parts_keeps_them() -> None:
    """Langfang's three northern counties lie apart from the rest (domain sheet 0)."""
    apart = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(3, 3, 4, 4)])
    made = borders.simplified({"lf": apart}, {"lf": None}, [{"lf"}])
    assert len(shapely.get_parts(made["lf"])) == 2
