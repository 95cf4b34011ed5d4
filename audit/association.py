"""Risk association (domain sheet 1.6): which anomaly types tend to occur at the same object within 90 days.

An object is a customer, a district or a meter reader. Of `population` objects with any finding, `with_subject` have the
type in question, `with_other` another one, and `cases` have both within the window:

support = cases / population, confidence = cases / with_subject, lift = confidence / (with_other / population)

A lift of 1 is what chance would give. All measures are exact fractions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).resolve().parent / "data" / "association.yaml"


class AssociationRule(BaseModel):
    """The thresholds: read from `data/association.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certainty: Literal["found", "unverified", "design"]
    window_days: Annotated[int, Field(ge=0)]
    months: Annotated[int, Field(ge=1)]
    lift_above: Annotated[Decimal, Field(ge=1)]
    cases_at_least: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One finding: at which object, of which type, on which day (Asia/Shanghai)."""

    object_key: str
    kind: str
    day: date


@dataclass(frozen=True, slots=True)
class Association:
    """How one other type goes with the subject. `noteworthy`: above the rule's lift with enough cases."""

    kind: str
    cases: int
    with_subject: int
    with_other: int
    population: int
    noteworthy: bool

    @property
    def support(self) -> Fraction:
        """Share of all objects that have both."""
        return Fraction(self.cases, self.population)

    @property
    def confidence(self) -> Fraction:
        """Share of the objects with the subject that have the other too."""
        return Fraction(self.cases, self.with_subject)

    @property
    def lift(self) -> Fraction:
        """How many times more often than by chance."""
        return Fraction(self.cases * self.population, self.with_subject * self.with_other)


def associations(
    subject: str,
    occurrences: Iterable[Occurrence],
    objects_with: Mapping[str, int],
    population: int,
    rule: AssociationRule | None = None,
) -> list[Association]:
    """The types that occur with `subject`, the noteworthy ones first, then by lift and cases.

    `occurrences` must hold all findings of every object that has the subject; those of other objects do no harm and
    are told by `objects_with` (type → number of objects that have it) and `population` alone.

    Raises:
        ValueError: the totals are smaller than what the occurrences show.
    """
    chosen = rule or association_rule()
    days: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for one in occurrences:
        days[one.object_key][one.kind].append(one.day)
    holders = {key: kinds for key, kinds in days.items() if subject in kinds}
    cases: dict[str, int] = defaultdict(int)
    for kinds in holders.values():
        for kind, when in kinds.items():
            if kind != subject and _within(kinds[subject], when, chosen.window_days):
                cases[kind] += 1
    found = []
    for kind, count in cases.items():
        others = objects_with.get(kind, 0)
        if not count <= others <= population or len(holders) > population:
            raise ValueError(f"{kind}: {count} cases, {others} objects with it, a population of {population}")
        lift = Fraction(count * population, len(holders) * others)
        noteworthy = count >= chosen.cases_at_least and lift > Fraction(chosen.lift_above)
        found.append(Association(kind, count, len(holders), others, population, noteworthy))
    return sorted(found, key=lambda one: (not one.noteworthy, -one.lift, -one.cases, one.kind))


def _within(first: list[date], second: list[date], window_days: int) -> bool:
    return any(abs((one - other).days) <= window_days for one in first for other in second)


@lru_cache(maxsize=1)
def association_rule() -> AssociationRule:
    """The thresholds that ship with the program."""
    return AssociationRule.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
