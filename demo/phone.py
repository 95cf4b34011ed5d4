"""One simulated phone: where it is, what its GPS says, what it has not sent yet. No network and no clock in here."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from demo.motion import Course, Target, noisy, plan
from demo.phones import Ground, Phone
from demo.shifts import shift_at

AHEAD_SECONDS = 3_600.0
MOST_UNSENT = 20_000
"""About a day of fixes; the oldest go first."""
BATCH = 400
Fix = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Troubles:
    """Chances of what goes wrong, each for one hour on duty but `bad_fix`, which is for one fix."""

    tunnels: float = 0.5
    """No GPS for some minutes: a gap."""
    dead_spots: float = 0.5
    """No network for some minutes: fixes are kept and sent late in one batch."""
    dead_batteries: float = 0.03
    bad_fix: float = 0.003
    """A mock location, an inaccurate one, zero island, a jump."""


NO_TROUBLES = Troubles(0, 0, 0, 0)


@dataclass(slots=True)
class SimulatedPhone:
    """Call `tick` for the fix of a moment; take what is to be sent from `waiting`."""

    phone: Phone
    ground: Ground
    chance: np.random.Generator
    troubles: Troubles = field(default_factory=Troubles)
    speedup: float = 1.0
    place: tuple[float, float] | None = None
    errands: deque[Target] = field(default_factory=deque)
    """Where to go next before anything else; filled when a ticket is accepted."""
    unsent: deque[Fix] = field(default_factory=deque)
    battery: float = 0.0
    heading: float = 0.0
    _course: Course | None = None
    _course_begun: float = 0.0
    _no_gps_until: float = 0.0
    _no_network_until: float = 0.0
    _dead_until: float = 0.0
    _last_tick: float = 0.0

    def __post_init__(self) -> None:
        self.place = self.place or self.phone.place
        self.battery = self.battery or float(self.chance.uniform(55, 100))
        for number, layout, node in self.ground.tickets.get(self.phone.number, ()):
            self.errands.append(Target(layout, node, number))

    def on_duty(self, now: float) -> bool:
        """By the demo's rota."""
        return shift_at(self.phone.order, datetime.fromtimestamp(now, UTC)) is not None

    def next_target(self) -> Target:
        """The next errand, or somewhere in the county."""
        if self.errands and self.chance.random() < 0.8:
            return self.errands.popleft()
        districts = self.ground.districts[self.phone.county]
        layout, nodes = districts[int(self.chance.integers(len(districts)))]
        return Target(layout, int(self.chance.choice(nodes)))

    def tick(self, now: float) -> Fix | None:
        """The phone at `now` (seconds since the epoch): the fix that it took, or None without GPS or power."""
        hours = min(60.0, now - self._last_tick) / 3_600 if self._last_tick else 0.0
        self._last_tick = now
        self._go_wrong(now, hours)
        self.battery = max(3.0, self.battery - 7.0 * hours)
        point, speed, heading = self._motion(now)
        if now < self._dead_until or now < self._no_gps_until:
            return None
        fix = self._fix(now, point, speed, heading)
        self.unsent.append(fix)
        while len(self.unsent) > MOST_UNSENT:
            self.unsent.popleft()
        return fix

    def waiting(self, now: float) -> list[Fix]:
        """The oldest unsent fixes, at most `BATCH`; empty without network or power. They stay until `sent`."""
        if now < self._no_network_until or now < self._dead_until:
            return []
        return [self.unsent[index] for index in range(min(BATCH, len(self.unsent)))]

    def sent(self, count: int) -> None:
        """The first `count` unsent fixes were answered and need no further sending."""
        for _ in range(count):
            self.unsent.popleft()

    def _go_wrong(self, now: float, hours: float) -> None:
        troubles, roll = self.troubles, self.chance.random
        if roll() < troubles.tunnels * hours:
            self._no_gps_until = now + float(self.chance.uniform(60, 420))
        if roll() < troubles.dead_spots * hours:
            self._no_network_until = now + float(self.chance.uniform(90, 900))
        if roll() < troubles.dead_batteries * hours:
            self._dead_until = now + float(self.chance.uniform(900, 3_600))
            self.battery = 100.0

    def _motion(self, now: float) -> tuple[np.ndarray, float, float]:
        roads = self.ground.roads[self.phone.county]
        moment = self._course_begun + (now - self._course_begun) * self.speedup
        if self._course is None or moment > self._course.at[-1]:
            start = self.place or roads.places[int(self.chance.integers(len(roads.places)))]
            # At the start of the program about half are in the middle of something where they are.
            busy = self._course is None and self.chance.random() < 0.45
            rest = float(self.chance.uniform(60, 1_500)) if busy else 0.0
            self._course = plan(now, now + AHEAD_SECONDS, start, self.next_target, roads, self.chance, rest)
            self._course_begun = moment = now
        at = np.array([moment])
        speed, heading = self._course.velocities(at)
        point = self._course.places(at)[0]
        self.place = (float(point[0]), float(point[1]))
        if speed[0] > 1:
            self.heading = float(heading[0])
        return point, float(speed[0]) * self.speedup, self.heading

    def _fix(self, now: float, point: np.ndarray, speed: float, heading: float) -> Fix:
        chance = self.chance
        noise = float(chance.gamma(4.0, 0.8))
        longitude, latitude = noisy(point[None, :], chance, noise)[0]
        fix: Fix = {
            "at": round(now, 3),
            "lon": round(float(longitude), 6),
            "lat": round(float(latitude), 6),
            "accuracy_m": round(3 + 2 * noise, 1),
            "speed_kmh": round(abs(speed + float(chance.normal(0, 0.4))), 1),
            "heading_deg": round(heading, 1) % 360,
            "battery_percent": round(self.battery),
            "mock": False,
        }
        if chance.random() < self.troubles.bad_fix:
            fix |= _BAD[int(chance.integers(len(_BAD)))](fix)
        return fix


_BAD: tuple[Callable[[Fix], Fix], ...] = (
    lambda fix: {"mock": True},
    lambda fix: {"accuracy_m": 1_500.0},
    lambda fix: {"lon": 0.0, "lat": 0.0},
    lambda fix: {"lon": fix["lon"] + 0.9},
    lambda fix: {"at": fix["at"] + timedelta(hours=2).total_seconds()},
    lambda fix: {"speed_kmh": 640.0},
)
