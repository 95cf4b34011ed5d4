"""The demo's last days in the field: shifts, fixes every 30 to 60 seconds, and where everybody is now."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from demo.grid import District, Grid
from demo.motion import Target, noisy, plan
from demo.people import Person, Staff
from demo.randomness import Streams
from demo.roads import Roads
from demo.shifts import shifts_between
from demo.size import Size
from demo.tickets import Ticket

SAMPLING_SECONDS = (30.0, 60.0)
"""Domain sheet 1.8."""
MOVING_KMH = 4.0


@dataclass(frozen=True, slots=True)
class ShiftTrack:
    """One shift of one inspector with its fixes, arrays of equal length: seconds since the epoch, degrees, km/h."""

    person: Person
    begin: datetime
    end: datetime | None
    """None: still on."""
    at: np.ndarray
    points: np.ndarray
    accuracy_m: np.ndarray
    speed_kmh: np.ndarray
    heading_deg: np.ndarray
    is_late: np.ndarray
    battery: int


def targets_of(districts: list[District], tickets: list[Ticket], chance: np.random.Generator) -> Callable[[], Target]:
    """An endless choice of where to go next in a county: places of tickets in work twice as often as any other."""

    def choose() -> Target:
        if tickets and chance.random() < 0.66:
            ticket = tickets[int(chance.integers(len(tickets)))]
            return ticket_target(ticket)
        district = districts[int(chance.integers(len(districts)))]
        return Target(district.layout, int(chance.choice(district.nodes)))

    return choose


def ticket_target(ticket: Ticket) -> Target:
    """The street node of the ticket's account, or the transformer."""
    layout, account = ticket.risk.district.layout, ticket.risk.account
    if account is None:
        return Target(layout, 0, ticket.number)
    away = np.abs(layout.points() - (account.longitude, account.latitude)).sum(axis=1)
    return Target(layout, int(away.argmin()), ticket.number)


def make_tracks(
    size: Size, grid: Grid, staff: Staff, tickets: list[Ticket], streams: Streams, now: datetime
) -> Iterator[ShiftTrack]:
    """Shift by shift, inspector by inspector."""
    first = now - timedelta(days=size.track_days)
    districts: dict[str, list[District]] = defaultdict(list)
    for district in grid.districts:
        districts[district.station.county.code].append(district)
    at_work: dict[str, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        # Whatever was being checked during these days is where people went.
        if ticket.handler and (ticket.closed_at is None or ticket.closed_at > first):
            at_work[ticket.handler.number].append(ticket)
    for order, person in enumerate(staff.inspectors):
        county = person.county_code or ""
        chance = streams.of(f"track {person.number}")
        choose = targets_of(districts[county], at_work[person.number], chance)
        for begin, end in shifts_between(order, first, now):
            if begin >= now:
                continue
            yield _shift(person, begin, end, grid.roads[county], choose, chance, now)


def _shift(
    person: Person,
    begin: datetime,
    end: datetime,
    roads: Roads,
    choose: Callable[[], Target],
    chance: np.random.Generator,
    now: datetime,
) -> ShiftTrack:
    start = roads.places[int(chance.integers(min(3, len(roads.places))))]
    course = plan(begin.timestamp(), end.timestamp(), start, choose, roads, chance)
    count = int((end - begin).total_seconds() / SAMPLING_SECONDS[0]) + 1
    moments = begin.timestamp() + 5 + np.cumsum(chance.uniform(*SAMPLING_SECONDS, count))
    kept = moments < end.timestamp()
    late = np.zeros(count, dtype=bool)
    # Tunnels and valleys without a network: some fixes never happen, some arrive in a batch later.
    for _ in range(int(chance.poisson(1.2))):
        hole = begin.timestamp() + float(chance.uniform(0.1, 0.9)) * (end - begin).total_seconds()
        inside = (moments > hole) & (moments < hole + float(chance.uniform(240, 1_100)))
        if chance.random() < 0.5:
            kept &= ~inside
        else:
            late |= inside
    if chance.random() < 0.04:
        kept &= moments < begin.timestamp() + float(chance.uniform(0.5, 0.9)) * (end - begin).total_seconds()
    kept &= moments <= now.timestamp()
    late &= moments < now.timestamp() - 1_800
    moments, late = np.floor(moments[kept] * 1_000) / 1_000, late[kept]
    exact = course.places(moments)
    speed, heading = course.velocities(moments)
    accuracy = np.round(chance.gamma(4.0, 1.8, len(moments)) + 2.0, 1)
    return ShiftTrack(
        person=person,
        begin=begin.astimezone(UTC),
        end=None if end > now else end.astimezone(UTC),
        at=moments,
        points=np.round(noisy(exact, chance, 3.5), 6),
        accuracy_m=accuracy,
        speed_kmh=np.round(np.abs(speed + chance.normal(0, 0.6, len(moments))), 1),
        heading_deg=np.round(heading, 1),
        is_late=late,
        battery=int(chance.integers(35, 100)),
    )


def activity(track: ShiftTrack, open_ticket: bool) -> str:
    """`way`, `site` or `idle` at the last fix."""
    if not len(track.at) or track.end is not None:
        return "idle"
    if track.speed_kmh[-1] >= MOVING_KMH:
        return "way"
    return "site" if open_ticket else "idle"
