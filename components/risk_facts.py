"""What a run saw: since when, how much, and the numbers beside the thresholds that they were held against."""

from collections.abc import Mapping
from typing import Any

from dash.development.base_component import Component

from components import format as fmt
from components.desk import facts
from i18n import Language, UnknownText, t

Row = Mapping[str, Any]
FACT_SUBJECTS = ("rules", "rules_energy")
"""Catalogues that name facts: `<subject>.fact_<name>`."""


def was_found_by_a_run(file: Row) -> bool:
    """Whether there is anything to show: points from elsewhere carry no facts."""
    return file["since_on"] is not None


def fact_word(name: str, language: Language) -> str:
    """The word for a fact; its plain name where nobody has named it."""
    for subject in FACT_SUBJECTS:
        try:
            return t(f"{subject}.fact_{name}", language)
        except UnknownText:
            continue
    return name.replace("_", " ")


def fact_number(value: Any, language: Language) -> str:
    """A number as exact as it is large: no decimals from a thousand on, two below, four below one."""
    if value is None:
        return t("rules_engine.unknown", language)
    size = abs(value)
    digits = 0 if float(value).is_integer() or size >= 1_000 else 2 if size >= 1 else 4
    return fmt.number(value, language, digits)


def held_against(file: Row, name: str) -> float | None:
    """The threshold that held when the point was last seen: a unit may have set its own."""
    value = (file["facts"] or {}).get("thresholds", {}).get(name)
    return float(value) if isinstance(value, int | float) else None


def facts_view(file: Row, language: Language) -> Component:
    """Days, energy at stake and the rule's numbers as label and value."""
    numbers = (file["facts"] or {}).get("numbers", {})
    days = [
        (t("rules_engine.since", language), fmt.day(file["since_on"], language)),
        (t("rules_engine.seen", language), fmt.day(file["seen_on"], language) if file["seen_on"] else None),
    ]
    energy = file["energy_kwh"]
    if energy:
        days.append((t("rules_engine.energy", language), fmt.kilowatt_hours(energy, language)))
    return facts([*days, *((fact_word(name, language), fact_number(numbers[name], language)) for name in numbers)])
