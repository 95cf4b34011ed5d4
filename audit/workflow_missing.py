"""What a ticket still needs before it can be archived (domain sheet 1.2)."""

from audit.workflow_facts import Ticket
from audit.workflow_rules import rules

NEEDS = ("finding", "report", "evidence", "cause", "responsible", "amounts", "rectification", "rectification_proof")
"""Codes of what may be missing; texts `tickets.missing_<code>`."""


def missing_for_archive(ticket: Ticket) -> tuple[str, ...]:
    """What is missing, in the order of the work; the review chain is kept by the workflow itself."""
    purposes = set(ticket.evidence.values())
    confirmed = ticket.finding == "true"
    cause = rules().causes.get(ticket.cause or "")
    holds = {
        "finding": ticket.finding is not None,
        "report": ticket.history.report,
        "evidence": bool(purposes - {"rectification", "review"}),
        "cause": not confirmed or cause is not None,
        "responsible": not confirmed or bool(ticket.responsible_unit and ticket.responsible_person),
        "amounts": not confirmed or cause is None or not cause.money or ticket.has_amounts,
        "rectification": not confirmed or ticket.history.rectification,
        "rectification_proof": not confirmed or "rectification" in purposes,
    }
    return tuple(need for need in NEEDS if not holds[need])
