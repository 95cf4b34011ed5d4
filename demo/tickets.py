"""Ticket histories: each walks through the states of domain sheet 1.2 until it is closed or until now."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from audit.chain import NO_PREVIOUS, seal
from audit.workflow_states import Status, may_follow, working_days
from demo.grid import PROVINCE
from demo.people import Person, Staff
from demo.randomness import Streams
from demo.risks import CENT, DEMO_YUAN_A_KWH, Detected
from demo.size import Size
from demo.traits import trait
from demo.working_time import WorkingTime
from settings import DISPLAY_ZONE

SYSTEM = "system"
PACE = 0.42
"""Median share of a stage's time limit that a stage takes."""
SPREAD = 0.75
RECTIFICATIONS = {
    "wrong_tariff": "tariff_corrected",
    "reading": "reading_corrected",
    "metering_fault": "meter_replaced",
    "theft": "supply_restored_after_payment",
    "line_loss": "loss_reduced",
    "mapping": "mapping_corrected",
    "receipts": "account_settled",
    "generation": "contract_corrected",
    "service": "customer_answered",
    "process": "process_corrected",
}
"""Cause class → what put it right; codes, their words belong to the interface."""


@dataclass(slots=True)
class Ticket:
    """A ticket as it stands now, with its sealed events."""

    number: str
    risk: Detected
    handler: Person | None = None
    reviewer: Person | None = None
    status: Status = Status.GENERATED
    finding: str | None = None
    opened_at: datetime = datetime.min
    due_at: datetime = datetime.min
    closed_at: datetime | None = None
    returns: int = 0
    recovered_kwh: Decimal | None = None
    recovered_yuan: Decimal | None = None
    breach_yuan: Decimal | None = None
    rectified_at: datetime | None = None
    found_at: datetime | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def org_path(self) -> str:
        """The station's."""
        return self.risk.district.station.org_path

    @property
    def county_code(self) -> str:
        """The district's county."""
        return self.risk.district.station.county.code


class _History:
    """Writes one ticket's life; stops by itself when the next step would lie in the future."""

    def __init__(self, ticket: Ticket, staff: Staff, times: WorkingTime, now: datetime, chance: Any) -> None:
        self.ticket, self.staff, self.times, self.now, self.chance = ticket, staff, times, now, chance
        self.clock = ticket.opened_at
        county = ticket.county_code
        self.county_officer = staff.officers[county].number
        self.city_officer = staff.officers[county[:4]].number
        self.province_officer = staff.officers[PROVINCE].number
        self.expert = staff.experts[int(chance.integers(len(staff.experts)))].number

    def step(self, kind: str, status: Status, actor: str, wait: float | None = None, **body: Any) -> bool:
        """One event after a wait (working days, default by the stage's limit); False when it has not happened yet."""
        ticket = self.ticket
        if wait is None:
            limit = working_days(ticket.status, ticket.risk.level) or 3
            wait = limit * PACE * float(self.chance.lognormal(0, SPREAD))
        if ticket.events:
            self.clock = max(self.times.later(self.clock, wait), self.clock + timedelta(minutes=2))
        if self.clock > self.now:
            return False
        before = ticket.status if ticket.events else None
        if not may_follow(before, status):
            raise ValueError(f"no way from {before} to {status}")
        event = {
            "county_code": ticket.county_code,
            "ticket_number": ticket.number,
            "sequence": len(ticket.events) + 1,
            "at": self.clock,
            "actor": actor,
            "kind": kind,
            "from_status": None if before is None else int(before),
            "to_status": int(status),
            "body": body,
            "org_path": ticket.org_path,
        }
        ticket.events.append(seal(event, ticket.events[-1]["hash"] if ticket.events else NO_PREVIOUS))
        ticket.status = status
        limit_days = working_days(status, ticket.risk.level)
        if limit_days is not None:
            ticket.due_at = self.times.deadline(self.clock, limit_days)
        elif status is Status.SUSPENDED:
            ticket.due_at = self.clock + timedelta(days=30)
        return True

    def run(self) -> None:
        """The whole way, as far as time allows."""
        self._dispatch() and self._check() and self._conclude()

    def _dispatch(self) -> bool:
        chance, step = self.chance, self.step
        if not step("generated", Status.GENERATED, SYSTEM, risk=self.ticket.risk.number):
            return False
        if not step("prescreened", Status.PRESCREENED, self.expert, 0.05 + 0.4 * chance.random()):
            return False
        # Experts see through part of the false alarms before anybody drives out.
        if chance.random() < (0.02 if self.ticket.risk.planted else 0.09):
            if step("voided", Status.VOID, self.province_officer, reason="not_plausible"):
                self.ticket.closed_at = self.clock
            return False
        if not step("dispatched", Status.DISPATCHED, self.province_officer, unit=self.ticket.county_code):
            return False
        if chance.random() < 0.05 and not step(
            "reassigned", Status.DISPATCHED, self.county_officer, 0.3, unit=self.ticket.risk.district.station.code
        ):
            return False
        handlers = self.staff.inspectors_of(self.ticket.county_code)
        handler = handlers[int(chance.integers(len(handlers)))]
        if not step("accepted", Status.ACCEPTED, handler.number):
            return False
        self.ticket.handler = handler
        return True

    def _check(self) -> bool:
        chance, step, ticket = self.chance, self.step, self.ticket
        assert ticket.handler is not None  # noqa: S101 - accepted before
        handler = ticket.handler.number
        if not step("check_started", Status.CHECKING, handler):
            return False
        if chance.random() < 0.04 and not (
            step("suspended", Status.SUSPENDED, self.county_officer, 0.8, reason="customer_absent")
            and step("resumed", Status.CHECKING, handler, 2 + 8 * chance.random())
        ):
            return False
        likely = (0.86, 0.08, 0.06) if ticket.risk.planted else (0.06, 0.85, 0.09)
        finding = str(chance.choice(["true", "false", "unable"], p=likely))
        if not step("finding_submitted", Status.FINDING_SUBMITTED, handler, finding=finding):
            return False
        ticket.finding, ticket.found_at = finding, self.clock
        return True

    def _conclude(self) -> bool:
        chance, step, ticket = self.chance, self.step, self.ticket
        assert ticket.handler is not None  # noqa: S101 - accepted before
        handler = ticket.handler.number
        if ticket.finding == "true":
            if not step("responsibility_fixed", Status.RESPONSIBILITY_FIXED, self.county_officer):
                return False
            self._amounts()
            if not step("rectification_started", Status.RECTIFYING, handler):
                return False
        if not step("review_requested", Status.IN_REVIEW, handler):
            return False
        ticket.rectified_at = self.clock if ticket.finding == "true" else None
        ticket.reviewer = self.staff.officers[ticket.county_code]
        while chance.random() < 0.12 and ticket.returns < 3:
            if not step("returned", Status.RETURNED, self.county_officer, reason="evidence_incomplete"):
                return False
            ticket.returns += 1
            if not step("resubmitted", Status.IN_REVIEW, handler):
                return False
        if not step("review_passed", Status.IN_REVIEW, self.county_officer, level="county"):
            return False
        ticket.reviewer = self.staff.officers[ticket.county_code[:4]]
        if not step("archived", Status.ARCHIVED, self.city_officer, level="city"):
            return False
        ticket.closed_at = self.clock
        return True

    def _amounts(self) -> None:
        """Demo amounts: what the point estimated, corrected on site; a few are refunds to the customer."""
        ticket, kind = self.ticket, trait(self.ticket.risk.code)
        if ticket.risk.energy_kwh <= 0:
            return
        corrected = Decimal(round(float(self.chance.uniform(0.5, 1.4)), 3))
        if self.chance.random() < 0.05:
            corrected = -corrected / 4
        ticket.recovered_kwh = (ticket.risk.energy_kwh * corrected).quantize(CENT, ROUND_HALF_UP)
        ticket.recovered_yuan = (ticket.recovered_kwh * DEMO_YUAN_A_KWH).quantize(CENT, ROUND_HALF_UP)
        if kind.breach and ticket.recovered_yuan > 0:
            # Domain sheet 2.12: at most three times for theft, twice for a change of class.
            multiple = Decimal(round(float(self.chance.uniform(0.3, 1)) * kind.breach, 2))
            ticket.breach_yuan = (ticket.recovered_yuan * multiple).quantize(CENT, ROUND_HALF_UP)


def make_tickets(size: Size, points: list[Detected], staff: Staff, streams: Streams, now: datetime) -> list[Ticket]:
    """`size.tickets` tickets in order of opening; about `size.open_tickets` of them still open.

    The object's open ticket takes a second point of the same topic in (domain sheet 1.2: merge, don't create).
    """
    chance = streams.of("tickets")
    first = min(point.at for point in points).astimezone(DISPLAY_ZONE).date()
    times = WorkingTime(first - timedelta(days=3), now.astimezone(DISPLAY_ZONE).date() + timedelta(days=90))
    open_until: dict[tuple[str, str], datetime] = {}
    numbers: dict[int, int] = defaultdict(int)
    found = []
    for index in _chosen(size, points, now, chance):
        point = points[index]
        key = (point.code, point.account.number if point.account else point.district.code)
        opened = (point.at + timedelta(minutes=int(chance.integers(2, 50)))).replace(microsecond=0)
        if opened > now or open_until.get(key, opened) > opened:
            continue
        year = opened.astimezone(DISPLAY_ZONE).year
        numbers[year] += 1
        ticket = Ticket(f"T{year}-{numbers[year]:04d}", point, opened_at=opened)
        _History(ticket, staff, times, now, chance).run()
        open_until[key] = ticket.closed_at or datetime.max.replace(tzinfo=now.tzinfo)
        found.append(ticket)
    return found


def _chosen(size: Size, points: list[Detected], now: datetime, chance: np.random.Generator) -> list[int]:
    """Indices of the points that become tickets: higher levels and larger amounts rather than others.

    The last weeks get as many as it takes for the wanted number of open tickets; merging loses a few, so some more are
    drawn than wanted.
    """
    weights = np.array([{1: 4.0, 2: 2.2, 3: 1.2, 4: 0.6}[point.level] for point in points])
    weights *= np.array([1.5 if point.exposure_yuan > 1_000 else 1.0 for point in points])
    recent = np.array([now - point.at < timedelta(days=35) for point in points])
    lately = min(int(recent.sum()), round(size.open_tickets * 2.1))
    before = min(int((~recent).sum()), max(0, round(size.tickets * 1.07) - lately))
    chosen: list[int] = []
    for mask, count in ((~recent, before), (recent, lately)):
        members = np.flatnonzero(mask)
        share = weights[members] / weights[members].sum()
        chosen += chance.choice(members, count, replace=False, p=share).tolist()
    return sorted(chosen)


def rectification_of(ticket: Ticket) -> tuple[str, str]:
    """Cause class and rectification of a confirmed problem, as codes."""
    cause = trait(ticket.risk.code).cause
    return cause, RECTIFICATIONS[cause]
