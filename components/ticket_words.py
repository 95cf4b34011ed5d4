"""What happened to a ticket and what can be done with it, in words: actions, fields of actions, people, files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit.workflow_actions import ACTIONS
from components import format as fmt
from components.map_words import status_word
from i18n import Language, UnknownText, t

ICONS = {
    "generated": "plus", "create": "plus", "prescreen": "search", "dispatch": "arrow-right", "reassign": "share",
    "accept": "check", "decline": "arrow-up-right", "start_check": "map-pin", "suspend": "player-pause",
    "resume": "player-play", "submit_finding": "report", "fix_responsibility": "user",
    "start_rectification": "adjustments", "submit_rectification": "upload", "request_review": "upload",
    "pass_review": "circle-check", "return": "player-skip-back", "resubmit": "upload", "void": "x",
    "look_back": "history", "request_extension": "clock", "request_suspension": "clock", "extend": "calendar",
    "refuse_request": "minus", "set_amounts": "currency-yuan", "remind": "clock-exclamation",
    "supervise": "alert-triangle", "escalate": "alert-triangle", "note": "list-details", "add_evidence": "camera",
    "check_in": "map-pin", "merge": "link",
}  # fmt: skip
SILENT = frozenset(
    {
        "chain",
        "stage_due_at",
        "amounts",
        "hash",
        "articles",
        "adjustments",
        "taken_back",
        "count",
        "check_in",
        "verdict",
    }
)
"""Parts of an event that are for the program."""


def said(key: str, language: Language, otherwise: str, **values: object) -> str:
    """The text for a key that is made from a code, or `otherwise` where the catalogue has none."""
    try:
        return t(key, language, **values)
    except UnknownText:
        return otherwise


def action_word(code: str, language: Language) -> str:
    """An action as a button and a timeline name it."""
    return said(f"tickets.action_{code}", language, said(f"ticket_page.event_{code}", language, code.replace("_", " ")))


def reason_word(why: str | None, language: Language) -> str:
    """Why an action is not at hand."""
    return said(f"tickets.why_{why}", language, t("ticket_page.not_now", language)) if why else ""


def field_word(name: str, language: Language) -> str:
    """The label of a field."""
    return said(f"tickets.field_{name}", language, said(f"ticket_page.field_{name}", language, name.replace("_", " ")))


def choice_word(name: str, code: str, language: Language) -> str:
    """The word for a choice of a field."""
    return said(f"tickets.{name}_{code}", language, code)


def cause_word(code: str | None, language: Language) -> str | None:
    """A cause class; None for none."""
    return choice_word("cause", code, language) if code else None


def finding_word(finding: str | None, language: Language) -> str | None:
    """What was found; None before."""
    return t(f"ticket_page.finding_{finding}", language) if finding in ("true", "false", "unable") else None


@dataclass(frozen=True, slots=True)
class Names:
    """Names by code: units as (Chinese, English), people by employee number or login."""

    units: Mapping[str, tuple[str, str]]
    people: Mapping[str, str]

    def unit(self, code: str | None, language: Language) -> str | None:
        """A unit's name, its code where the name is not known."""
        if not code:
            return None
        zh, en = self.units.get(code, (code, code))
        return zh if language == "zh" else en

    def person(self, key: str | None, language: Language) -> str | None:
        """A person's name, the program by its own word, else the key."""
        if not key:
            return None
        return t("ticket_page.program", language) if key == "system" else self.people.get(key, key)


def event_fields(body: Mapping[str, Any], names: Names, language: Language) -> list[tuple[str, str]]:
    """What an event recorded, as labels and values in words; what is only for the program is left out."""
    found = []
    for name, value in body.items():
        if name in SILENT or value is None or value in ("", [], {}):
            continue
        if name == "form_values" and isinstance(value, Mapping):
            found += [_form_value(one, given, language) for one, given in value.items()]
            continue
        shown = _value(name, value, names, language)
        if shown:
            # `level` of an event is that of a review, of a ticket that of its risk.
            found.append((said(f"ticket_page.field_{name}", language, field_word(name, language)), shown))
    return found


def _form_value(name: str, value: Any, language: Language) -> tuple[str, str]:
    """A value of a finding's form, with its label."""
    if isinstance(value, bool):
        shown = t("ticket_page.yes" if value else "ticket_page.no", language)
    else:
        shown = said(f"evidence.{name}_{value}", language, str(value))
    return said(f"evidence.field_{name}", language, name.replace("_", " ")), shown


def _value(name: str, value: Any, names: Names, language: Language) -> str:
    match name:
        case "unit" | "responsible_unit":
            return names.unit(str(value), language) or ""
        case "inspector":
            return names.person(str(value), language) or ""
        case "finding":
            return finding_word(str(value), language) or str(value)
        case "cause" | "reason" if isinstance(value, str):
            return choice_word("cause" if name == "cause" else "reason", value, language)
        case "origin":
            return said(f"tickets.origin_{value}", language, str(value))
        case "form":
            return said(f"evidence.form_{value}", language, str(value))
        case "days":
            return t("common.days", language, n=value)
        case "level":
            word = {0: "province", 1: "city", 2: "county"}.get(value, value) if isinstance(value, int) else value
            return said(f"ticket_page.level_{word}", language, str(value))
        case "evidence":
            return t("ticket_page.files", language, n=len(value) if isinstance(value, list) else 1)
        case "due_at" | "until" | "at":
            return full_moment(datetime.fromisoformat(str(value)), language)
        case "recovered_yuan" | "breach_yuan":
            return fmt.yuan(str(value), language)
        case "recovered_kwh":
            return fmt.kilowatt_hours(Decimal(str(value)), language)
        case "distance_m" | "accuracy_m":
            return fmt.distance(value, language)
        case "presence" | "score":
            return f"{value} / 100"
        case "kind":
            return said(f"ticket_page.kind_{value}", language, str(value))
    if isinstance(value, bool):
        return t("ticket_page.yes" if value else "ticket_page.no", language)
    return str(value) if isinstance(value, (str, int, float, Decimal)) else ""


def full_moment(value: datetime | None, language: Language) -> str:
    """Year, day and minute in Asia/Shanghai."""
    return f"{fmt.day(value, language)} {fmt.clock(value, language)}" if value else fmt.NOTHING


def sentence(event: Mapping[str, Any], language: Language) -> str:
    """An event in a few words: the action, and the status that it led to where the action alone does not say."""
    word = action_word(event["kind"], language)
    action = ACTIONS.get(event["kind"])
    if action is None or action.to is not None or event["from_status"] == event["to_status"]:
        return word
    return f"{word} → {status_word(event['to_status'], language)}"
