"""What the program does by itself when time passes: remind before a deadline, supervise after it, escalate work that
stays late, resume what was suspended long enough (domain sheet 1.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.deadlines import before, deadline, working_days_between
from audit.workflow_facts import Ticket
from audit.workflow_rules import rules
from audit.workflow_states import CLOSED, Status

_SOON_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Nag:
    """An action of the program and when it is due (UTC)."""

    action: str
    at: datetime


def next_nag(ticket: Ticket, now: datetime) -> Nag | None:
    """What the program does next to a ticket if nobody else does anything; `now` may lie before or after its time.

    A stage that is over within two working days is not reminded of: the reminder would come as it begins.
    """
    if ticket.status in CLOSED:
        return None
    if ticket.status is Status.SUSPENDED:
        return Nag("resume", ticket.suspended_until or ticket.due_at)
    began = ticket.stage_started_at or ticket.opened_at
    reminded = ticket.reminded_at is not None and ticket.reminded_at >= began
    remind_at = before(ticket.due_at, rules().remind_working_days_before)
    if not reminded and now <= ticket.due_at and remind_at > began and working_days_between(began, ticket.due_at) > 2:
        return Nag("remind", remind_at)
    if not (reminded and ticket.reminded_at is not None and ticket.reminded_at > ticket.due_at):
        return Nag("supervise", max(began, ticket.due_at) + _SOON_AFTER)
    if ticket.escalated_at is None:
        return Nag("escalate", deadline(ticket.due_at, rules().escalate_overdue_working_days))
    return None
