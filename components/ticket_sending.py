"""Sending the form of an action: taken, refused in words, or overtaken by others and ready to be sent again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from dash import html

from audit.workflow_actions import ACTIONS
from components.icons import icon
from components.ticket_actions import missing_words
from components.ticket_case import case_of
from components.ticket_form import changed_since, fault_word, refused
from components.ticket_words import action_word, reason_word
from data_access.scope import Viewer
from data_access.tickets import ChangeIdReused, Command, FieldsWrong, NotAllowed, StaleTicket, UnknownTicket, act
from i18n import Language, t

FORM_VALUES = "form_values"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a form. `said`: what stands above it; `errors` by field; `basis` of the next try, if there is one.

    `changed`: why the page must be drawn anew, empty where nothing is new.
    """

    done: bool = False
    said: Any = None
    errors: Mapping[str, str] = field(default_factory=dict)
    basis: Mapping[str, Any] | None = None
    changed: str = ""


def fields_of(action: str, given: Mapping[Any, Any], form_values: Mapping[Any, Any]) -> dict[str, Any]:
    """What was typed, without empty values; periods as whole numbers, the values of a finding's form by their names."""
    kinds = {one.name: one.kind for one in ACTIONS[action].fields}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in kinds and value is not None and value not in ("", []):
            whole = kinds[name] == "days" and isinstance(value, float) and value.is_integer()
            found[name] = int(value) if whole else value
    values = {str(name): value for name, value in form_values.items() if value is not None and value != ""}
    confirmed = found.get("finding") == "true"
    if FORM_VALUES in kinds and values and confirmed:
        found[FORM_VALUES] = values
    elif "form" in kinds:
        found.pop("form", None)
    return found


async def send_form(
    viewer: Viewer, number: str, basis: Mapping[str, Any], fields: Mapping[str, Any], now: datetime, language: Language
) -> Sent | None:
    """Take the action that a form is for; None where the form itself is broken.

    What was refused has made no change, so the next try gets a change id of its own; a request that was lost on its
    way and sent again keeps its id and happens once.
    """
    try:
        command = Command(
            change_id=UUID(str(basis["change_id"])),
            number=number,
            action=str(basis["action"]),
            based_on=int(basis["based_on"]),
            fields=fields,
        )
    except (KeyError, TypeError, ValueError):
        return None
    try:
        await act(viewer, command, now)
    except FieldsWrong as wrong:
        return _wrong_fields(wrong, basis, language)
    except StaleTicket as stale:
        return await overtaken(viewer, number, basis, stale, now, language)
    except NotAllowed as hindered:
        said = refused(reason_word(hindered.why, language), detail=missing_words(hindered.missing, language))
        return Sent(said=said, basis=renewed(basis), changed="refused")
    except (ChangeIdReused, UnknownTicket):
        return Sent(said=refused(t("ticket_page.not_taken", language)), basis=renewed(basis))
    return Sent(done=True, changed="own")


async def overtaken(
    viewer: Viewer, number: str, basis: Mapping[str, Any], stale: StaleTicket, now: datetime, language: Language
) -> Sent:
    """What changed since, in words; the next try is based on the version that is shown by then."""
    case = await case_of(viewer, number, now)
    if case is None:
        return Sent(said=refused(t("ticket_page.not_taken", language)))
    seen = [event for event in case.page.events if event["sequence"] > int(basis["based_on"])] or stale.since
    said = changed_since(seen, case.names, language)
    return Sent(said=said, basis=renewed(basis, case.version), changed="stale")


def _wrong_fields(wrong: FieldsWrong, basis: Mapping[str, Any], language: Language) -> Sent:
    errors = {fault.field.removeprefix(f"{FORM_VALUES}."): fault_word(fault, language) for fault in wrong.faults}
    return Sent(said=refused(t("ticket_page.fields_wrong", language)), errors=errors, basis=renewed(basis))


def renewed(basis: Mapping[str, Any], version: int | None = None) -> dict[str, Any]:
    """The basis of the next try, on the version that has been shown by now."""
    return {**basis, "change_id": str(uuid4()), "based_on": basis["based_on"] if version is None else version}


def done_words(action: str, now: datetime, language: Language) -> html.Span:
    """A short word that it is done."""
    return html.Span(
        [icon("circle-check"), t("ticket_page.done", language, action=action_word(action, language))],
        className="notice ticket-done",
        key=now.isoformat(),
    )
