"""The form of a ticket's amounts: values of its finding's form, the breach charge; computed before it is decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import dash_mantine_components as dmc
from dash import dcc, html

from audit.finding_forms import FieldFault, FindingForm, UnknownForm, forms_of
from components import format as fmt
from components.bill_view import step_tree
from components.desk import KeyFigure, Kind, facts, key_figures
from components.icons import icon
from components.ticket_case import Case
from components.ticket_form import field_id, finding_fields, form_frame, refused
from components.ticket_sending import Sent, overtaken, renewed
from components.ticket_words import said
from data_access.adjustments import MayNotDecide, NotAccepted
from data_access.calculation_facts import NotComputable
from data_access.scope import Viewer
from data_access.ticket_amounts import Asked, FormFaults, Preview, preview, set_amounts
from data_access.tickets import ChangeIdReused, NotAllowed, StaleTicket, UnknownTicket
from i18n import Language, t

ACTION = "set_amounts"
CHARGE = "charge"


def _reported(case: Case) -> tuple[str | None, Mapping[str, Any]]:
    """The form and its values as the amounts or the last finding have them."""
    stored = case.row["amounts"] or {}
    if stored.get("form"):
        return stored["form"], stored.get("values") or {}
    for event in reversed(case.page.events):
        if event["kind"] == "submit_finding" and event["body"].get("form"):
            return event["body"]["form"], event["body"].get("form_values") or {}
    return None, {}


def amounts_form(case: Case, basis: dict[str, Any], language: Language) -> html.Div:
    """The form, filled with what was reported from the site."""
    try:
        forms: tuple[FindingForm, ...] = forms_of(case.row["anomaly_code"])
    except UnknownForm:
        forms = ()
    code, values = _reported(case)
    chosen = next((form for form in forms if form.code == code), forms[0] if forms else None)
    charge = case.row["breach_yuan"]
    fields = [
        html.Div(
            dmc.Select(
                id=field_id("form"),
                data=[
                    {"value": form.code, "label": said(f"evidence.form_{form.code}", language, form.code)}
                    for form in forms
                ],
                value=chosen.code if chosen else None,
                allowDeselect=False,
                comboboxProps={"withinPortal": True, "zIndex": 400},
                label=t("tickets.field_form", language),
            ),
            hidden=len(forms) < 2,
        ),
        html.Div(
            finding_fields(chosen, language, values) if chosen else [], id="ticket-form-values", className="stack"
        ),
        dmc.TextInput(
            id=field_id(CHARGE),
            value="" if charge is None else str(charge),
            label=t("evidence.field_charge", language),
            description=t("ticket_page.hint_charge", language),
            w=220,
        ),
        html.Div(
            [
                html.Button(
                    [icon("refresh"), t("ticket_page.compute", language)],
                    id="ticket-amounts-compute",
                    type="button",
                    className="button",
                    n_clicks=0,
                ),
                dcc.Loading(html.Div(id="ticket-amounts-preview"), delay_show=300),
            ],
            className="stack",
        ),
    ]
    return form_frame(ACTION, basis, fields, language)


def asked(fields: Mapping[str, Any], values: Mapping[str, Any]) -> Asked:
    """What was entered."""
    return Asked(
        form=fields.get("form") or None,
        values={name: value for name, value in values.items() if value not in (None, "")},
        charge=fields.get(CHARGE) or None,
    )


async def computed(
    viewer: Viewer, number: str, entered: Asked, now: datetime, language: Language
) -> tuple[Any, dict[str, str]]:
    """The amounts that would follow, with their calculation, or what hinders them; and the errors by field."""
    try:
        made = await preview(viewer, number, entered, now)
    except FormFaults as wrong:
        return refused(t("ticket_page.fields_wrong", language)), _errors(wrong, language)
    except NotComputable as hindered:
        return refused(_why_not(hindered, language)), {}
    except (UnknownForm, UnknownTicket):
        return refused(t("ticket_page.not_taken", language)), {}
    return preview_view(made, language), {}


def preview_view(made: Preview, language: Language) -> html.Div:
    """Figures, cap, article and the calculation as a tree."""
    amounts = made.amounts
    shown = [
        KeyFigure(t("evidence.amounts_kwh", language), fmt.kilowatt_hours(amounts.kwh, language)),
        KeyFigure(
            t("evidence.amounts_refund" if amounts.yuan < 0 else "evidence.amounts_yuan", language),
            fmt.yuan(abs(amounts.yuan), language),
        ),
    ]
    if amounts.charge is not None:
        breach = fmt.yuan(amounts.breach, language)
        kind: Kind = "late" if made.charge_findings else "plain"
        shown.append(KeyFigure(t("evidence.amounts_breach", language), breach, kind=kind))
    cap = None if amounts.cap is None else fmt.yuan(amounts.cap, language)
    articles = " · ".join(one["article"] for one in made.articles())
    steps = list(made.steps(language).values())
    return html.Div(
        [
            key_figures(shown),
            facts(
                [
                    (t("evidence.amounts_cap", language), cap),
                    (t("evidence.amounts_article", language), articles or None),
                ]
            ),
            refused(_above_cap(made.charge_findings, language)) if made.charge_findings else None,
            html.P(t("evidence.amounts_none", language), className="quiet") if not steps else None,
            html.Details(
                [
                    html.Summary(t("ticket_page.calculation", language)),
                    html.Div(step_tree(steps, language), className="calculation"),
                ],
                className="fold",
            )
            if steps
            else None,
        ],
        className="amounts",
    )


async def send_amounts(
    viewer: Viewer, number: str, basis: Mapping[str, Any], entered: Asked, now: datetime, language: Language
) -> Sent | None:
    """Decide the amounts; None where the form itself is broken."""
    try:
        change_id, based_on = UUID(str(basis["change_id"])), int(basis["based_on"])
    except (KeyError, TypeError, ValueError):
        return None
    try:
        await set_amounts(viewer, number, entered, change_id=change_id, based_on=based_on, now=now)
    except FormFaults as wrong:
        said_ = refused(t("ticket_page.fields_wrong", language))
        return Sent(said=said_, errors=_errors(wrong, language), basis=renewed(basis))
    except NotComputable as hindered:
        return Sent(said=refused(_why_not(hindered, language)), basis=renewed(basis))
    except NotAccepted as above:
        words = _above_cap(above.findings, language)
        return Sent(said=refused(words), errors={CHARGE: words}, basis=renewed(basis))
    except StaleTicket as stale:
        return await overtaken(viewer, number, basis, stale, now, language)
    except (NotAllowed, MayNotDecide, ChangeIdReused, UnknownForm, UnknownTicket) as refusal:
        why = said(f"tickets.why_{getattr(refusal, 'why', '')}", language, t("ticket_page.not_taken", language))
        return Sent(said=refused(why), basis=renewed(basis), changed="refused")
    return Sent(done=True, changed="own")


def _errors(wrong: FormFaults, language: Language) -> dict[str, str]:
    return {fault.field: _fault(fault, language) for fault in wrong.faults}


def _fault(fault: FieldFault, language: Language) -> str:
    label = said(f"evidence.field_{fault.field}", language, fault.field)
    return said(
        f"evidence.fault_{fault.code}", language, fault.code, field=label, got=fault.got, expected=fault.expected
    )


def _why_not(hindered: NotComputable, language: Language) -> str:
    label = said(f"evidence.field_{hindered.field}", language, hindered.field)
    return said(f"evidence.amount_{hindered.why}", language, hindered.why, field=label, detail=hindered.detail)


def _above_cap(findings: list[dict[str, Any]], language: Language) -> str:
    first = findings[0] if findings else {}
    return t("ticket_page.above_cap", language, cap=first.get("expected", ""), found=first.get("found", ""))
