"""What a run's findings mean for the points that exist: pure, one rule of one county at a time.

A point is one episode of one anomaly type at one object: it is new, confirmed when later data shows it again (for a
rule that looks at whole months that is a later month), cleared when it could be judged and is not seen any more. What
people decided stands above that: points in a ticket, confirmed on site or rejected are never touched, and an object
that was rejected or confirmed is not reported again for what began before that decision.

The same findings twice change nothing, and a day that is looked at again after later ones undoes nothing of theirs.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from audit.rules.partition import month_number

NEW, CONFIRMED_LATER, CLEARED, IN_TICKET, CONFIRMED_ON_SITE, REJECTED = range(6)
"""`risk_point.state`."""
OPEN = (NEW, CONFIRMED_LATER, IN_TICKET)
_DECIDED = (CONFIRMED_ON_SITE, REJECTED)


@dataclass(frozen=True, slots=True)
class Known:
    """A point that exists. Days of Asia/Shanghai; `ended_on` is the day it was cleared or decided."""

    number: str
    object_key: str
    state: int
    detected_on: date
    from_run: bool = True
    """False: from an import or another system."""
    since_on: date | None = None
    seen_on: date | None = None
    ended_on: date | None = None

    @property
    def begins(self) -> date:
        """First day that it is about."""
        return min(self.since_on or self.detected_on, self.detected_on)

    @property
    def last_seen(self) -> date:
        """Last day on which it showed."""
        return self.seen_on or self.detected_on


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding: at which object, since when."""

    object_key: str
    since: date


@dataclass(frozen=True, slots=True)
class Again:
    """A point that is seen (again): `state` is what it becomes."""

    number: str
    seen: Seen
    state: int
    was: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written. `known_already`: findings that need no point, with the reason."""

    new: list[Seen] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    known_already: dict[str, str] = field(default_factory=dict)

    @property
    def confirmed(self) -> int:
        """How many points were confirmed by this later day."""
        return sum(one.state == CONFIRMED_LATER != one.was for one in self.again)


def point_number(code: str, object_key: str, day: date) -> str:
    """The number of the point that a run makes: the same for the same finding, whatever ran before.

    >>> point_number("DJ01", "130202000042", date(2026, 10, 31))
    'R261031-DJ01-130202000042'
    """
    return f"R{day:%y%m%d}-{code}-{object_key}"


def merge(
    known: Sequence[Known], found: Sequence[Seen], judged: Collection[str], day: date, code: str = "", *,
    whole_months: bool = False,
) -> Plan:  # fmt: skip
    """Bring the findings of `day` together with the points of the same type that exist in the county.

    `judged`: objects for which the data was enough; only those of open points are asked for. Two findings at one object
    count as one, the earlier beginning holds. `whole_months`: the rule's data grows when a month is over, not by days.
    """

    def is_later(than: date) -> bool:
        return _months_over(day) > _months_over(than) if whole_months else day > than

    plan = Plan()
    at_object: dict[str, list[Known]] = {}
    for point in known:
        at_object.setdefault(point.object_key, []).append(point)
    earliest: dict[str, Seen] = {}
    for one in sorted(found, key=lambda each: (each.object_key, each.since)):
        earliest.setdefault(one.object_key, one)
    numbers = {point.number for point in known}
    for key, seen in earliest.items():
        points = at_object.get(key, [])
        opened = sorted((p for p in points if p.state in OPEN), key=_foremost)
        if opened:
            _go_on(plan, opened, seen, day, is_later)
        else:
            _begin(plan, points, seen, day, is_later, point_number(code, key, day) in numbers)
    for point in known:
        if point.object_key in earliest or point.object_key not in judged or point.state not in (NEW, CONFIRMED_LATER):
            continue
        # A run's own day may be looked at again with corrected data; what came from elsewhere was seen on its day.
        if day > point.last_seen or (day == point.last_seen and point.seen_on is not None):
            plan.cleared.append(point.number)
    plan.cleared.sort()
    return plan


def _months_over(day: date) -> int:
    """The month that runs on the day after: all before it are over."""
    return month_number(day + timedelta(days=1))


def _foremost(point: Known) -> tuple[bool, bool, date, str]:
    return point.state != IN_TICKET, not point.from_run, point.detected_on, point.number


def _go_on(plan: Plan, opened: list[Known], seen: Seen, day: date, is_later: Callable[[date], bool]) -> None:
    first, *doubles = opened
    if day < first.last_seen:
        plan.known_already[seen.object_key] = "seen on a later day"
        return
    if first.state == IN_TICKET:
        plan.known_already[seen.object_key] = "in ticket"
    else:
        state = CONFIRMED_LATER if is_later(first.last_seen) else first.state
        plan.again.append(Again(first.number, seen, state, first.state))
    # The same anomaly was reported twice from elsewhere: one point goes on.
    plan.cleared.extend(p.number for p in doubles if p.state != IN_TICKET and day >= p.last_seen)


def _begin(
    plan: Plan, points: list[Known], seen: Seen, day: date, is_later: Callable[[date], bool], numbered: bool
) -> None:
    if any(p.state in _DECIDED and (p.ended_on or p.detected_on) >= seen.since for p in points):
        plan.known_already[seen.object_key] = "decided on site"
        return
    cleared = [p for p in points if p.state == CLEARED]
    if any(p.begins <= day < (p.ended_on or p.last_seen) for p in cleared):
        plan.known_already[seen.object_key] = "cleared by a later day"
        return
    # Gone for a day and back: the same episode, not a further one.
    same = [p for p in cleared if seen.since <= (p.ended_on or p.last_seen) <= day]
    if same:
        last = max(same, key=lambda p: (p.ended_on or p.last_seen, p.number))
        state = CONFIRMED_LATER if is_later(last.last_seen) else NEW
        plan.again.append(Again(last.number, seen, state, last.state))
    elif numbered:
        plan.known_already[seen.object_key] = "this very finding has a point"
    else:
        plan.new.append(seen)


def after(known: Sequence[Known], plan: Plan, day: date, code: str = "") -> list[Known]:
    """The points as they are when the plan was written: for tests, the bench and whoever looks ahead."""
    again = {one.number: one for one in plan.again}
    gone = set(plan.cleared)
    result = []
    for point in known:
        if point.number in again:
            one = again[point.number]
            since = min(point.since_on or one.seen.since, one.seen.since)
            result.append(replace(point, state=one.state, from_run=True, since_on=since, seen_on=day, ended_on=None))
        elif point.number in gone:
            result.append(replace(point, state=CLEARED, ended_on=day))
        else:
            result.append(point)
    for seen in plan.new:
        number = point_number(code, seen.object_key, day)
        result.append(Known(number, seen.object_key, NEW, day, since_on=seen.since, seen_on=day))
    return result
