"""How an inspector moves: along roads between places, along streets to a customer, then a while on site.

One course serves the week of history and the live phones. It is a list of moments with a place each; in between motion
is even, so a place at any moment is one interpolation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demo.roads import Point, Roads
from demo.streets import Layout
from demo.territory import METRES_A_DEGREE

ROAD_KMH = (34.0, 68.0)
STREET_KMH = (12.0, 24.0)
DWELL_MINUTES = (12.0, 55.0)


@dataclass(frozen=True, slots=True)
class Target:
    """Somewhere to go: a transformer district and a node of its streets; `ticket` when it is for one."""

    layout: Layout
    node: int
    ticket: str | None = None

    @property
    def place(self) -> Point:
        """The district's transformer, where its streets meet the road."""
        return self.layout.longitude, self.layout.latitude


@dataclass(frozen=True, slots=True)
class Course:
    """`at` seconds since the epoch, rising; `points` (n, 2) longitude, latitude WGS-84."""

    at: np.ndarray
    points: np.ndarray

    def places(self, moments: np.ndarray) -> np.ndarray:
        """Where somebody is at moments (seconds since the epoch), shape (n, 2); the ends hold outside the course."""
        return np.column_stack([np.interp(moments, self.at, self.points[:, axis]) for axis in (0, 1)])

    def velocities(self, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Speed in km/h and heading in degrees from north at moments; 0 for somebody standing."""
        before, after = self.places(moments - 3.0), self.places(moments + 3.0)
        east = (after[:, 0] - before[:, 0]) * np.cos(np.radians(after[:, 1])) * METRES_A_DEGREE
        north = (after[:, 1] - before[:, 1]) * METRES_A_DEGREE
        return np.hypot(east, north) / 6.0 * 3.6, np.degrees(np.arctan2(east, north)) % 360


class _Builder:
    def __init__(self, begin: float, start: Point) -> None:
        self.at = [begin]
        self.points: list[Point] = [start]

    def follow(self, line: np.ndarray, kmh: float) -> None:
        for longitude, latitude in line:
            here = self.points[-1]
            east = (longitude - here[0]) * math.cos(math.radians(latitude))
            metres = math.hypot(east, latitude - here[1]) * METRES_A_DEGREE
            if metres < 0.5:
                continue
            self.at.append(self.at[-1] + metres / (kmh / 3.6))
            self.points.append((float(longitude), float(latitude)))

    def stay(self, seconds: float) -> None:
        self.at.append(self.at[-1] + seconds)
        self.points.append(self.points[-1])


def plan(
    begin: float,
    end: float,
    start: Point,
    next_target: Callable[[], Target],
    roads: Roads,
    chance: np.random.Generator,
    rest: float = 0.0,
) -> Course:
    """A course from `begin` to at least `end` (seconds since the epoch), from target to target with stays on site.

    `rest`: seconds to stay at the start before setting out.
    """
    builder = _Builder(begin, start)
    builder.stay(rest)
    node = roads.nearest(start)
    builder.follow(np.array([roads.places[node]]), 20.0)
    while builder.at[-1] < end:
        target = next_target()
        gate = roads.nearest(target.place)
        builder.follow(roads.line(node, gate), float(chance.uniform(*ROAD_KMH)))
        streets = target.layout.points()
        way = target.layout.way_in(target.node)
        kmh = float(chance.uniform(*STREET_KMH))
        builder.follow(streets[way], kmh)
        builder.stay(60 * float(chance.uniform(*DWELL_MINUTES)))
        # A second look elsewhere in the district: next door or at the transformer.
        if chance.random() < 0.5:
            other = int(chance.integers(len(streets)))
            builder.follow(streets[target.layout.way(target.node, other)], kmh)
            builder.stay(60 * float(chance.uniform(3, 12)))
            way = target.layout.way_in(other)
        builder.follow(streets[way[::-1]], kmh)
        node = gate
    return Course(np.array(builder.at), np.array(builder.points))


def noisy(points: np.ndarray, chance: np.random.Generator, metres: float) -> np.ndarray:
    """The same points with GPS noise of a standard deviation in metres."""
    shift = chance.normal(0, metres, points.shape) / METRES_A_DEGREE
    shift[:, 0] /= np.cos(np.radians(points[:, 1]))
    return np.asarray(points + shift)
