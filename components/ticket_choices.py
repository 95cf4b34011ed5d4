"""What an action's form offers to choose from: units on the way to the object, suited inspectors, files."""

from audit.finding_forms import FindingForm, UnknownForm, forms_of
from audit.workflow_actions import Action
from components import format as fmt
from components.ticket_case import Case
from components.ticket_form import Choices, Suggested
from data_access.scope import Viewer
from data_access.ticket_suggestions import Suggested as Suitable
from data_access.ticket_suggestions import suitable_inspectors
from i18n import Language, t


def _units(case: Case, viewer: Viewer, action: Action, language: Language) -> list[tuple[str, str]]:
    """The line from the province to the object's station; to be dispatched only downwards from where it is."""
    path = case.row["org_path"].split(".")
    own = len(viewer.org_path.split("."))
    line = [(code, zh if language == "zh" else en) for code, zh, en in case.line]
    if action.code == "dispatch":
        charge = case.page.facts.in_charge.split(".")
        return [unit for i, unit in enumerate(line) if i >= max(own - 1, len(charge))] if path else []
    if action.code == "reassign":
        return line[own - 1 :]
    return line


def _forms(case: Case) -> tuple[FindingForm, ...]:
    try:
        return forms_of(case.row["anomaly_code"])
    except UnknownForm:  # a topic of the utility's own, without a form
        return ()


def _suggested(one: Suitable, language: Language) -> Suggested:
    """An inspector with the reasons that were weighed, in words."""
    unit = one.unit_zh if language == "zh" else one.unit_en
    reasons = [
        unit,
        t("ticket_page.suits_on_shift" if one.on_shift else "ticket_page.suits_off_shift", language),
        t("ticket_page.suits_open_work", language, n=one.open_work),
    ]
    if one.distance_m is not None:
        reasons.insert(1, t("ticket_page.suits_distance", language, distance=fmt.distance(one.distance_m, language)))
    if one.has_it:
        reasons.insert(0, t("ticket_page.suits_has_it", language))
    if one.parts.get("skill"):
        reasons.append(t("ticket_page.suits_skill", language))
    return Suggested(one.number, one.name, reasons, one.on_shift)


async def choices_for(viewer: Viewer, case: Case, action: Action, language: Language) -> Choices:
    """The choices of a form."""
    kinds = {field.kind for field in action.fields}
    found = await suitable_inspectors(viewer, case.row["number"]) if "inspector" in kinds else None
    return Choices(
        units=_units(case, viewer, action, language) if "unit" in kinds else (),
        inspectors=[_suggested(one, language) for one in found or ()],
        forms=_forms(case) if "form" in kinds else (),
        evidence=case.page.evidence,
        number=case.row["number"],
        presence=case.page.facts.presence,
        values={
            "cause": case.row["cause"],
            "responsible_unit": case.row["responsible_unit"] or case.row["county_code"],
        },
    )
