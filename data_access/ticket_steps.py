"""A step of a ticket written down with all that follows from it, inside the transaction of whoever changes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.workflow import Step, advance, apply
from audit.workflow_facts import PROGRAM, Actor
from data_access.ticket_feed import Told, of_risk_layer, of_ticket
from data_access.ticket_results import keep_problem, keep_risks
from data_access.ticket_store import Locked, write_step

_TOUCHES_RISKS = frozenset({"pass_review", "void", "look_back", "merge"})


async def take(
    connection: AsyncConnection, ticket: Locked, actor: Actor, step: Step, clean: Mapping[str, Any], at: datetime
) -> list[Told]:
    """Write a step and what follows from it; returns what the feed is to be told. Three to eight statements."""
    feed: list[Told] = []
    touched = False
    while True:
        await write_step(
            connection, ticket, kind=step.action, actor=actor.key, at=at, body=step.body, changes=step.changes
        )
        await keep_problem(connection, ticket, step.action, actor.key, at, dict(clean))
        if step.action in _TOUCHES_RISKS:
            touched |= await keep_risks(connection, ticket, at)
        ticket.facts = advance(ticket.facts, actor, step)
        feed.append(of_ticket(ticket.row, step.action, at, actor.key))
        if not step.follow:
            break
        following = apply(ticket.facts, PROGRAM, step.follow[0], {}, at, ticket.limits)
        if not isinstance(following, Step):
            break
        actor, step, clean = PROGRAM, following, {}
    if touched:
        feed.append(await of_risk_layer(connection))
    return feed
