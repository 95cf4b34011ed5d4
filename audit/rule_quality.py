"""How good a rule is where the truth is known: precision and recall over a row of days that it was run on.

Detections of an object on days in a row are one episode, from the first day it shows to the last day it was seen.
An episode is right when it overlaps a planted anomaly of the same type at the same object, with some days of grace
after its end (bills and monthly rules see later). A planted anomaly counts when it was there on one of the days that
were looked at; it is found when an episode overlaps it.

An episode that isn't right may still lead to something: it is explained when it overlaps a planted anomaly of another
type at the object (for a district also at its customers). A thief's drop in energy is no fault of the meter, but no
false alarm either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Planted:
    """One anomaly that is really there; `ended` None: still."""

    object_key: str
    started: date
    ended: date | None


@dataclass(frozen=True, slots=True)
class Episode:
    """One anomaly as the rule told it."""

    object_key: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts: episodes, those that are right, those that something else explains; planted anomalies that could be seen,
    those that were found.
    """

    detected: int = 0
    matched: int = 0
    planted: int = 0
    found: int = 0
    explained: int = 0

    def __add__(self, other: "Quality") -> "Quality":
        return Quality(
            self.detected + other.detected,
            self.matched + other.matched,
            self.planted + other.planted,
            self.found + other.found,
            self.explained + other.explained,
        )

    @property
    def precision(self) -> Fraction | None:
        """matched / detected; None without detections."""
        return Fraction(self.matched, self.detected) if self.detected else None

    @property
    def recall(self) -> Fraction | None:
        """found / planted; None where nothing was planted."""
        return Fraction(self.found, self.planted) if self.planted else None


def episodes(found: Iterable[tuple[date, str, date]], days: Sequence[date]) -> list[Episode]:
    """From (day of the look, object, since) to episodes. `days`: all days looked at, in order."""
    place = {day: number for number, day in enumerate(days)}
    open_at: dict[str, tuple[Episode, int]] = {}
    result = []
    for day, key, since in sorted(found):
        before = open_at.get(key)
        if before is not None and (place[day] == before[1] + 1 or since <= before[0].until):
            joined = Episode(key, min(before[0].since, since), day)
        else:
            if before is not None:
                result.append(before[0])
            joined = Episode(key, since, day)
        open_at[key] = joined, place[day]
    return result + [episode for episode, _ in open_at.values()]


def quality(
    told: Sequence[Episode],
    truth: Sequence[Planted],
    days: Sequence[date],
    grace: timedelta,
    others: Iterable[Planted] = (),
) -> Quality:
    """Counts of one rule. `days`: all days looked at; `others`: what is planted of other types, by the same objects."""

    def overlaps(episode: Episode, one: Planted) -> bool:
        return one.started <= episode.until and (one.ended is None or episode.since <= one.ended + grace)

    own, other = _by_object(truth), _by_object(others)
    matched = explained = 0
    seen: set[int] = set()
    for episode in told:
        hits = [one for one in own.get(episode.object_key, ()) if overlaps(episode, one)]
        matched += bool(hits)
        explained += not hits and any(overlaps(episode, one) for one in other.get(episode.object_key, ()))
        seen.update(id(one) for one in hits)
    visible = [
        one for one in truth if any(one.started <= day and (one.ended is None or day <= one.ended) for day in days)
    ]
    return Quality(len(told), matched, len(visible), sum(id(one) in seen for one in visible), explained)


def _by_object(planted: Iterable[Planted]) -> dict[str, list[Planted]]:
    found: dict[str, list[Planted]] = {}
    for one in planted:
        found.setdefault(one.object_key, []).append(one)
    return found
