"""What hinders a change of a ticket; the doors turn each into a code and a safe text (`api.errors`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from audit.workflow_fields import Fault


class UnknownTicket(LookupError):
    """There is no such ticket in the viewer's scope."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no ticket {number[:40]}")


class StaleTicket(Exception):
    """Others changed the ticket since the version that the change was based on: `since` holds their events."""

    def __init__(self, number: str, since: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"{number}: {len(since)} changes since")
        self.since = list(since)


class ChangeIdReused(Exception):
    """The change id has named another change already."""


class NotAllowed(Exception):
    """The action is not for this person or not for now. `why`: code of the text `tickets.why_<why>`."""

    def __init__(self, why: str, missing: Sequence[str] = ()) -> None:
        super().__init__(f"{why}: {', '.join(missing)}" if missing else why)
        self.why = why
        self.missing = tuple(missing)


class FieldsWrong(ValueError):
    """Values of the action that cannot be used; one fault a field."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.problem}" for fault in faults))
        self.faults = tuple(faults)
