"""Field events of the demo: tickets move on, are closed and opened, new risk points appear, a few in a minute.

Runs beside the simulated phones and acts through `data_access.tickets` in the names of the demo's people, by the same
rules as everybody. The number of open tickets stays near where it began: the more are open, the less often a new one
comes.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

import h3
import numpy as np
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.catalogue import catalogue
from audit.scores import RiskInputs, risk_score
from audit.workflow_states import Status
from data_access import demo_events as store
from data_access import tickets
from data_access.calculation_facts import NotComputable
from data_access.ticket_amounts import preview, set_amounts
from demo.finding_values import asked_for
from demo.motion import Target
from demo.phone import SimulatedPhone
from demo.pictures import HEIGHT, MEDIA_TYPE, WIDTH, pictures
from demo.risks import CENT, H3_RESOLUTION
from demo.steps import Step, next_step
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
        self._people: store.DemoPeople | None = None

    async def run(self) -> None:
        """Until cancelled; without a database it waits and tries again."""
        failures = 0
        while True:
            wait = float(self.chance.exponential(EVERY_SECONDS))
            try:
                await self.one(datetime.now(UTC))
                failures = 0
            except (tickets.StaleTicket, tickets.NotAllowed):
                continue
            except (SQLAlchemyError, OSError) as error:
                failures += 1
                wait = min(LONGEST_WAIT, 2.0**failures)
                if failures == 1:
                    log.warning("no database for field events (%s), trying again", type(error).__name__)
            await asyncio.sleep(wait)

    async def one(self, now: datetime) -> str:
        """Make one change; says which."""
        if self._people is None:
            self._people = await store.people()
        work = await store.open_work()
        self.wanted_open = self.wanted_open or len(work)
        # About twelve steps end a ticket, so one change in thirteen opens one when things are in balance.
        pressure = self.wanted_open / max(1, len(work))
        if not work or self.chance.random() < 0.08 * pressure**4:
            return await self._appear(now, with_ticket=True)
        if self.chance.random() < 0.12:
            return await self._appear(now, with_ticket=False)
        return await self._advance(self._people, work, now)

    async def _advance(self, people: store.DemoPeople, work: list[store.OpenTicket], now: datetime) -> str:
        ticket = self._choose(work, now)
        inspector = people.inspectors.get(ticket.handler_number or self._on_duty(ticket) or "")
        step = next_step(ticket, people, inspector, self.chance)
        if step is None:
            return "nobody on duty"
        if step.action != "set_amounts" or not await self._priced(ticket, step, now):
            await tickets.act(step.who, self._command(ticket, step, now), now)
        phone = self.phones.get(step.who.employee_number or "")
        if phone and step.action in ("accept", "start_check"):
            phone.errands.appendleft(_errand(ticket, phone))
        return step.action

    async def _priced(self, ticket: store.OpenTicket, step: Step, now: datetime) -> bool:
        """Amounts computed from the customer's own bills; False where there is none to compute from."""
        asked = asked_for(ticket.anomaly_code, now, self.chance)
        try:
            cap = (await preview(step.who, ticket.number, asked, now)).amounts.cap
            if cap is not None:
                share = Decimal(round(float(self.chance.uniform(0.3, 1)), 2))
                asked = replace(asked, charge=(cap * share).quantize(CENT, ROUND_HALF_UP))
            await set_amounts(step.who, ticket.number, asked, change_id=uuid4(), based_on=ticket.version, now=now)
        except NotComputable:
            return False
        return True

    def _command(self, ticket: store.OpenTicket, step: Step, now: datetime) -> tickets.Command:
        fields, alongside = dict(step.fields), None
        if step.picture:
            fitting = [picture for picture in pictures() if picture.purpose == step.picture]
            chosen = fitting[int(self.chance.integers(len(fitting)))]
            fields["evidence"] = [chosen.sha256]
            row = {
                "sha256": chosen.sha256, "media_type": MEDIA_TYPE, "size": len(chosen.content), "at": now,
                "by": step.who.employee_number, "purpose": chosen.purpose, "name": chosen.name, "width": WIDTH,
                "height": HEIGHT,
            }  # fmt: skip

            async def alongside(connection: AsyncConnection, locked: Mapping[str, Any]) -> None:
                await store.add_picture(connection, locked, row)

        return tickets.Command(
            change_id=uuid4(), number=ticket.number, action=step.action, based_on=ticket.version, fields=fields,
            computed=step.computed, alongside=alongside,
        )  # fmt: skip

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

    def _on_duty(self, ticket: store.OpenTicket) -> str | None:
        county = [phone for phone in self.phones.values() if phone.phone.county == ticket.county_code]
        ready = [phone for phone in county if phone.on_duty(datetime.now(UTC).timestamp())] or county
        return ready[int(self.chance.integers(len(ready)))].phone.number if ready else None

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
            )
        )
        if not with_ticket:
            return "new risk"
        opened = await tickets.create_for_program(number, now)
        return "merged" if opened.merged else "new ticket"


def _errand(ticket: store.OpenTicket, phone: SimulatedPhone) -> Target:
    """The street node nearest to the ticket, in the nearest district of the phone's county."""
    where = np.array([ticket.longitude, ticket.latitude])

    def away(layout: Layout) -> float:
        return float(np.abs(np.array([layout.longitude, layout.latitude]) - where).sum())

    layout, _ = min(phone.ground.districts[phone.phone.county], key=lambda pair: away(pair[0]))
    node = int(np.abs(layout.points() - where).sum(axis=1).argmin())
    return Target(layout, node, ticket.number)
