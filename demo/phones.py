"""The file of the demo's phones: a secret token each, and the ground that they move on.

Only hashes of the tokens are in the database; this file is the one place that has them, readable by its owner alone.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demo.grid import Grid
from demo.people import Staff
from demo.roads import Roads
from demo.rows import streets_of
from demo.streets import Layout
from demo.tickets import Ticket
from demo.tracks import ShiftTrack, ticket_target

DEVICES_FILE = "demo-devices.json"


@dataclass(frozen=True, slots=True)
class Phone:
    """One inspector's phone. `order` gives the place in the rota."""

    number: str
    name: str
    county: str
    order: int
    token: str
    place: tuple[float, float] | None
    """Longitude and latitude of the last fix that the load made."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where phones move: roads by county, districts by county with street nodes to visit, tickets by inspector."""

    roads: dict[str, Roads]
    districts: dict[str, list[tuple[Layout, tuple[int, ...]]]]
    tickets: dict[str, list[tuple[str, Layout, int]]]


def write_private(path: Path, content: Any) -> None:
    """Write JSON that only the owner may read; a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
    draft.replace(path)


def devices_content(
    grid: Grid, staff: Staff, tickets: list[Ticket], tokens: dict[str, str], tracks: dict[str, ShiftTrack]
) -> dict[str, Any]:
    """What goes into the file. `tokens`: employee number → secret; `tracks`: each inspector's last shift."""
    layouts = [
        [d.station.county.code, _layout(d.layout), streets_of(d.layout, d.nodes)] for d in grid.districts
    ]  # fmt: skip
    mine = []
    for ticket in tickets:
        if ticket.handler and ticket.closed_at is None:
            target = ticket_target(ticket)
            mine.append([ticket.handler.number, ticket.number, _layout(target.layout), target.node])
    return {
        "version": 1,
        "inspectors": [
            {
                "number": p.number,
                "name": p.name,
                "county": p.county_code,
                "order": order,
                "token": tokens[p.number],
                "place": tracks[p.number].points[-1].tolist() if p.number in tracks else None,
            }
            for order, p in enumerate(staff.inspectors)
        ],
        "districts": layouts,
        "tickets": mine,
        "roads": {
            code: {
                "places": [list(place) for place in roads.places],
                "ways": [[a, b, np.round(line, 5).tolist()] for (a, b), line in roads.ways.items()],
            }
            for code, roads in grid.roads.items()
        },
    }


def _layout(layout: Layout) -> list[Any]:
    return [layout.longitude, layout.latitude, layout.area, layout.angle, layout.scale, layout.mirrored]


def read_devices(path: Path) -> tuple[list[Phone], Ground]:
    """Phones and ground out of the file.

    Raises:
        OSError: no file there, or not readable.
        ValueError: not a file of this version.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("version") != 1:
        raise ValueError(f"{path}: expected version 1, got {content.get('version')!r}; load the demo again")
    phones = [Phone(**{**row, "place": tuple(row["place"]) if row["place"] else None}) for row in content["inspectors"]]
    districts: dict[str, list[tuple[Layout, tuple[int, ...]]]] = {}
    for county, layout, nodes in content["districts"]:
        districts.setdefault(county, []).append((Layout(*layout), tuple(nodes)))
    tickets: dict[str, list[tuple[str, Layout, int]]] = {}
    for inspector, number, layout, node in content["tickets"]:
        tickets.setdefault(inspector, []).append((number, Layout(*layout), node))
    roads = {
        code: Roads(
            tuple((place[0], place[1]) for place in given["places"]),
            {(a, b): np.array(line) for a, b, line in given["ways"]},
        )
        for code, given in content["roads"].items()
    }
    return phones, Ground(roads, districts, tickets)
