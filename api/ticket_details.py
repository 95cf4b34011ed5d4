"""What stands in the `details` of a ticket's error: codes for programs, whose words are in `i18n/*/tickets.yaml`."""

from datetime import UTC
from typing import Any

from data_access.ticket_errors import FieldsWrong, NotAllowed, StaleTicket


def ticket_details(error: StaleTicket | NotAllowed | FieldsWrong) -> list[dict[str, Any]]:
    """`stale`: the events since; `not_allowed`: why, and what is missing; `fields_wrong`: each fault with its field."""
    if isinstance(error, StaleTicket):
        return [
            {
                "sequence": event["sequence"],
                "kind": event["kind"],
                "actor": event["actor"],
                "at": event["at"].astimezone(UTC).isoformat(),
                "to_status": event["to_status"],
            }
            for event in error.since
        ]
    if isinstance(error, NotAllowed):
        return [{"why": error.why, "missing": list(error.missing)}]
    return [
        {"where": fault.field, "problem": fault.problem, "limit": fault.limit, "choices": list(fault.choices)}
        for fault in error.faults
    ]
