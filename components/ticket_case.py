"""Everything that a ticket's page and its case file show, read once: the ticket, names, stages, cases like it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.stages import Stage, track
from components.ticket_words import Names
from data_access.scope import Viewer
from data_access.ticket_names import names_of
from data_access.ticket_reads import TicketPage, ticket_page
from data_access.ticket_similar import SimilarCase, similar_cases

_UNIT_FIELDS = ("unit", "responsible_unit")


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket as one viewer sees it at one moment. `line`: units from the top to the object, with their names."""

    page: TicketPage
    names: Names
    stages: Sequence[Stage]
    similar: Sequence[SimilarCase]
    line: Sequence[tuple[str, str, str]]
    now: datetime

    @property
    def row(self) -> dict[str, Any]:
        """The ticket's row."""
        return self.page.row

    @property
    def version(self) -> int:
        """What a change is based on."""
        return self.page.facts.version


async def case_of(viewer: Viewer, number: str, now: datetime) -> Case | None:
    """The case, None when it is not in the viewer's scope. At most nine statements."""
    page = await ticket_page(viewer, number, now)
    if page is None:
        return None
    row = page.row
    line = row["org_path"].split(".")
    found = await names_of(viewer, {*line, *_units(page)}, _people(page))
    people = {**found.people, **{event["actor"]: event["actor_name"] for event in page.events if event["actor_name"]}}
    similar: Sequence[SimilarCase] = ()
    if row["longitude"] is not None:
        similar = await similar_cases(viewer, number, row["anomaly_code"], row["longitude"], row["latitude"])
    return Case(
        page=page,
        names=Names(found.units, people),
        stages=track(page.events, page.limits, finding=row["finding"], now=now),
        similar=similar,
        line=[(code, *found.units.get(code, (code, code))) for code in line],
        now=now,
    )


def _units(page: TicketPage) -> set[str]:
    codes = {page.row["assigned_unit"], page.row["responsible_unit"]}
    if page.problem:
        codes.add(page.problem["responsible_unit"])
    for event in page.events:
        codes.update(event["body"].get(name) for name in _UNIT_FIELDS)
    return {code for code in codes if isinstance(code, str)}


def _people(page: TicketPage) -> set[str]:
    numbers = {page.row["handler_number"], page.row["reviewer_number"], page.row["created_by"]}
    numbers.update(row["employee_number"] for row in page.check_ins)
    numbers.update(row["uploaded_by"] for row in page.evidence)
    if page.problem:
        numbers.add(page.problem["rectified_by"])
    for event in page.events:
        numbers.update((event["actor"], event["body"].get("inspector")))
    return {number for number in numbers if isinstance(number, str)}
