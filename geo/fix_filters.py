"""Which fixes are believed: one small predicate a reason, one list of all of them.

Pure and deterministic: the clock is an argument. A refused fix is a value with its reason, what was measured and the
limit, so that a device's owner can see what to change. Thresholds are configuration (domain sheet 1.8, `[design]`).
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from math import isfinite

from geo.coordinates import metres_between

KMH_PER_MPS = 3.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One position as a device sent it. WGS-84 degrees, Unix seconds, metres, km/h, degrees clockwise from north."""

    index: int
    at: float
    longitude: float
    latitude: float
    accuracy_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    battery_percent: int | None = None
    mock: bool = False
    sent_at: float | None = None
    """The device's own clock when it sent the batch, where the protocol tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Thresholds; one field for each `GRIDAUDIT_POSITION_…` setting used here."""

    future_s: float = 120.0
    too_old_s: float = 72 * 3600.0
    clock_skew_s: float = 600.0
    max_accuracy_m: float = 200.0
    max_speed_kmh: float = 200.0
    teleport_kmh: float = 300.0
    keep_mock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a fix is judged against. `area` is west, south, east, north with its margin; `shifts` are Unix seconds, an
    open shift ends at infinity; `previous` is the newest accepted fix before this one in event time.
    """

    now: float
    limits: Limits
    area: tuple[float, float, float, float] | None = None
    shifts: Sequence[tuple[float, float]] = ()
    previous: Fix | None = None
    seen: Set[int] = frozenset()
    """Event times in microseconds already taken in this batch."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A fix that was not stored, and why."""

    index: int
    reason: str
    message: str
    measured: float | None = None
    limit: float | None = None


Verdict = tuple[float | None, float | None]
"""What was measured and the limit it broke."""
Check = Callable[[Fix, Context], Verdict | None]


def microseconds(at: float) -> int:
    """Event time as whole microseconds: the resolution of storage, and so of sameness."""
    return round(at * 1_000_000)


def _bad_coordinate(fix: Fix, _context: Context) -> Verdict | None:
    usable = (
        isfinite(fix.longitude) and isfinite(fix.latitude) and abs(fix.longitude) <= 180 and abs(fix.latitude) <= 90
    )
    return None if usable else (None, None)


def _bad_time(fix: Fix, _context: Context) -> Verdict | None:
    return None if isfinite(fix.at) and 0 < fix.at < 4_102_444_800 else (None, None)


def _zero_island(fix: Fix, _context: Context) -> Verdict | None:
    return (0.0, 0.001) if abs(fix.longitude) < 0.001 and abs(fix.latitude) < 0.001 else None


def _clock_skew(fix: Fix, context: Context) -> Verdict | None:
    if fix.sent_at is None:
        return None
    skew = abs(fix.sent_at - context.now)
    return (skew, context.limits.clock_skew_s) if skew > context.limits.clock_skew_s else None


def _future(fix: Fix, context: Context) -> Verdict | None:
    ahead = fix.at - context.now
    return (ahead, context.limits.future_s) if ahead > context.limits.future_s else None


def _too_old(fix: Fix, context: Context) -> Verdict | None:
    age = context.now - fix.at
    return (age, context.limits.too_old_s) if age > context.limits.too_old_s else None


def _mock(fix: Fix, context: Context) -> Verdict | None:
    return (1.0, 0.0) if fix.mock and not context.limits.keep_mock else None


def _negative_accuracy(fix: Fix, _context: Context) -> Verdict | None:
    return (fix.accuracy_m, 0.0) if fix.accuracy_m is not None and not fix.accuracy_m >= 0 else None


def _low_accuracy(fix: Fix, context: Context) -> Verdict | None:
    limit = context.limits.max_accuracy_m
    return (fix.accuracy_m, limit) if fix.accuracy_m is not None and fix.accuracy_m > limit else None


def _implausible_speed(fix: Fix, context: Context) -> Verdict | None:
    limit = context.limits.max_speed_kmh
    return (fix.speed_kmh, limit) if fix.speed_kmh is not None and not 0 <= fix.speed_kmh <= limit else None


def _bad_heading(fix: Fix, _context: Context) -> Verdict | None:
    return (fix.heading_deg, 360.0) if fix.heading_deg is not None and not 0 <= fix.heading_deg <= 360 else None


def _outside_area(fix: Fix, context: Context) -> Verdict | None:
    if context.area is None:
        return None
    west, south, east, north = context.area
    return None if west <= fix.longitude <= east and south <= fix.latitude <= north else (None, None)


def _off_shift(fix: Fix, context: Context) -> Verdict | None:
    return None if any(start <= fix.at <= end for start, end in context.shifts) else (None, None)


def _duplicate_in_batch(fix: Fix, context: Context) -> Verdict | None:
    return (None, None) if microseconds(fix.at) in context.seen else None


def _teleport(fix: Fix, context: Context) -> Verdict | None:
    before = context.previous
    if before is None or fix.at <= before.at:
        return None
    metres = metres_between(before.longitude, before.latitude, fix.longitude, fix.latitude)
    # What both fixes' own accuracy explains is no jump: two fixes a second apart may differ by their errors.
    metres -= (before.accuracy_m or 0.0) + (fix.accuracy_m or 0.0)
    speed = metres / (fix.at - before.at) * KMH_PER_MPS
    return (speed, context.limits.teleport_kmh) if speed > context.limits.teleport_kmh else None


CHECKS: tuple[tuple[str, Check, str], ...] = (
    ("bad_coordinate", _bad_coordinate, "longitude and latitude must be numbers within ±180 and ±90"),
    ("bad_time", _bad_time, "the time is not a moment between 1970 and 2100"),
    ("zero_island", _zero_island, "position 0, 0 is what a receiver reports without a fix"),
    ("clock_skew", _clock_skew, "the device's clock differs from the server's by more than the limit in seconds"),
    ("future", _future, "the fix is from the future by more than the limit in seconds"),
    ("too_old", _too_old, "the fix is older than the limit in seconds"),
    ("mock", _mock, "the device says that the position is made by a program"),
    ("negative_accuracy", _negative_accuracy, "accuracy cannot be below zero"),
    ("low_accuracy", _low_accuracy, "accuracy in metres is worse than the limit"),
    ("implausible_speed", _implausible_speed, "speed in km/h is below zero or above the limit"),
    ("bad_heading", _bad_heading, "heading must lie between 0 and 360 degrees"),
    ("outside_area", _outside_area, "the position is far outside the utility's area"),
    ("off_shift", _off_shift, "no shift was open at that time; fixes outside shifts are not kept"),
    ("duplicate", _duplicate_in_batch, "the batch holds another fix with the same time"),
    ("teleport", _teleport, "the jump from the fix before needs a speed in km/h above the limit"),
)
"""Order matters: the first reason that fits is told. Adding one is one predicate, one line here, one test."""

OTHER_REASONS: dict[str, str] = {
    "unknown_device": "no device has this token",
    "malformed": "the fix lacks a time or a place, or one of its values has a wrong type",
}
"""Reasons found before a fix exists: by the door that reads the request."""
REASONS: frozenset[str] = frozenset(name for name, _, _ in CHECKS) | frozenset(OTHER_REASONS)


def judge(fix: Fix, context: Context) -> Rejection | None:
    """The first reason to refuse `fix`, or None when it is believed."""
    for reason, check, message in CHECKS:
        verdict = check(fix, context)
        if verdict is not None:
            return Rejection(fix.index, reason, message, *verdict)
    return None


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch after judgement; `accepted` is in event-time order."""

    accepted: tuple[Fix, ...]
    rejected: tuple[Rejection, ...]


def sift(
    fixes: Sequence[Fix],
    *,
    now: float,
    limits: Limits,
    area: tuple[float, float, float, float] | None,
    shifts: Sequence[tuple[float, float]],
    previous: Fix | None,
) -> Sorted:
    """Judge one device's batch in event-time order; `previous` is the newest fix stored before it.

    A fix older than `previous` is late: it is not compared with it for teleporting, only with its own batch.
    """
    accepted: list[Fix] = []
    rejected: list[Rejection] = []
    seen: set[int] = set()
    # A time that is no number must not spoil the order of the others.
    for fix in sorted(fixes, key=lambda one: one.at if isfinite(one.at) else float("-inf")):
        last = accepted[-1] if accepted else None
        if previous is not None and (last is None or last.at < previous.at <= fix.at):
            last = previous
        context = Context(now=now, limits=limits, area=area, shifts=shifts, previous=last, seen=seen)
        refusal = judge(fix, context)
        if refusal is None:
            accepted.append(fix)
            seen.add(microseconds(fix.at))
        else:
            rejected.append(refusal)
    return Sorted(tuple(accepted), tuple(sorted(rejected, key=lambda one: one.index)))
