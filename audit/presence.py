"""Was the inspector there? A check-in's score from 0 to 100, with its parts, so that anybody can see why.

Pure; a design proposal throughout (domain sheet 1.8), so every number is a setting. Three things are weighed: how far
the phone was from the object, how sure it was of that, and how long its fixes had lain inside the fence. A phone that
says itself that its place is made up gets no more than `mock_most`, whatever else it says. A low score never stops
anybody: it asks for the inspector's own words and goes to review.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["present", "review"]
DISTANCE, ACCURACY, DWELL = 50, 20, 30
"""Points that each part can give; 100 together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRules:
    """What counts, in metres and seconds. `PresenceSettings` holds the values in force."""

    fence_m: float = 150.0
    """Inside this distance the object counts as reached."""
    far_m: float = 1_000.0
    """From here on the distance gives no points."""
    good_accuracy_m: float = 30.0
    bad_accuracy_m: float = 200.0
    dwell_seconds: float = 300.0
    """So long inside the fence gives all points of the dwell."""
    gap_seconds: float = 300.0
    """A pause between fixes longer than this ends a dwell: nobody knows where the phone was meanwhile."""
    mock_most: int = 10
    review_below: int = 60
    """`presence_score` of the workflow's rules: a finding after a lower score needs a reason."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: points given of how many, what was measured, and the limit for all points. None: not known."""

    points: int
    most: int
    measured: float | None
    limit: float

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        measured = None if self.measured is None else round(self.measured, 1)
        return {"points": self.points, "most": self.most, "measured": measured, "limit": self.limit}


@dataclass(frozen=True, slots=True)
class Presence:
    """The score, and why. `verdict` review: the inspector's reason is needed and a reviewer looks at it."""

    score: int
    verdict: Verdict
    distance: Part
    accuracy: Part
    dwell: Part
    is_mock: bool
    mock_most: int
    review_below: int

    def parts(self) -> dict[str, Any]:
        """As stored in `check_in.parts`: metres for distance and accuracy, seconds for the dwell."""
        return {
            "distance": self.distance.as_json(),
            "accuracy": self.accuracy.as_json(),
            "dwell": self.dwell.as_json(),
            "mock": {"is_mock": self.is_mock, "most": self.mock_most},
            "verdict": self.verdict,
            "review_below": self.review_below,
        }


def _share(measured: float, best: float, worst: float) -> float:
    """1 at `best` and below, 0 at `worst` and above, straight between."""
    if measured <= best:
        return 1.0
    return 0.0 if measured >= worst else (worst - measured) / (worst - best)


def judge(
    *,
    distance_m: float | None,
    accuracy_m: float | None,
    dwell_seconds: float | None,
    is_mock: bool,
    rules: PresenceRules,
) -> Presence:
    """Weigh one check-in. What is not known gives no points: an object without a place always goes to review.

    The phone's accuracy is not taken off the distance: a bad receiver must not bring anybody nearer.
    """
    near = 0.0 if distance_m is None else _share(distance_m, rules.fence_m, rules.far_m)
    sure = 0.0 if accuracy_m is None else _share(accuracy_m, rules.good_accuracy_m, rules.bad_accuracy_m)
    stayed = 0.0 if dwell_seconds is None else max(0.0, min(1.0, dwell_seconds / rules.dwell_seconds))
    # Being sure of a place, or staying, counts only as far as the place is the right one.
    distance = Part(round(DISTANCE * near), DISTANCE, distance_m, rules.fence_m)
    accuracy = Part(round(ACCURACY * sure * near), ACCURACY, accuracy_m, rules.good_accuracy_m)
    dwell = Part(round(DWELL * stayed * near), DWELL, dwell_seconds, rules.dwell_seconds)
    score = distance.points + accuracy.points + dwell.points
    if is_mock:
        score = min(score, rules.mock_most)
    doubtful = score < rules.review_below or is_mock or distance_m is None
    verdict: Verdict = "review" if doubtful else "present"
    return Presence(score, verdict, distance, accuracy, dwell, is_mock, rules.mock_most, rules.review_below)


def dwell_inside(fixes: Iterable[tuple[float, float]], until: float, rules: PresenceRules) -> float:
    """Seconds for which the fixes before `until` lay inside the fence without a break.

    `fixes`: (Unix seconds, metres to the object) in any order; those after `until` are left out. The dwell begins with
    the first fix of the unbroken row that reaches `until`, and ends there.
    """
    begun = until
    for at, metres in sorted((fix for fix in fixes if fix[0] <= until), reverse=True):
        if metres > rules.fence_m or begun - at > rules.gap_seconds:
            break
        begun = at
    return until - begun
