"""Streets of a transformer district: a rotated, scaled copy of one of the 14 areas of the street template.

The template is the low-voltage network of pandapower's `lv_schutterwald` (see NOTICE): a tree of street points in
metres from the transformer, with the points where somebody is connected.
"""

import json
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from demo.prepare import DATA
from demo.territory import METRES_A_DEGREE


@dataclass(frozen=True, slots=True)
class Area:
    """One template area. `x`, `y` metres east and north; `parent` the next node towards the transformer, −1 at it."""

    x: np.ndarray
    y: np.ndarray
    parent: tuple[int, ...]
    customers: np.ndarray
    """Node indices."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where and how a district's streets lie: enough to build them again (phones get this in their file)."""

    longitude: float
    latitude: float
    area: int
    angle: float
    """Radians, counter-clockwise."""
    scale: float
    mirrored: bool

    def points(self) -> np.ndarray:
        """All street nodes, shape (n, 2): longitude, latitude in WGS-84 degrees."""
        area = template()[self.area]
        x = (-area.x if self.mirrored else area.x) * self.scale
        y = area.y * self.scale
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        east, north = x * cos - y * sin, x * sin + y * cos
        degree = METRES_A_DEGREE * math.cos(math.radians(self.latitude))
        return np.column_stack((self.longitude + east / degree, self.latitude + north / METRES_A_DEGREE))

    def way_in(self, node: int) -> list[int]:
        """Nodes from the transformer along the streets to a node, both included."""
        area = template()[self.area]
        way = [node]
        while area.parent[way[-1]] >= 0:
            way.append(area.parent[way[-1]])
        return way[::-1]

    def way(self, start: int, end: int) -> list[int]:
        """Nodes along the streets from one node to another."""
        out, back = self.way_in(start), self.way_in(end)
        common = 0
        while common < min(len(out), len(back)) and out[common] == back[common]:
            common += 1
        return out[: common - 1 : -1] + back[common - 1 :]


@lru_cache(maxsize=1)
def template() -> tuple[Area, ...]:
    """The 14 areas, the one with most customers first."""
    given = json.loads((DATA / "street_template.json").read_text())["areas"]
    return tuple(
        Area(
            np.array(area["x"], dtype=float),
            np.array(area["y"], dtype=float),
            tuple(area["parent"]),
            np.array(area["customers"]),
        )
        for area in given
    )
