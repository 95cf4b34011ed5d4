"""What a person sent with an action: each value checked against the action's table, all faults told at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from audit.workflow_actions import Action, Field
from audit.workflow_rules import rules

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[\w.-]{1,64}")
MOST_FILES = 50
MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: its text is `tickets.fault_<problem>`; `limit` is a bound that was passed."""

    field: str
    problem: str
    limit: int | None = None
    choices: tuple[str, ...] = ()


class _Wrong(Exception):
    def __init__(self, problem: str, limit: int | None = None, choices: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.fault = (problem, limit, choices)


def read_fields(action: Action, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The values that an action takes, cleaned (texts stripped, empty ones left out), and every fault.

    Numbers come back as decimal texts: events are hashed over their content, and a binary float is no content.
    """
    known = {field.name: field for field in action.fields}
    faults = [Fault(name[:64], "unknown") for name in given if name not in known]
    clean: dict[str, Any] = {}
    for name, field in known.items():
        value = given.get(name)
        if value is None or (isinstance(value, str) and not value.strip()) or value == []:
            if field.required:
                faults.append(Fault(name, "required"))
            continue
        try:
            clean[name] = _read(field, value)
        except _Wrong as wrong:
            faults.append(Fault(name, *wrong.fault))
    return clean, faults


def _read(field: Field, value: Any) -> Any:
    match field.kind:
        case "text":
            return _text(value, field.most)
        case "choice" | "cause":
            choices = field.choices or tuple(rules().causes)
            if value not in choices:
                raise _Wrong("choice", choices=choices)
            return value
        case "unit" | "inspector":
            if not isinstance(value, str) or not _CODE.fullmatch(value.strip()):
                raise _Wrong("code")
            return value.strip()
        case "days":
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= field.most:
                raise _Wrong("days", field.most)
            return value
        case "evidence":
            return _files(value)
        case "number":
            return _number(value)
        case "form":
            if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
                raise _Wrong("form")
            return dict(value)


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise _Wrong("text")
    value = value.strip()
    if len(value) > most:
        raise _Wrong("too_long", most)
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise _Wrong("characters")
    return value


def _files(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and _SHA256.fullmatch(one) for one in value):
        raise _Wrong("evidence")
    if len(value) > MOST_FILES:
        raise _Wrong("too_many", MOST_FILES)
    return sorted(set(value))


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _Wrong("number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation:
        raise _Wrong("number") from None
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise _Wrong("number")
    return format(number, "f")
