"""One ticket's life as the demo makes it up: who did what when, every step judged by the real workflow.

The history stops by itself when the next step would lie in the future. What the program does by itself (reminders,
supervision, resumption) happens in it as it would have happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import yaml

from audit.chain import NO_PREVIOUS, seal
from audit.deadlines import Limits, working_days_between
from audit.nagging import next_nag
from audit.workflow import Actor, Step, advance, apply
from audit.workflow import Ticket as Facts
from audit.workflow_facts import PROGRAM, Inspector, Unit
from audit.workflow_rules import rules
from audit.workflow_states import Status
from demo import check_ins
from demo.check_ins import CheckedIn
from demo.grid import PROVINCE
from demo.people import Person, Staff
from demo.pictures import pictures
from demo.prepare import DATA
from demo.risks import CENT, DEMO_YUAN_A_KWH, Detected
from demo.traits import trait
from demo.working_time import WorkingTime

PACE = 0.42
"""Median share of a stage's time limit that a stage takes."""
SPREAD = 0.75
_SHORTEST = timedelta(minutes=2)
_LIMITS = Limits()


@lru_cache(maxsize=1)
def reports() -> dict[str, Any]:
    """`data/reports.yaml`."""
    found: dict[str, Any] = yaml.load((DATA / "reports.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def supervisor(person: Person) -> Actor:
    """An officer or expert as the workflow knows them."""
    return Actor(person.number, "supervisor", person.org_path, person.number)


def inspector(person: Person) -> Actor:
    """An inspector as the workflow knows them."""
    return Actor(person.number, "inspector", person.org_path, person.number)


@dataclass(slots=True)
class Ticket:
    """A made-up ticket: the facts as they stand now, with its sealed events and the files behind them."""

    risk: Detected
    facts: Facts
    events: list[dict[str, Any]] = field(default_factory=list)
    handler: Person | None = None
    rectified_at: datetime | None = None
    files: list[tuple[str, str, datetime, str]] = field(default_factory=list)
    """SHA-256, purpose, when, by whom."""
    check_ins: list[CheckedIn] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Such as T2026-0412."""
        return self.facts.number

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.facts.status

    @property
    def finding(self) -> str | None:
        """What was found, if anything yet."""
        return self.facts.finding

    @property
    def opened_at(self) -> datetime:
        """When it was generated."""
        return self.facts.opened_at

    @property
    def due_at(self) -> datetime:
        """Deadline of the present stage."""
        return self.facts.due_at

    @property
    def closed_at(self) -> datetime | None:
        """When it was archived or declared void."""
        return self.facts.closed_at

    @property
    def org_path(self) -> str:
        """The station's."""
        return self.facts.org_path

    @property
    def county_code(self) -> str:
        """The district's county."""
        return self.facts.county_code


def first_facts(risk: Detected, number: str, opened: datetime) -> Facts:
    """A ticket before its first event."""
    path = risk.district.station.org_path
    return Facts(
        county_code=risk.district.station.county.code,
        number=number,
        anomaly_code=risk.code,
        level=risk.level,
        status=Status.GENERATED,
        org_path=path,
        opened_at=opened,
        due_at=_LIMITS.due(Status.GENERATED, risk.level, path, opened) or opened,
        stage_started_at=opened,
    )


class History:
    """Writes the life of one ticket."""

    def __init__(
        self, made: Ticket, staff: Staff, times: WorkingTime, now: datetime, chance: np.random.Generator
    ) -> None:
        self.made, self.staff, self.times, self.now, self.chance = made, staff, times, now, chance
        self.clock = made.facts.opened_at
        self.over = False
        county = made.facts.county_code
        self.officers = {
            0: supervisor(staff.officers[PROVINCE]),
            1: supervisor(staff.officers[county[:4]]),
            2: supervisor(staff.officers[county]),
        }
        self.expert = supervisor(staff.experts[int(chance.integers(len(staff.experts)))])

    @property
    def ticket(self) -> Facts:
        """As it stands."""
        return self.made.facts

    def run(self) -> None:
        """The whole way, as far as time allows."""
        body = {"risk": self.made.risk.number, "origin": "rule", "due_at": self.ticket.due_at.isoformat()}
        self._append("generated", "system", None, Status.GENERATED, body)
        _ = self._dispatched() and self._checked() and self._concluded()
        if not self.over:
            self.over = True
            self._nag(self.now)

    def do(self, actor: Actor, action: str, wait: float | None = None, **fields: Any) -> bool:
        """One action after a wait (working days, default by the stage's limit); False when it has not happened yet."""
        if wait is None:
            began = self.ticket.stage_started_at or self.clock
            days = _LIMITS.days(self.ticket.status, self.ticket.level, self.ticket.org_path, began.date()) or 3
            wait = days * PACE * float(self.chance.lognormal(0, SPREAD))
        at = max(self.times.later(self.clock, wait), self.clock + _SHORTEST)
        self._nag(min(at, self.now))
        if action == "resume" and self.ticket.status is not Status.SUSPENDED:
            return True  # the program was earlier
        at = max(at, self.clock + _SHORTEST)
        if at > self.now:
            self.over = True
            return False
        self.clock = at
        self._take(actor, action, fields)
        return True

    def _take(self, actor: Actor, action: str, fields: Mapping[str, Any], computed: Any = None) -> None:
        step = apply(self.ticket, actor, action, fields, self.clock, _LIMITS, computed)
        while True:
            if not isinstance(step, Step):
                raise ValueError(f"{self.ticket.number}: {action} is not taken: {step}")
            self._append(step.action, actor.key, step.before, step.to, step.body)
            self.made.facts = advance(self.ticket, actor, step)
            if not step.follow:
                return
            self.clock += timedelta(seconds=1)
            actor = PROGRAM
            step = apply(self.ticket, actor, step.follow[0], {}, self.clock, _LIMITS)

    def _append(self, kind: str, actor: str, before: Status | None, after: Status, body: Mapping[str, Any]) -> None:
        ticket, events = self.ticket, self.made.events
        event = {
            "county_code": ticket.county_code,
            "ticket_number": ticket.number,
            "sequence": len(events) + 1,
            "at": self.clock,
            "actor": actor,
            "kind": kind,
            "from_status": None if before is None else int(before),
            "to_status": int(after),
            "body": dict(body),
            "org_path": ticket.org_path,
        }
        events.append(seal(event, events[-1]["hash"] if events else NO_PREVIOUS))

    def _nag(self, until: datetime) -> None:
        """What the program did by itself meanwhile."""
        while (nag := next_nag(self.ticket, self.clock)) is not None and nag.at < until:
            self.clock = max(nag.at, self.clock + _SHORTEST)
            if self.clock > self.now:
                return
            self._take(PROGRAM, nag.action, {})

    def _roll(self, likely: float) -> bool:
        return float(self.chance.random()) < likely

    def _words(self, *where: str) -> str:
        found = reports()
        for part in where:
            found = found[part]
        return str(found[int(self.chance.integers(len(found)))]) if isinstance(found, list) else str(found)

    def _dispatched(self) -> bool:
        ticket = self.ticket
        if not self.do(self.expert, "prescreen", 0.05 + 0.4 * float(self.chance.random())):
            return False
        # Experts see through part of the false alarms before anybody drives out.
        if self._roll(0.02 if self.made.risk.planted else 0.09):
            self.do(self.officers[0], "void", reason=self._words("reasons", "void"))
            return False
        labels = ticket.org_path.split(".")
        county = Unit(labels[2], ".".join(labels[:3]))
        if self._roll(0.4):
            city = Unit(labels[1], ".".join(labels[:2]))
            if not (
                self.do(self.officers[0], "dispatch", unit=city)
                and self.do(self.officers[1], "dispatch", 0.3, unit=county)
            ):
                return False
        elif not self.do(self.officers[0], "dispatch", unit=county):
            return False
        handlers = self.staff.inspectors_of(ticket.county_code)
        handler = handlers[int(self.chance.integers(len(handlers)))]
        if self._roll(0.5):
            named = Inspector(handler.number, handler.org_path)
            if not self.do(self.officers[2], "dispatch", 0.3, inspector=named):
                return False
            if self._roll(0.05):
                if not self.do(inspector(handler), "decline", 0.2, reason=self._words("reasons", "decline")):
                    return False
                handler = handlers[int(self.chance.integers(len(handlers)))]
        elif self._roll(0.08):
            station = Unit(labels[3], ticket.org_path)
            why = self._words("reasons", "reassign")
            if not self.do(self.officers[2], "reassign", 0.3, unit=station, reason=why):
                return False
        if not self.do(inspector(handler), "accept"):
            return False
        self.made.handler = handler
        return True

    def _checked(self) -> bool:
        handler = self.made.handler
        assert handler is not None  # noqa: S101 - accepted before
        if not self.do(inspector(handler), "start_check"):
            return False
        if self._roll(0.04) and not self._suspended(inspector(handler)):
            return False
        in_time = working_days_between(self.clock, self.ticket.due_at) > 2
        if self._roll(0.05) and in_time and not self._extended(inspector(handler)):
            return False
        planted = self.made.risk.planted
        likely_true, likely_false = (0.86, 0.08) if planted else (0.06, 0.85)
        roll = float(self.chance.random())
        finding = "true" if roll < likely_true else "false" if roll < likely_true + likely_false else "unable"
        self._arrived(handler)
        # The photos come while the check goes on; the finding some time after the last of them.
        if not self._photographed(inspector(handler), "finding"):
            return False
        fields: dict[str, Any] = {
            "finding": finding,
            "report": self._words("findings", finding),
        }
        if self.ticket.presence is None:
            fields["presence_reason"] = str(reports()["presence"])
        elif self.ticket.presence < rules().presence_score:
            fields["presence_reason"] = str(self.made.check_ins[-1].reason)
        if finding == "true":
            fields["cause"] = trait(self.made.risk.code).cause
        return self.do(inspector(handler), "submit_finding", 0.02 + 0.1 * float(self.chance.random()), **fields)

    def _arrived(self, handler: Person) -> None:
        """The check-in on site, where there is still time for it."""
        at = check_ins.after(self.ticket.number, self.clock)
        if at > self.now or self.ticket.status is not Status.CHECKING:
            return
        self._nag(at)
        self.clock = max(at, self.clock + _SHORTEST)
        place = self.made.risk.place
        reasons = reports()["presence_low"]
        made = check_ins.check_in_at(self.ticket.number, handler.number, place, self.clock, reasons)
        self._take(inspector(handler), "check_in", {}, made.told())
        self.made.facts = replace(self.ticket, presence=made.presence.score)
        self.made.check_ins.append(made)

    def _photographed(self, handler: Actor, purpose: str) -> bool:
        """A photo of the site is added; the file is there before its event says so."""
        fitting = [picture for picture in pictures() if picture.purpose == purpose]
        picture = fitting[int(self.chance.integers(len(fitting)))]
        self.made.facts = replace(self.ticket, evidence={**self.ticket.evidence, picture.sha256: purpose})
        if not self.do(handler, "add_evidence", evidence=[picture.sha256]):
            return False
        self.made.files.append((picture.sha256, purpose, self.clock, handler.key))
        return True

    def _suspended(self, handler: Actor) -> bool:
        days = int(self.chance.integers(10, 31))
        if not self.do(self.officers[2], "suspend", 0.8, reason=self._words("reasons", "suspend"), days=days):
            return False
        return self.do(handler, "resume", 2 + 8 * float(self.chance.random()))

    def _extended(self, handler: Actor) -> bool:
        days = int(self.chance.integers(2, 6))
        if not self.do(handler, "request_extension", 0.4, reason=self._words("reasons", "extension"), days=days):
            return False
        return self.do(self.officers[2], "extend", 0.2, reason=self._words("reasons", "extend"), days=days)

    def _concluded(self) -> bool:
        handler = self.made.handler
        assert handler is not None  # noqa: S101 - accepted before
        actor = inspector(handler)
        if self.ticket.finding == "true":
            if not self._rectified(actor):
                return False
        elif not self.do(actor, "request_review"):
            return False
        while self.ticket.status is not Status.ARCHIVED:
            reviewer = self.officers[self.ticket.review_level or 0]
            if self.ticket.return_count < 3 and self._roll(0.07):
                back = self.do(reviewer, "return", reason=self._words("reasons", "return"))
                if not (back and self.do(actor, "resubmit", report=self._words("findings", self.ticket.finding or ""))):
                    return False
            elif not self.do(reviewer, "pass_review"):
                return False
        return True

    def _rectified(self, actor: Actor) -> bool:
        cause = trait(self.made.risk.code).cause
        station = self.made.risk.district.station
        manager = self.staff.managers[station.code][0]
        responsible: dict[str, Any] = {
            "cause": cause,
            "responsible_unit": Unit(station.code, station.org_path),
            "responsible_person": manager.name,
        }
        if not self.do(self.officers[2], "fix_responsibility", **responsible):
            return False
        amounts = self._amounts()
        if amounts is not None:
            self.clock += timedelta(minutes=int(self.chance.integers(2, 30)))
            if self.clock > self.now:
                self.over = True
                return False
            self._take(self.officers[2], "set_amounts", {}, amounts)
        if not self.do(actor, "start_rectification"):
            return False
        if not self._photographed(actor, "rectification"):
            return False
        proof = [one for one, purpose in self.ticket.evidence.items() if purpose == "rectification"]
        words = str(reports()["rectification"][cause])
        wait = 0.02 + 0.1 * float(self.chance.random())
        if not self.do(actor, "submit_rectification", wait, rectification=words, evidence=proof):
            return False
        self.made.rectified_at = self.clock
        return True

    def _amounts(self) -> dict[str, Any] | None:
        """Demo amounts: what the point estimated, corrected on site; a few are refunds to the customer."""
        risk, kind = self.made.risk, trait(self.made.risk.code)
        if risk.energy_kwh <= 0 and not rules().causes[kind.cause].money:
            return None
        corrected = Decimal(round(float(self.chance.uniform(0.5, 1.4)), 3))
        if self._roll(0.05):
            corrected = -corrected / 4
        energy = (risk.energy_kwh * corrected).quantize(CENT, ROUND_HALF_UP)
        yuan = (energy * DEMO_YUAN_A_KWH).quantize(CENT, ROUND_HALF_UP)
        breach = None
        if kind.breach and yuan > 0:
            # Domain sheet 2.12: at most three times for theft, twice for a change of class.
            multiple = Decimal(round(float(self.chance.uniform(0.3, 1)) * kind.breach, 2))
            breach = (yuan * multiple).quantize(CENT, ROUND_HALF_UP)
        return {"recovered_kwh": energy, "recovered_yuan": yuan, "breach_yuan": breach, "amounts": None}
