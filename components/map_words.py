"""The words for what the map shows: states, statuses, names of types and units, as text and as pills."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from components.filters import names
from i18n import Language, UnknownText, t
from settings import get_settings

STATES = ("way", "site", "idle", "silent", "offline")


def inspector_state(
    activity: str, age_seconds: float, *, on_shift: bool, silent_seconds: float, offline_seconds: float
) -> str:
    """One of `STATES`, or `off` after the shift; silent and offline follow from the age of the last fix."""
    if not on_shift:
        return "off"
    if age_seconds > offline_seconds:
        return "offline"
    return "silent" if age_seconds > silent_seconds else activity


def pill(kind: str, text: str) -> html.Span:
    """A word in the colour of its state; the word itself says it all."""
    return html.Span(text, className=f"pill pill--{kind}")


def state_pill(row: Mapping[str, Any], now: datetime, language: Language) -> html.Span:
    """An inspector's state, from `activity`, `on_shift` and `fixed_at` of a row."""
    limits = get_settings().position
    state = inspector_state(
        row["activity"],
        (now - row["fixed_at"]).total_seconds(),
        on_shift=row["on_shift"],
        silent_seconds=limits.silent_seconds,
        offline_seconds=limits.offline_seconds,
    )
    return pill(state, t(f"map.state_{state}", language))


def status_word(status: int | None, language: Language) -> str:
    """A ticket's status (domain sheet 1.2) in a word; the code where it is unknown."""
    try:
        return t(f"status.ticket_{status}", language)
    except UnknownText:
        return str(status)


def anomaly_name(code: str, language: Language) -> str:
    """The name of an anomaly type; the code where it is unknown."""
    return names(language)["anomalies"].get(code, code)


def deadline_kind(seconds_left: float | None, soon_seconds: float = 86_400) -> str:
    """`time`, `soon` or `overdue`, as the ring of a ticket has it."""
    if seconds_left is None:
        return "time"
    if seconds_left < 0:
        return "overdue"
    return "soon" if seconds_left < soon_seconds else "time"
