"""A day's track: what must hold for any fixes, and what a known day must give."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo import tracks
from geo.tracks import Fixes, Line, build_day

ELLIPSOID = Geod(ellps="WGS84")
START = 1_773_100_800_000
"""2026-03-10T00:00:00Z in ms."""

STEP = st.tuples(st.integers(0, 600), st.floats(-0.004, 0.004), st.floats(-0.004, 0.004), st.booleans())


@st.composite
def walks(draw: st.DrawFn) -> Fixes:
    """Fixes that wander, wait, and sometimes come late or twice."""
    at, lon, lat = START, 118.18, 39.63
    rows = [(at, lon, lat)]
    for seconds, east, north, waits in draw(st.lists(STEP, min_size=0, max_size=60)):
        at += seconds * 1000
        lon, lat = (lon, lat) if waits else (lon + east, lat + north)
        rows.append((at, lon, lat))
    return Fixes.ordered(*zip(*rows, strict=True))


def straight(fixes: Fixes, first: int, last: int) -> float:
    return float(
        ELLIPSOID.inv(fixes.longitude[first], fixes.latitude[first], fixes.longitude[last], fixes.latitude[last])[2]
    )


@settings(max_examples=60, deadline=None)
@given(walks())
def test_the_way_is_never_shorter_than_the_straight_line(fixes: Fixes) -> None:
    day = build_day(fixes, silent_s=180)
    assert day.distance_m >= sum(straight(fixes, first, last) for first, last in day.segments) - 0.01


@settings(max_examples=60, deadline=None)
@given(walks())
def test_stops_stand_in_order_apart_from_each_other_and_from_gaps(fixes: Fixes) -> None:
    day = build_day(fixes, silent_s=180, stop_minimum_s=120)
    for stop in day.stops:
        assert stop.left_ms - stop.arrived_ms >= 120_000
        assert all(stop.left_ms <= begin or stop.arrived_ms >= end for begin, end in day.gaps)
    for earlier, later in zip(day.stops, day.stops[1:], strict=False):
        assert earlier.left_ms <= later.arrived_ms


@settings(max_examples=60, deadline=None)
@given(walks())
def test_segments_and_gaps_share_the_whole_day_between_them(fixes: Fixes) -> None:
    day = build_day(fixes, silent_s=180)
    assert [position for first, last in day.segments for position in range(first, last + 1)] == list(range(len(fixes)))
    assert [end - begin > 180_000 for begin, end in day.gaps] == [True] * (len(day.segments) - 1)


@settings(max_examples=40, deadline=None)
@given(walks(), st.randoms(use_true_random=False))
def test_the_order_in_which_fixes_come_makes_no_difference(fixes: Fixes, chance: object) -> None:
    order = list(range(len(fixes)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    order += order[:3]  # sent again by a phone that missed the answer
    shuffled = Fixes.ordered(fixes.at_ms[order], fixes.longitude[order], fixes.latitude[order], fixes.speed_kmh[order])
    one, other = build_day(fixes, silent_s=180), build_day(shuffled, silent_s=180)
    assert (one.stops, one.gaps, one.distance_m) == (other.stops, other.gaps, other.distance_m)


def test_a_known_morning() -> None:
    """Ten minutes' drive east, twenty minutes' stay with a noisy receiver, half an hour of silence, the drive back."""
    rows = [(30 * n, 118.18 + 0.003 * n, 39.63) for n in range(20)]
    rows += [(600 + 30 * n, 118.24 + 0.00008 * (-1) ** n, 39.63) for n in range(40)]
    rows += [(3600 + 30 * n, 118.24 - 0.003 * n, 39.63) for n in range(20)]
    seconds, lon, lat = zip(*rows, strict=True)
    day = build_day(Fixes.ordered([START + 1000 * second for second in seconds], lon, lat), silent_s=180)
    (stop,) = day.stops
    assert abs(stop.arrived_ms - (START + 600_000)) <= 30_000
    assert stop.left_ms == START + (600 + 39 * 30) * 1000
    assert abs(stop.longitude - 118.24) < 0.001
    assert day.gaps == [(START + (600 + 39 * 30) * 1000, START + 3_600_000)]
    out, back = straight_degrees(0.06), straight_degrees(0.057)
    assert math.isclose(day.distance_m, out + back, abs_tol=60)  # no 500 m of noise from 40 fixes that stand still


def straight_degrees(degrees: float) -> float:
    return float(ELLIPSOID.inv(118.18, 39.63, 118.18 + degrees, 39.63)[2])


def test_nothing_and_a_single_fix_are_days_too() -> None:
    nothing = build_day(Fixes.ordered([], [], []), silent_s=180)
    assert (nothing.segments, nothing.gaps, nothing.stops, nothing.distance_m) == ([], [], [], 0.0)
    single = build_day(Fixes.ordered([START], [118.0], [39.0]), silent_s=180)
    assert (single.segments, single.distance_m) == ([(0, 0)], 0.0)


def drive(seed: int, fixes: int = 960) -> Line:
    chance = np.random.default_rng(seed)
    moving = np.repeat(chance.random(fixes // 40) < 0.5, 40)
    lon = 118.0 + np.cumsum(moving * 0.003 * np.cos(np.arange(fixes) / 30))
    lat = 39.6 + np.cumsum(moving * 0.002 * np.sin(np.arange(fixes) / 25))
    noise = chance.normal(0, 4e-5, (2, fixes))
    return Line(START + np.arange(fixes, dtype=np.int64) * 30_000, lon + noise[0], lat + noise[1])


def test_thinned_lines_keep_to_the_budget_and_to_their_ends() -> None:
    lines = [drive(seed) for seed in range(30)]
    thinned = tracks.thin(lines, 2_400)
    assert sum(len(line.at_ms) for line in thinned) <= 2_400
    for whole, few in zip(lines, thinned, strict=True):
        assert (few.at_ms[0], few.at_ms[-1]) == (whole.at_ms[0], whole.at_ms[-1])
        assert set(few.at_ms.tolist()) <= set(whole.at_ms.tolist())


def test_a_thinned_line_is_where_the_person_was_at_that_time() -> None:
    """Replayed between its points, the line keeps near the truth in time as well, waiting where the person waited."""
    whole = drive(3)
    (few,) = tracks.thin([whole], 200)
    lon = np.interp(whole.at_ms, few.at_ms, few.longitude)
    lat = np.interp(whole.at_ms, few.at_ms, few.latitude)
    away = np.array(ELLIPSOID.inv(whole.longitude, whole.latitude, lon, lat)[2])
    assert len(few.at_ms) <= 200
    assert np.percentile(away, 95) < 120


def test_a_budget_too_small_for_any_tolerance_is_still_kept() -> None:
    lines = [drive(seed) for seed in range(10)]
    assert sum(len(line.at_ms) for line in tracks.thin(lines, 40)) <= 40
    assert tracks.thin([], 10) == []
