"""Made-up roads of a county: winding ways between its places, for phones and lines to follow.

No road network comes with the data, and motion in straight lines looks wrong from five metres away. The net is a
Gabriel graph (two places are joined when no third lies in the circle between them), which looks like a country's roads
and is connected.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

from demo.territory import METRES_A_DEGREE, distance_m

Point = tuple[float, float]
BEND_M = 260.0
"""About one bend each so many metres."""


@dataclass(frozen=True, slots=True)
class Roads:
    """Places (longitude, latitude) and the ways between them. `ways[(a, b)]`, a < b, holds a line from a to b."""

    places: tuple[Point, ...]
    ways: dict[tuple[int, int], np.ndarray]
    _before: dict[int, np.ndarray] = field(default_factory=dict)

    def nearest(self, point: Point) -> int:
        """Index of the place nearest to a point."""
        return min(range(len(self.places)), key=lambda index: distance_m(point, self.places[index]))

    def route(self, start: int, end: int) -> list[int]:
        """Indices of the places on the shortest way."""
        before = self._predecessors(start)
        way = [end]
        while way[-1] != start:
            way.append(int(before[way[-1]]))
        return way[::-1]

    def line(self, start: int, end: int) -> np.ndarray:
        """The shortest way as points, shape (n, 2): longitude, latitude."""
        route = self.route(start, end)
        if len(route) == 1:
            return np.array([self.places[start]])
        parts: list[np.ndarray] = []
        for one, other in pairwise(route):
            way = self.ways[(one, other)] if one < other else self.ways[(other, one)][::-1]
            parts.append(way if not parts else way[1:])
        return np.concatenate(parts)

    def _predecessors(self, start: int) -> np.ndarray:
        if start not in self._before:
            count = len(self.places)
            edges = list(self.ways)
            lengths = [_length(self.ways[edge]) for edge in edges]
            rows, columns = zip(*edges, strict=True) if edges else ((), ())
            graph = csr_matrix((lengths, (rows, columns)), shape=(count, count))
            self._before[start] = dijkstra(graph, directed=False, indices=start, return_predecessors=True)[1]
        return self._before[start]


def _length(line: np.ndarray) -> float:
    east = np.diff(line[:, 0]) * math.cos(math.radians(float(line[0, 1])))
    return float(np.hypot(east, np.diff(line[:, 1])).sum() * METRES_A_DEGREE)


def _pairs(points: np.ndarray) -> list[tuple[int, int]]:
    """Edges of the Gabriel graph over flat points, shape (n, 2)."""
    count = len(points)
    if count < 4:
        return [(one, other) for one in range(count) for other in range(one + 1, count)]
    candidates = {
        (min(int(a), int(b)), max(int(a), int(b)))
        for corner in Delaunay(points, qhull_options="QJ").simplices
        for a, b in ((corner[0], corner[1]), (corner[1], corner[2]), (corner[0], corner[2]))
    }
    kept = []
    for one, other in sorted(candidates):
        middle = (points[one] + points[other]) / 2
        radius = float(((points[one] - points[other]) ** 2).sum()) / 4
        inside = ((points - middle) ** 2).sum(axis=1) < radius * (1 - 1e-9)
        inside[[one, other]] = False
        if not inside.any():
            kept.append((one, other))
    return kept


def _winding(start: np.ndarray, end: np.ndarray, sway: float, chance: np.random.Generator) -> np.ndarray:
    """Midpoint displacement in flat metres: bends at all scales, ends kept."""
    length = float(np.hypot(*(end - start)))
    line = np.array([start, end])
    for _ in range(max(1, min(7, round(math.log2(max(2.0, length / BEND_M)))))):
        step = np.diff(line, axis=0)
        across = np.column_stack((-step[:, 1], step[:, 0]))
        middle = (line[:-1] + line[1:]) / 2 + across * chance.normal(0, sway, (len(step), 1)).clip(-2 * sway, 2 * sway)
        woven = np.empty((len(line) + len(middle), 2))
        woven[0::2], woven[1::2] = line, middle
        line = woven
    return line


def build(places: Sequence[Point], border: Any, sway: float, chance: np.random.Generator) -> Roads:
    """Roads between places inside a border.

    Args:
        places: Longitude, latitude; no two the same.
        border: shapely geometry, WGS-84. A way that would leave it is drawn straight, and taken only where the
            places would be cut off otherwise.
        sway: How far a bend lies off the straight, as a share of the piece: 0.08 plains, 0.15 mountains.
        chance: Source of the bends.
    """
    if len(places) < 2:
        return Roads(tuple(places), {})
    latitude = float(np.mean([point[1] for point in places]))
    scale = np.array([METRES_A_DEGREE * math.cos(math.radians(latitude)), METRES_A_DEGREE])
    flat = np.array(places) * scale
    ways: dict[tuple[int, int], np.ndarray] = {}
    outside: list[tuple[int, int]] = []
    for pair in _pairs(flat):
        lines = [_winding(flat[pair[0]], flat[pair[1]], sway / divisor, chance) / scale for divisor in (1, 3)]
        inside = [line for line in lines if border.covers(shapely.LineString(line))]
        ways[pair] = inside[0] if inside else lines[1]
        if not inside:
            outside.append(pair)
    for pair in sorted(outside, key=lambda pair: -_length(ways[pair])):
        without = {edge for edge in ways if edge != pair}
        if _connected(len(places), without):
            del ways[pair]
    return Roads(tuple(places), ways)


def _connected(count: int, edges: set[tuple[int, int]]) -> bool:
    group = list(range(count))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for one, other in edges:
        group[root(one)] = root(other)
    return len({root(index) for index in range(count)}) == 1
