"""The demo's check-ins: most inspectors stood where they said, some phones were unsure, a few were elsewhere.

Judged by the real rules (`audit.presence`). Chance comes from the ticket's own number, so that check-ins leave every
other chance of the demo as it is.
"""

import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import numpy as np

from audit.presence import Presence, PresenceRules, judge
from audit.workflow_rules import rules as workflow_rules

METRES_A_DEGREE = 111_200.0
_NAMESPACE = uuid.UUID("5f0a3c52-3d0e-5b1e-9a6f-0d9a4c6e7b21")


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """One check-in. Longitude and latitude in WGS-84 degrees, distances in metres."""

    id: uuid.UUID
    employee: str
    at: datetime
    longitude: float
    latitude: float
    accuracy_m: float
    distance_m: float
    dwell_seconds: int
    is_mock: bool
    presence: Presence
    reason: str | None

    def told(self) -> dict[str, Any]:
        """The body of its event, as `data_access.check_ins` writes it."""
        return {
            "check_in": str(self.id),
            "at": self.at.isoformat(),
            "score": self.presence.score,
            "verdict": self.presence.verdict,
            "distance_m": round(self.distance_m),
            "reason": self.reason,
        }


def after(number: str, began: datetime) -> datetime:
    """When somebody who began a check arrives: 12 to 55 minutes later."""
    return began + timedelta(minutes=float(_chance(number).uniform(12, 55)))


def _chance(number: str) -> np.random.Generator:
    return np.random.default_rng(crc32(number.encode()))


def check_in_at(number: str, employee: str, place: tuple[float, float], at: datetime, reasons: list[str]) -> CheckedIn:
    """The check-in of a ticket at a moment; `place` is the object's, `reasons` what people say of a low score."""
    chance = _chance(number)
    roll, turn = float(chance.random()), float(chance.uniform(0, 2 * math.pi))
    if roll < 0.82:
        metres, accuracy, dwell = chance.uniform(4, 95), chance.uniform(4, 22), chance.uniform(240, 1_500)
    elif roll < 0.94:
        metres, accuracy, dwell = chance.uniform(120, 420), chance.uniform(30, 110), chance.uniform(0, 260)
    else:
        metres, accuracy, dwell = chance.uniform(700, 3_500), chance.uniform(8, 60), 0.0
    mock = roll > 0.985
    metres, accuracy = round(float(metres), 1), round(float(accuracy), 1)
    presence = judge(
        distance_m=metres,
        accuracy_m=accuracy,
        dwell_seconds=int(dwell),
        is_mock=mock,
        rules=PresenceRules(review_below=workflow_rules().presence_score),
    )
    low = presence.verdict == "review"
    longitude = place[0] + metres * math.cos(turn) / (METRES_A_DEGREE * math.cos(math.radians(place[1])))
    return CheckedIn(
        id=uuid.uuid5(_NAMESPACE, number),
        employee=employee,
        at=at,
        longitude=longitude,
        latitude=place[1] + metres * math.sin(turn) / METRES_A_DEGREE,
        accuracy_m=accuracy,
        distance_m=metres,
        dwell_seconds=int(dwell),
        is_mock=mock,
        presence=presence,
        reason=reasons[int(chance.integers(len(reasons)))] if low else None,
    )
