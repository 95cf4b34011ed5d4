"""The form of one action: its fields, who is suited for it, what is wrong with what was typed, what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import dash_mantine_components as dmc
from dash import dcc, html

from audit.finding_forms import FindingForm, FormField
from audit.workflow_actions import ACTIONS, Field
from audit.workflow_fields import Fault
from audit.workflow_rules import rules
from components.icons import icon
from components.ticket_evidence import thumb_address
from components.ticket_timeline import event_line
from components.ticket_words import Names, action_word, choice_word, field_word, said
from i18n import Language, t

FIELD = "ticket-field"
VALUE, PLAYS = "ticket-form-value", "ticket-form-plays"
"""Inputs of a finding's form, and the boxes that hide those that play no part."""
CONFIRMED = "ticket-confirmed"
OF_CONFIRMED = frozenset({"cause", "form", "form_values"})
"""Fields of a finding that are asked for only when the suspicion is confirmed, in boxes of this type."""
TEXT_LINES = {"report": 6, "rectification": 6, "text": 4, "reason": 3, "note": 2, "presence_reason": 2}


@dataclass(frozen=True, slots=True)
class Suggested:
    """An inspector who may be named, with the reasons in words; the best first."""

    number: str
    name: str
    reasons: Sequence[str]
    suited: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the fields of a form may be filled with. `units`: (code, name) from the top down."""

    units: Sequence[tuple[str, str]] = ()
    inspectors: Sequence[Suggested] = ()
    evidence: Sequence[Mapping[str, Any]] = ()
    number: str = ""
    forms: Sequence[FindingForm] = ()
    presence: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def field_id(name: str) -> dict[str, str]:
    """The id of a field's input; its value is what the action takes."""
    return {"type": FIELD, "name": name}


def _label(one: Field, language: Language) -> dict[str, Any]:
    return {
        "label": field_word(one.name, language),
        "description": said(f"ticket_page.hint_{one.name}", language, ""),
        "withAsterisk": one.required,
    }


def _text(one: Field, choices: Choices, language: Language) -> Any:
    if one.most <= 100:
        return dmc.TextInput(id=field_id(one.name), value="", **_label(one, language))
    return dmc.Textarea(
        id=field_id(one.name),
        value="",
        autosize=True,
        minRows=TEXT_LINES.get(one.name, 2),
        maxRows=14,
        **_label(one, language),
    )


def _choice(one: Field, choices: Choices, language: Language) -> Any:
    options = one.choices if one.kind == "choice" else tuple(rules().causes)
    if one.name == "finding":
        return dmc.RadioGroup(
            dmc.Group(
                [dmc.Radio(label=t(f"ticket_page.finding_{code}", language), value=code) for code in options], gap="lg"
            ),
            id=field_id(one.name),
            **_label(one, language),
        )
    return dmc.Select(
        id=field_id(one.name),
        data=[{"value": code, "label": choice_word(one.name, code, language)} for code in options],
        value=choices.values.get(one.name),
        clearable=not one.required,
        placeholder=t("ticket_page.choose", language),
        comboboxProps={"withinPortal": True, "zIndex": 400},
        **_label(one, language),
    )


def _unit(one: Field, choices: Choices, language: Language) -> Any:
    return dmc.Select(
        id=field_id(one.name),
        data=[{"value": code, "label": name} for code, name in choices.units],
        value=choices.values.get(one.name),
        clearable=not one.required,
        placeholder=t("ticket_page.choose", language),
        comboboxProps={"withinPortal": True, "zIndex": 400},
        **_label(one, language),
    )


def _inspector(one: Field, choices: Choices, language: Language) -> Any:
    if not choices.inspectors:
        return html.P(t("ticket_page.no_inspectors", language), className="quiet")
    cards = [
        dmc.RadioCard(
            html.Div(
                [
                    dmc.RadioIndicator(),
                    html.Div(
                        [
                            html.Strong(person.name),
                            html.Span(person.number, className="quiet number"),
                            html.Ul([html.Li(reason) for reason in person.reasons], className="reasons"),
                        ],
                        className="candidate__words",
                    ),
                ],
                className="candidate" if person.suited else "candidate candidate--off",
            ),
            value=person.number,
            withBorder=True,
            p="sm",
        )
        for person in choices.inspectors
    ]
    return dmc.RadioGroup(
        html.Div(cards, className="candidates"), id=field_id(one.name), deselectable=True, **_label(one, language)
    )


def _form(one: Field, choices: Choices, language: Language) -> Any:
    """Which form of the anomaly type; hidden where there is only one."""
    return html.Div(
        dmc.Select(
            id=field_id(one.name),
            data=[
                {"value": form.code, "label": said(f"evidence.form_{form.code}", language, form.code)}
                for form in choices.forms
            ],
            value=choices.forms[0].code if choices.forms else None,
            allowDeselect=False,
            comboboxProps={"withinPortal": True, "zIndex": 400},
            label=field_word(one.name, language),
            description=t("ticket_page.form_other", language),
        ),
        hidden=len(choices.forms) < 2,
    )


def _values(_one: Field, choices: Choices, language: Language) -> Any:
    """The values of the chosen form; `finding_fields` draws them when another form is chosen."""
    return html.Div(finding_fields(choices.forms[0], language) if choices.forms else [], id="ticket-form-values")


def _days(one: Field, choices: Choices, language: Language) -> Any:
    return dmc.NumberInput(
        id=field_id(one.name), value="", min=1, max=one.most, allowDecimal=False, allowNegative=False, w=140,
        **_label(one, language),
    )  # fmt: skip


def _number(one: Field, choices: Choices, language: Language) -> Any:
    return dmc.TextInput(
        id=field_id(one.name), value="", w=200, **_label(one, language), attributes={"input": {"inputMode": "decimal"}}
    )


def _files(one: Field, choices: Choices, language: Language) -> Any:
    if not choices.evidence:
        empty = html.P(t("ticket_page.no_files_yet", language), className="quiet")
        return dmc.CheckboxGroup(empty, id=field_id(one.name), value=[], **_label(one, language))
    cards = [
        dmc.CheckboxCard(
            html.Div(
                [
                    dmc.CheckboxIndicator(),
                    html.Img(src=thumb_address(choices.number, row), alt="", className="chosen-file__thumb")
                    if row["shown_sha256"]
                    else icon("clipboard-list"),
                    html.Span(
                        [
                            said(f"ticket_page.purpose_{row['purpose']}", language, row["purpose"]),
                            html.Span(row["file_name"] or row["sha256"][:12], className="quiet chosen-file__name"),
                        ],
                        className="chosen-file__words",
                    ),
                ],
                className="chosen-file",
            ),
            value=row["sha256"],
            withBorder=True,
            p="xs",
        )
        for row in choices.evidence
    ]
    return dmc.CheckboxGroup(
        html.Div(cards, className="picks"), id=field_id(one.name), value=[], **_label(one, language)
    )


_INPUTS = {
    "text": _text,
    "choice": _choice,
    "cause": _choice,
    "unit": _unit,
    "inspector": _inspector,
    "days": _days,
    "number": _number,
    "evidence": _files,
    "form": _values,
}


def _input(one: Field, action: str, choices: Choices, language: Language) -> Any:
    made = (_form if one.name == "form" else _INPUTS[one.kind])(one, choices, language)
    if action == "submit_finding" and one.name in OF_CONFIRMED:
        return html.Div(made, id={"type": CONFIRMED, "name": one.name}, hidden=True)
    return made


def finding_fields(form: FindingForm, language: Language, values: Mapping[str, Any] | None = None) -> list[Any]:
    """Inputs for the values of a finding's form; those that play no part yet are hidden."""
    given = dict(values or {})
    return [
        html.Div(
            _finding_field(field, given.get(field.name), language),
            id={"type": PLAYS, "name": field.name},
            hidden=not field.plays(given),
        )
        for field in form.fields
    ]


def _finding_field(one: FormField, value: Any, language: Language) -> Any:
    unit = f" ({one.unit})" if one.unit else ""
    common: dict[str, Any] = {
        "id": {"type": VALUE, "name": one.name},
        "label": said(f"evidence.field_{one.name}", language, one.name.replace("_", " ")) + unit,
        "withAsterisk": one.required,
    }
    match one.kind:
        case "choice" | "yes_no":
            options = one.choices or ("true", "false")
            words = {"true": t("ticket_page.yes", language), "false": t("ticket_page.no", language)}
            return dmc.Select(
                data=[
                    {"value": code, "label": words.get(code) or said(f"evidence.{one.name}_{code}", language, code)}
                    for code in options
                ],
                value=None if value is None else str(value).lower(),
                placeholder=t("ticket_page.choose", language),
                clearable=not one.required,
                comboboxProps={"withinPortal": True, "zIndex": 400},
                **common,
            )
        case "date":
            return dmc.DateInput(
                value=value,
                valueFormat="YYYY-MM-DD",
                popoverProps={"withinPortal": True, "zIndex": 400},
                clearable=True,
                **common,
            )
        case _:
            mode = {"attributes": {"input": {"inputMode": "decimal"}}} if one.kind in ("number", "integer") else {}
            return dmc.TextInput(value="" if value is None else str(value), **common, **mode)


def new_basis(action: str, version: int) -> dict[str, Any]:
    """What a form is sent with: its action, the version that it was based on, a name for the change."""
    return {"action": action, "based_on": version, "change_id": str(uuid4())}


def action_form(action: str, version: int, choices: Choices, language: Language) -> html.Div:
    """The form of an action, based on a version of the ticket."""
    fields = [_input(one, action, choices, language) for one in ACTIONS[action].fields]
    return form_frame(action, new_basis(action, version), fields, language)


def form_frame(action: str, basis: dict[str, Any], fields: Sequence[Any], language: Language) -> html.Div:
    """Fields with what they are sent with above and the buttons below."""
    hint = said(f"ticket_page.about_{action}", language, "")
    return html.Div(
        [
            dcc.Store(id="ticket-form-basis", data=basis),
            html.P(hint, className="form__about") if hint else None,
            html.Div(id="ticket-form-say", role="alert"),
            html.Div(list(fields), className="form__fields"),
            html.Div(
                [
                    html.Button(
                        [icon("check"), action_word(action, language)],
                        id="ticket-form-send",
                        type="button",
                        className="button button--main",
                        n_clicks=0,
                    ),
                    html.Button(
                        t("ticket_page.cancel", language),
                        id="ticket-form-cancel",
                        type="button",
                        className="button",
                        n_clicks=0,
                    ),
                ],
                className="form__buttons",
            ),
        ],
        className="form",
        key=basis["change_id"],
    )


def fault_word(fault: Fault, language: Language) -> str:
    """What is wrong with a field, and what would be right."""
    choices = ", ".join(fault.choices)
    return said(
        f"tickets.fault_{fault.problem}", language, fault.problem, limit=fault.limit or "", choices=choices, field=""
    )


def changed_since(events: Sequence[Mapping[str, Any]], names: Names, language: Language) -> html.Div:
    """What others did meanwhile, and that the typed text is still there to be sent again."""
    return html.Div(
        [
            html.Div([icon("refresh"), html.Strong(t("ticket_page.stale_title", language))], className="stale__title"),
            html.P(t("ticket_page.stale_text", language)),
            html.Ol([event_line(event, names, language) for event in events], className="timeline stale__events"),
        ],
        className="stale",
    )


def refused(text: str, *, detail: str = "") -> html.Div:
    """A refusal in words above the form."""
    return html.Div(
        [icon("alert-triangle"), html.Div([html.Div(text), html.Div(detail) if detail else None])],
        className="notice notice--late",
    )
