"""From an inspector's fixes to a day's track: lines, stops, gaps, distance; and lines thinned for replay and trails.

Coordinates are degrees, WGS-84, longitude first; times are Unix milliseconds (UTC). Stops come from MovingPandas, which
is slow: give it one person's day, in a thread.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

_ELLIPSOID = Geod(ellps="WGS84")
_DETECT_MS = 15_000
"""Stops are looked for in fixes at least this far apart: MovingPandas' work grows with the square of a stop's fixes."""
_DEGREE_M = 111_195.0
_TIME_STRETCH = 1_000.0
"""Metres a second in the time-distance plane: so steep that its distances to a chord are metres along the way."""
_TOLERANCES_M = (6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 400.0)

Milliseconds = npt.NDArray[np.int64]
Degrees = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fixes:
    """One person's fixes in time order, each moment once, in arrays of one length; unknown speeds are NaN."""

    at_ms: Milliseconds
    longitude: Degrees
    latitude: Degrees
    speed_kmh: Degrees

    @classmethod
    def ordered(
        cls,
        at_ms: Sequence[int] | Milliseconds,
        longitude: Sequence[float] | Degrees,
        latitude: Sequence[float] | Degrees,
        speed_kmh: Sequence[float] | Degrees | None = None,
    ) -> "Fixes":
        """Sorted by time; of several fixes at one moment the most eastern, then most northern one stays."""
        at = np.asarray(at_ms, dtype=np.int64)
        lon, lat = np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
        speed = np.full(len(at), np.nan) if speed_kmh is None else np.asarray(speed_kmh, dtype=np.float64)
        order = np.lexsort((np.nan_to_num(speed, nan=-1.0), lat, lon, at))
        last = np.append(np.diff(at[order]) > 0, True)[: len(order)]
        kept = order[last]
        return cls(at[kept], lon[kept], lat[kept], speed[kept])

    def __len__(self) -> int:
        return len(self.at_ms)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stay: middle of its fixes, first and last moment (Unix ms)."""

    longitude: float
    latitude: float
    arrived_ms: int
    left_ms: int

    @property
    def dwell_s(self) -> int:
        """Length of the stay in seconds."""
        return round((self.left_ms - self.arrived_ms) / 1000)


@dataclass(frozen=True, slots=True, eq=False)
class DayTrack:
    """A day. `segments`: first and last position in `fixes`, both inclusive; between them lie the `gaps` (Unix ms)."""

    fixes: Fixes
    segments: list[tuple[int, int]]
    gaps: list[tuple[int, int]]
    stops: list[Stop]
    distance_m: float


def segments(at_ms: Milliseconds, silent_ms: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Cuts ordered times where nothing came for longer than `silent_ms`: segments as positions, gaps as times."""
    if not len(at_ms):
        return [], []
    cuts = np.flatnonzero(np.diff(at_ms) > silent_ms)
    firsts = np.concatenate(([0], cuts + 1)).tolist()
    lasts = np.concatenate((cuts, [len(at_ms) - 1])).tolist()
    gaps = [(int(at_ms[cut]), int(at_ms[cut + 1])) for cut in cuts]
    return list(zip(firsts, lasts, strict=True)), gaps


def build_day(
    fixes: Fixes, *, silent_s: float, stop_diameter_m: float = 150.0, stop_minimum_s: float = 300.0
) -> DayTrack:
    """The track of one day.

    A stop is a stay of at least `stop_minimum_s` seconds within `stop_diameter_m` metres; it never spans a gap.
    Distance is summed on the ellipsoid along the segments; nobody knows the way through a gap, so gaps do not count.
    Inside a stop only the way from its first to its last fix counts: the rest is the receiver's noise.
    """
    lines, gaps = segments(fixes.at_ms, int(silent_s * 1000))
    found: list[Stop] = []
    distance = 0.0
    for first, last in lines:
        ranges = _stop_ranges(fixes, first, last, stop_diameter_m, stop_minimum_s)
        kept = np.ones(last - first + 1, bool)
        for begin, end in ranges:
            found.append(
                Stop(
                    float(fixes.longitude[begin : end + 1].mean()),
                    float(fixes.latitude[begin : end + 1].mean()),
                    int(fixes.at_ms[begin]),
                    int(fixes.at_ms[end]),
                )
            )
            kept[begin - first + 1 : end - first] = False
        way = np.flatnonzero(kept) + first
        distance += length_m(fixes.longitude[way], fixes.latitude[way])
    return DayTrack(fixes, lines, gaps, found, distance)


def length_m(longitude: Degrees, latitude: Degrees) -> float:
    """Length of a line on the WGS-84 ellipsoid in metres."""
    return float(_ELLIPSOID.line_length(longitude, latitude)) if len(longitude) > 1 else 0.0


def _stop_ranges(fixes: Fixes, first: int, last: int, diameter_m: float, minimum_s: float) -> list[tuple[int, int]]:
    """Stops of one segment as [first, last] positions in `fixes`."""
    if fixes.at_ms[last] - fixes.at_ms[first] < minimum_s * 1000:
        return []
    # Loading MovingPandas takes over a second: only processes that draw tracks pay for it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about smoothers that are not used here
        import geopandas
        import movingpandas
        import pandas

    at = fixes.at_ms[first : last + 1]
    steps = (at - at[0]) // _DETECT_MS
    chosen = np.flatnonzero(np.append(True, np.diff(steps) > 0)) + first
    if chosen[-1] != last:
        chosen = np.append(chosen, last)
    lon, lat = fixes.longitude[chosen], fixes.latitude[chosen]
    # A plane around the segment: distances as plain metres, many times faster than on the ellipsoid.
    plane = f"+proj=aeqd +lon_0={lon.mean():.5f} +lat_0={lat.mean():.5f} +ellps=WGS84 +units=m"
    points = geopandas.GeoSeries.from_xy(lon, lat, crs="EPSG:4326").to_crs(plane)
    frame = geopandas.GeoDataFrame(
        {"fix": chosen}, geometry=points.values, index=pandas.DatetimeIndex(fixes.at_ms[chosen].astype("M8[ms]"))
    )
    trajectory = movingpandas.Trajectory(frame, traj_id=0)
    detector = movingpandas.TrajectoryStopDetector(trajectory)
    ranges = detector.get_stop_time_ranges(max_diameter=diameter_m, min_duration=timedelta(seconds=minimum_s))
    found: list[tuple[int, int]] = []
    for span in ranges:
        begin, end = (
            int(np.searchsorted(fixes.at_ms, pandas.Timestamp(moment).value // 1_000_000))
            for moment in (span.t_0, span.t_n)
        )
        found.append((begin, end))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Somebody's way as ordered times and places, all of one length."""

    at_ms: Milliseconds
    longitude: Degrees
    latitude: Degrees


def thin(lines: Sequence[Line], budget: int) -> list[Line]:
    """The same ways with fewer points: at most `budget` together, where that leaves two for each line.

    A point stays when the line's shape needs it, or its timing does (where somebody waited, began, slowed down):
    Douglas-Peucker in the plane and along time, with the smallest tolerance that fits the budget. First and last
    points always stay. A line that is cut by a gap should come as two.
    """
    if not lines:
        return []
    sizes = np.array([len(line.at_ms) for line in lines])
    if int(sizes.sum()) <= budget:
        return list(lines)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    at = np.concatenate([line.at_ms for line in lines])
    lon = np.concatenate([line.longitude for line in lines])
    lat = np.concatenate([line.latitude for line in lines])
    owner = np.repeat(np.arange(len(lines)), sizes)
    shape = np.column_stack((lon * np.cos(np.radians(lat)) * _DEGREE_M, lat * _DEGREE_M))
    ends = np.zeros(len(at), bool)
    ends[starts[:-1]] = True
    ends[starts[1:] - 1] = True
    steps = np.hypot(*np.diff(shape, axis=0, prepend=shape[:1]).T)
    steps[starts[:-1]] = 0
    timing = np.column_stack(((at - at.min()) / 1000 * _TIME_STRETCH, np.cumsum(steps)))
    # Each tolerance works on what the finer ones left: the points that are many are looked at once.
    left = np.arange(len(at))
    for tolerance in _TOLERANCES_M:
        needed = (
            ends[left]
            | _needed(shape[left], owner[left], tolerance)
            | _needed(timing[left], owner[left], 2 * tolerance)
        )
        left = left[needed]
        if len(left) <= budget:
            break
    else:
        inner = left[~ends[left]]
        every = max(1, -(-len(inner) // max(1, budget - int(ends.sum()))))
        left = np.union1d(np.flatnonzero(ends), inner[::every])
    kept = np.zeros(len(at), bool)
    kept[left] = True
    return [
        Line(at[begin:end][kept[begin:end]], lon[begin:end][kept[begin:end]], lat[begin:end][kept[begin:end]])
        for begin, end in pairwise(starts)
    ]


def _needed(plane: npt.NDArray[np.float64], owner: npt.NDArray[np.int64], tolerance: float) -> npt.NDArray[np.bool_]:
    """Which points Douglas-Peucker keeps; the third coordinate carries each point's number through it."""
    sizes = np.bincount(owner)[owner]
    many = sizes > 2
    needed = ~many
    if many.any():
        numbered = np.column_stack((plane, np.arange(len(plane))))[many]
        renumbered = np.cumsum(np.diff(owner[many], prepend=owner[many][0]) > 0)
        lines = shapely.linestrings(numbered, indices=renumbered)
        left = shapely.get_coordinates(shapely.simplify(lines, tolerance, preserve_topology=False), include_z=True)
        needed[left[:, 2].astype(np.int64)] = True
    return needed
