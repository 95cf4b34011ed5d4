"""What happened in a moment, merged: the latest of everything, ready to be sent to all who may see it.

Pure. A batch spans the feed from one sequence number to another; two that follow each other merge into one that spans
both, so that a slow client misses steps but never a state.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data_access.feed import Change
from data_access.scope import Viewer

EVENTS_KEPT = 60


def in_sight(change: Change, viewer: Viewer) -> bool:
    """Whether `viewer` may be told of `change`: the same rule as row security (migration 0002)."""
    if change.kind == "layer":
        return True
    if change.kind == "access":
        return False
    if change.org_path != viewer.org_path and not change.org_path.startswith(viewer.org_path + "."):
        return False
    return change.kind != "position" or viewer.sees_colleagues or change.key == viewer.employee_number


@dataclass(slots=True)
class Batch:
    """Changes of one scope after `start` up to `end`; the newest of each object only."""

    start: int
    end: int
    inspectors: dict[str, list[Any]] = field(default_factory=dict)
    tickets: dict[str, list[Any] | None] = field(default_factory=dict)
    """None: the ticket is no longer open."""
    events: list[dict[str, Any]] = field(default_factory=list)
    layers: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Any] | None = None
    _encoded: dict[tuple[int, int], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.inspectors or self.tickets or self.events or self.layers or self.figures)

    def add(self, change: Change) -> None:
        """Take one more change in, which must follow those before."""
        self.end = max(self.end, change.sequence)
        body = change.body
        if change.kind == "position":
            self._put_inspector(change.key, body["row"])
        elif change.kind == "ticket":
            self.tickets[change.key] = body.get("row")
        elif change.kind == "layer":
            self.layers[change.key] = body["version"]
        if body.get("event"):
            self.events = [*self.events, body["event"]][-EVENTS_KEPT:]

    def _put_inspector(self, number: str, row: list[Any]) -> None:
        before = self.inspectors.get(number)
        # Commit order is not always event order across processes: an older fix never replaces a newer one.
        if before is None or row[8] >= before[8]:
            self.inspectors[number] = row

    def then(self, later: "Batch") -> "Batch":
        """Both as one."""
        merged = Batch(self.start, max(self.end, later.end), dict(self.inspectors))
        for number, row in later.inspectors.items():
            merged._put_inspector(number, row)
        merged.tickets = {**self.tickets, **later.tickets}
        merged.events = [*self.events, *later.events][-EVENTS_KEPT:]
        merged.layers = {**self.layers, **later.layers}
        merged.figures = later.figures or self.figures
        return merged

    def message(self, previous: int, at_ms: int) -> str:
        """The delta for a client whose last sequence number is `previous`; encoded once for all such clients."""
        end = max(self.end, previous)
        key = (previous, end)
        if key not in self._encoded:
            body: dict[str, Any] = {"type": "delta", "prev": previous, "seq": end, "at": at_ms}
            body["inspectors"] = list(self.inspectors.values())
            body["tickets"] = [row for row in self.tickets.values() if row is not None]
            body["gone"] = [number for number, row in self.tickets.items() if row is None]
            body["events"] = self.events
            if self.layers:
                body["layers"] = self.layers
            if self.figures is not None:
                body["figures"] = self.figures
            self._encoded[key] = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self._encoded[key]


def collect(changes: Iterable[Change], viewer: Viewer, *, start: int, end: int) -> Batch:
    """The batch of `viewer`'s scope out of changes in commit order, those after `start` only."""
    batch = Batch(start, end)
    for change in changes:
        if change.sequence > start and in_sight(change, viewer):
            batch.add(change)
    return batch


def beat(sequence: int, at_ms: int, *, database_ok: bool) -> str:
    """The heartbeat."""
    body: Mapping[str, Any] = {
        "type": "beat",
        "seq": sequence,
        "at": at_ms,
        "database": "ok" if database_ok else "lost",
    }
    return json.dumps(body, separators=(",", ":"))
