"""WGS-84, GCJ-02 and BD-09 against the published vectors of domain sheet 8, and there and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coordinates import (
    bd09_to_wgs84,
    distance_m,
    gcj02_to_wgs84,
    metres_between,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

# Name, then latitude and longitude in WGS-84, GCJ-02 and BD-09, and the shift of GCJ-02 in metres.
VECTORS = [
    ("Shanghai", (31.1774276, 121.5272106), (31.175304, 121.531542), (31.181329, 121.538016), 475),
    ("Beijing", (39.911954, 116.377817), (39.913345, 116.384047), (39.919576, 116.390455), 553),
    ("Tangshan", (39.63, 118.18), (39.631308, 118.186279), (39.637581, 118.192708), 557),
    ("Zhangjiakou", (40.82, 114.88), (40.821328, 114.886121), (40.827077, 114.892730), 536),
    ("Qinhuangdao", (39.94, 119.60), (39.941108, 119.605772), (39.947024, 119.612282), 507),
    ("Chengde", (40.97, 117.94), (40.971547, 117.946278), (40.977816, 117.952694), 554),
    ("Langfang", (39.52, 116.70), (39.521124, 116.705957), (39.526796, 116.712585), 526),
]
LAST_DIGIT = 1.5e-6
"""The sheet gives six decimals: a tenth of a metre."""
MILLIMETRE = 0.001


@pytest.mark.parametrize(("name", "wgs", "gcj", "bd", "shift"), VECTORS, ids=[row[0] for row in VECTORS])
def test_published_points(
    name: str, wgs: tuple[float, float], gcj: tuple[float, float], bd: tuple[float, float], shift: int
) -> None:
    latitude, longitude = wgs
    assert np.allclose(wgs84_to_gcj02(longitude, latitude), gcj[::-1], atol=LAST_DIGIT, rtol=0)
    assert np.allclose(wgs84_to_bd09(longitude, latitude), bd[::-1], atol=LAST_DIGIT, rtol=0)
    assert metres_between(longitude, latitude, gcj[1], gcj[0]) == pytest.approx(shift, abs=3)
    assert to_wgs84("gcj02", gcj[1], gcj[0]) == pytest.approx((longitude, latitude), abs=LAST_DIGIT)
    assert to_wgs84("bd09", bd[1], bd[0]) == pytest.approx((longitude, latitude), abs=LAST_DIGIT)


@given(longitude=st.floats(75, 135), latitude=st.floats(4, 53))
def test_there_and_back_is_the_same_point_to_a_millimetre(longitude: float, latitude: float) -> None:
    for forward, back in ((wgs84_to_gcj02, gcj02_to_wgs84), (wgs84_to_bd09, bd09_to_wgs84)):
        x, y = back(*forward(longitude, latitude))
        assert metres_between(longitude, latitude, float(x), float(y)) < MILLIMETRE


@pytest.mark.parametrize("place", [(2.35, 48.85), (139.69, 35.69), (-74.0, 40.7), (151.2, -33.9)])
def test_nothing_is_shifted_outside_china(place: tuple[float, float]) -> None:
    for convert in (wgs84_to_gcj02, wgs84_to_bd09, gcj02_to_wgs84, bd09_to_wgs84):
        assert tuple(float(value) for value in convert(*place)) == place


def test_columns_are_converted_like_single_points() -> None:
    longitude = np.array([row[1][1] for row in VECTORS])
    latitude = np.array([row[1][0] for row in VECTORS])
    x, y = wgs84_to_gcj02(longitude, latitude)
    for n in range(len(VECTORS)):
        assert (x[n], y[n]) == tuple(wgs84_to_gcj02(longitude[n], latitude[n]))


def test_wgs84_stays_as_it_is_and_unknown_systems_are_a_fault() -> None:
    assert to_wgs84("wgs84", 118.18, 39.63) == (118.18, 39.63)
    with pytest.raises(KeyError):
        to_wgs84("sgmap", 118.18, 39.63)  # type: ignore[arg-type]


def test_distance_of_a_degree_of_latitude() -> None:
    assert metres_between(118, 39, 118, 40) == pytest.approx(111_195, abs=10)
    assert float(distance_m(118, 39, 118, 40)) == pytest.approx(metres_between(118, 39, 118, 40), abs=1e-6)
    assert metres_between(118, 39, 118, 39) == 0
