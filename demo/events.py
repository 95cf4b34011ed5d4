"""Field events of the demo: tickets move on, are closed and opened, new risk points appear, a few in a minute.

Runs beside the simulated phones and writes through `data_access.demo_events`, because tickets have no door for machines
yet. The number of open tickets stays near where it began: the more are open, the less often a new one comes.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import h3
import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from audit.catalogue import catalogue
from audit.scores import RiskInputs, risk_score
from audit.workflow_states import CLOSED, Status, working_days
from data_access import demo_events as store
from demo.motion import Target
from demo.phone import SimulatedPhone
from demo.risks import CENT, DEMO_YUAN_A_KWH, H3_RESOLUTION
from demo.steps import Step, due_after, next_step
from demo.streets import Layout
from demo.traits import trait

log = logging.getLogger("demo.events")
EVERY_SECONDS = 7.0
LONGEST_WAIT = 60.0
TARGETS_BY_CATEGORY = {
    "residential": ("residential", "any"),
    "agricultural": ("agricultural", "any"),
    "commercial_industrial": ("business", "any", "large"),
}


class FieldEvents:
    """One change after another. `phones` by employee number: who accepts a ticket drives there."""

    def __init__(self, phones: Mapping[str, SimulatedPhone], chance: np.random.Generator | None = None) -> None:
        self.phones = phones
        self.chance = chance or np.random.default_rng()
        self.wanted_open = 0
        self._officers: dict[str, str] = {}
        self._experts: list[str] = []

    async def run(self) -> None:
        """Until cancelled; without a database it waits and tries again."""
        failures = 0
        while True:
            wait = float(self.chance.exponential(EVERY_SECONDS))
            try:
                await self.one(datetime.now(UTC))
                failures = 0
            except store.StaleTicket:
                continue
            except (SQLAlchemyError, OSError) as error:
                failures += 1
                wait = min(LONGEST_WAIT, 2.0**failures)
                if failures == 1:
                    log.warning("no database for field events (%s), trying again", type(error).__name__)
            await asyncio.sleep(wait)

    async def one(self, now: datetime) -> str:
        """Make one change; says which."""
        if not self._officers:
            self._officers, self._experts = await store.people()
        work = await store.open_work()
        self.wanted_open = self.wanted_open or len(work)
        # About nine steps end a ticket, so one change in ten opens one when things are in balance.
        pressure = self.wanted_open / max(1, len(work))
        if not work or self.chance.random() < 0.11 * pressure**4:
            return await self._appear(now, with_ticket=True)
        if self.chance.random() < 0.12:
            return await self._appear(now, with_ticket=False)
        return await self._advance(work, now)

    async def _advance(self, work: list[store.OpenTicket], now: datetime) -> str:
        ticket = self._choose(work, now)
        step = next_step(ticket.status, ticket.finding, self.chance)
        if step is None:
            raise store.StaleTicket(ticket.number)
        handler = ticket.handler_number
        if step.kind == "accepted":
            handler = self._inspector(ticket)
            if handler is None:
                return "nobody on duty"
        change = self._change(ticket, step, handler, now)
        await store.apply(ticket, change)
        phone = self.phones.get(handler or "")
        if phone and step.kind in ("accepted", "check_started"):
            phone.errands.appendleft(_errand(ticket, phone))
        return step.kind

    def _choose(self, work: list[store.OpenTicket], now: datetime) -> store.OpenTicket:
        """Any ticket, but what is overdue tends to stay so, and nobody checks while off duty."""
        weights = np.ones(len(work))
        for index, ticket in enumerate(work):
            if ticket.due_at < now:
                weights[index] = 0.25
            phone = self.phones.get(ticket.handler_number or "")
            if ticket.status in (Status.ACCEPTED, Status.CHECKING) and phone and not phone.on_duty(now.timestamp()):
                weights[index] *= 0.02
            if ticket.status in (Status.SUSPENDED, Status.RECTIFYING):
                weights[index] *= 0.3
        return work[int(self.chance.choice(len(work), p=weights / weights.sum()))]

    def _inspector(self, ticket: store.OpenTicket) -> str | None:
        county = [phone for phone in self.phones.values() if phone.phone.county == ticket.county_code]
        ready = [phone for phone in county if phone.on_duty(datetime.now(UTC).timestamp())] or county
        return ready[int(self.chance.integers(len(ready)))].phone.number if ready else None

    def _change(self, ticket: store.OpenTicket, step: Step, handler: str | None, now: datetime) -> store.Change:
        county, city = self._officers[ticket.county_code], self._officers[ticket.county_code[:4]]
        actors: dict[str, str] = {
            "handler": handler or county,
            "expert": self._experts[int(self.chance.integers(len(self._experts)))],
            "county": county,
            "city": city,
            "province": self._officers["jibei"],
        }
        body: dict[str, str] = {}
        if step.finding:
            body["finding"] = step.finding
        if step.reason:
            body["reason"] = step.reason
        energy, amount, breach = None, None, None
        if step.kind == "archived" and ticket.finding == "true":
            energy, amount, breach = self._amounts(ticket.anomaly_code)
        return store.Change(
            kind=step.kind,
            status=int(step.status),
            actor=actors[step.who],
            at=now,
            due_at=due_after(step.status, ticket.level, now, ticket.due_at),
            body=body,
            closes=step.status in CLOSED,
            finding=step.finding,
            handler=handler if step.kind == "accepted" else None,
            reviewer=actors[step.who] if step.who in ("county", "city") else None,
            recovered_kwh=energy,
            recovered_yuan=amount,
            breach_yuan=breach,
        )

    def _amounts(self, code: str) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        kind = trait(code)
        if not kind.share:
            return None, None, None
        energy = Decimal(round(float(self.chance.lognormal(6.5, 1.1)), 2)).quantize(CENT, ROUND_HALF_UP)
        amount = (energy * DEMO_YUAN_A_KWH).quantize(CENT, ROUND_HALF_UP)
        multiple = Decimal(round(kind.breach * float(self.chance.uniform(0.3, 1)), 2))
        return energy, amount, (amount * multiple).quantize(CENT, ROUND_HALF_UP) if kind.breach else None

    async def _appear(self, now: datetime, *, with_ticket: bool) -> str:
        place = await store.some_customer(float(self.chance.random()))
        fitting = [
            row
            for row in catalogue().anomaly_types
            if trait(row.code).target in (*TARGETS_BY_CATEGORY[place.category], "district")
        ]
        weights = np.array([trait(row.code).weight for row in fitting])
        kind = fitting[int(self.chance.choice(len(fitting), p=weights / weights.sum()))]
        own = trait(kind.code)
        exposure = Decimal(round(float(self.chance.lognormal(5.5, 1.4)) * own.share, 2)).quantize(CENT, ROUND_HALF_UP)
        score = risk_score(RiskInputs(kind.level, exposure))
        cell = h3.str_to_int(h3.latlng_to_cell(place.latitude, place.longitude, H3_RESOLUTION))
        days = working_days(Status.GENERATED, kind.level)
        number = await store.add_risk(
            store.NewRisk(
                anomaly_code=kind.code,
                level=kind.level,
                score=score.value,
                score_parts=score.parts,
                exposure_yuan=exposure,
                customer_number=None if own.target == "district" else place.customer_number,
                place=place,
                h3_cell=cell,
                at=now,
                ticket_due_at=due_after(Status.GENERATED, kind.level, now, now) if with_ticket and days else None,
            )
        )
        return "new ticket" if number else "new risk"


def _errand(ticket: store.OpenTicket, phone: SimulatedPhone) -> Target:
    """The street node nearest to the ticket, in the nearest district of the phone's county."""
    where = np.array([ticket.longitude, ticket.latitude])

    def away(layout: Layout) -> float:
        return float(np.abs(np.array([layout.longitude, layout.latitude]) - where).sum())

    layout, _ = min(phone.ground.districts[phone.phone.county], key=lambda pair: away(pair[0]))
    node = int(np.abs(layout.points() - where).sum(axis=1).argmin())
    return Target(layout, node, ticket.number)
