"""The parts of a risk score in words: what each gave of how much, and what it was computed from."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from audit.scores import WEIGHTS
from components import format as fmt
from i18n import Language, t


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `basis` is what it was computed from, empty where that is not known."""

    word: str
    points: Decimal
    most: int
    basis: str


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _basis(name: str, value: Any, language: Language) -> str:
    number = _decimal(value)
    if number is None:
        return ""
    match name:
        case "severity":
            return t("wall.level", language, level=fmt.roman(int(number)))
        case "exposure":
            return fmt.yuan(number, language)
        case "repeats":
            return t("ticket_page.times", language, n=fmt.number(number, language))
        case _:
            return fmt.percent(number, 1, language)


def score_parts(stored: Mapping[str, Any] | None, language: Language) -> list[Part]:
    """The parts of `risk_point.score_parts` in the order of the sheet, whatever order they are stored in.

    A part is stored as its points, or with what they came from: `{"from": …, "points": …}` (`audit.scores`).
    """
    found = []
    for name, most in WEIGHTS.items():
        part = (stored or {}).get(name)
        given, basis = (part.get("points"), part.get("from")) if isinstance(part, Mapping) else (part, None)
        points = _decimal(given) if given is not None else None
        if points is not None:
            found.append(Part(t(f"wall.part_{name}", language), points, int(most), _basis(name, basis, language)))
    return found
