"""How suitable an inspector is for a ticket, from 0 to 100, with every part that made it. A person decides."""

from dataclasses import dataclass

from audit.workflow_rules import Suggestion, rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is known of an inspector. `distance_m`: to the object now, None off shift or without a position."""

    on_shift: bool
    skills: frozenset[str]
    distance_m: float | None
    open_work: int


def fitting_skills(business_type: str) -> frozenset[str]:
    """Skills that fit a business type; empty where none is ahead of others."""
    return frozenset(rules().skills.get(business_type, ()))


def suitability(candidate: Candidate, business_type: str, weights: Suggestion | None = None) -> dict[str, int]:
    """Points by reason: `on_shift`, `skill`, `distance`, `open_work`; their sum is the suitability."""
    weights = weights or rules().suggestion
    wanted = fitting_skills(business_type)
    near = 0.0
    if candidate.distance_m is not None:
        near = max(0.0, 1 - candidate.distance_m / 1_000 / weights.far_km)
    free = max(0.0, 1 - candidate.open_work / weights.many_open)
    return {
        "on_shift": weights.on_shift if candidate.on_shift else 0,
        "skill": weights.skill if not wanted or wanted & candidate.skills else 0,
        "distance": round(weights.distance * near),
        "open_work": round(weights.open_work * free),
    }
