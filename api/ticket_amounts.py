"""Amounts of a ticket over HTTP: which forms there are, what they would cost, and the decision.

Every figure is computed by the server from the form and the customer's bills; only a breach charge is sent, up to its
cap. Money is yuan, energy kWh, both as decimal texts.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.tickets import Done, Number, plain
from audit.finding_forms import FindingForm
from billing.explain import Step
from data_access import ticket_amounts as amounts
from data_access.scope import require_viewer

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
_WRONG: dict[int | str, dict[str, Any]] = {
    403: {"description": "Not for this person or not for now; `details` say why."},
    409: {"description": "`stale` with what changed since, or `change_id_reused`."},
    422: {"description": "`fields_wrong`, `not_computable` or `charge_not_accepted`; `details` say why."},
}
_OWN = frozenset({"form", "charge", "language"})


class FormField(BaseModel):
    """One value of a form. `when`: it plays a part only while that other field has one of these values."""

    name: str
    kind: str
    unit: str
    least: str | None
    most: str | None
    choices: list[str]
    when: dict[str, list[str]]
    required: bool


class Form(BaseModel):
    """A kind of finding; words are `evidence.form_<code>` and `evidence.field_<name>`."""

    code: str
    calculation: str | None
    fields: list[FormField]


class Explained(BaseModel):
    """A step of the calculation in words, with the steps that it takes."""

    text: str
    steps: list["Explained"]


class Computed(BaseModel):
    """What a form would cost. `yuan` below zero is a refund; `cap`: the largest breach charge that the law allows;
    `problems`: what hinders the charge that was sent.
    """

    form: str
    kwh: str
    yuan: str
    breach: str
    cap: str | None
    from_day: str | None
    until_day: str | None
    basis: dict[str, str]
    articles: list[dict[str, str]]
    steps: dict[str, Explained]
    problems: list[dict[str, Any]]


class Stored(BaseModel):
    """What was decided last: the sums, and the input, results and proof behind them."""

    recovered_kwh: str | None
    recovered_yuan: str | None
    breach_yuan: str | None
    amounts: dict[str, Any] | None


class Amounts(BaseModel):
    """Forms of the ticket's topic, what was reported with the finding, what was decided, and the preview."""

    number: str
    forms: list[Form]
    reported_form: str | None
    reported_values: dict[str, Any]
    stored: Stored
    preview: Computed | None


class Decided(BaseModel):
    """A decision on amounts. `charge`: the breach charge in yuan, needed where there is one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "change_id": "9a4c5f1e-0b1d-4f7e-9d1a-6c1f2e3d4b50",
                    "based_on": 9,
                    "form": "theft",
                    "values": {"basis": "device_rating", "power_kw": "2", "stopped": True},
                    "charge": "3369.60",
                }
            ]
        },
    )

    change_id: UUID
    based_on: Annotated[int, Field(ge=1, le=2**31 - 1)]
    form: Annotated[str, Field(max_length=40)] | None = None
    values: Annotated[dict[str, str | int | float | bool | None], Field(max_length=60)] = Field(default_factory=dict)
    charge: Annotated[str, Field(max_length=30)] | None = None


def form_json(form: FindingForm) -> Form:
    """A form as programs read it."""
    return Form(
        code=form.code,
        calculation=form.calculation,
        fields=[
            FormField(
                name=field.name,
                kind=field.kind,
                unit=field.unit,
                least=None if field.least is None else str(field.least),
                most=None if field.most is None else str(field.most),
                choices=list(field.choices),
                when={name: list(values) for name, values in field.when.items()},
                required=field.required,
            )
            for field in form.fields
        ],
    )


def _explained(step: Step) -> Explained:
    return Explained(text=step.text, steps=[_explained(below) for below in step.steps])


def _computed(made: amounts.Preview, language: str) -> Computed:
    told = made.as_json()
    names = ("form", "kwh", "yuan", "breach", "cap", "from_day", "until_day", "basis", "articles")
    return Computed(
        **{name: told[name] for name in names},
        steps={name: _explained(step) for name, step in made.steps(language).items()},
        problems=made.charge_findings,
    )


def _values(query: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if name not in _OWN}


@router.get("/{number}/amounts", responses=_WRONG)
async def preview(
    request: Request,
    number: Number,
    form: Annotated[
        str | None,
        Query(max_length=40, description="A form's code: then its fields are expected as further parameters"),
    ] = None,
    charge: Annotated[str | None, Query(max_length=30, description="Breach charge in yuan, by default its cap")] = None,
) -> Amounts:
    """Forms and stored amounts of a ticket; with `form` also what it would cost. Nothing is stored."""
    viewer = require_viewer()
    known = await amounts.amounts_of(viewer, number)
    computed = None
    if form is not None:
        asked = amounts.Asked(form=form, values=_values(request.query_params), charge=charge)
        computed = _computed(await amounts.preview(viewer, number, asked, datetime.now(UTC)), viewer.language)
    return Amounts(
        number=number,
        forms=[form_json(one) for one in known.forms],
        reported_form=known.reported_form,
        reported_values=known.reported_values,
        stored=Stored(
            recovered_kwh=plain(known.recovered_kwh),
            recovered_yuan=plain(known.recovered_yuan),
            breach_yuan=plain(known.breach_yuan),
            amounts=known.stored,
        ),
        preview=computed,
    )


@router.post("/{number}/amounts", responses=_WRONG)
async def decide(number: Number, decided: Decided) -> Done:
    """Store amounts: computed anew, booked as adjustments, told in the chain. Deciding again takes the first back."""
    asked = amounts.Asked(form=decided.form, values=decided.values, charge=decided.charge)
    outcome = await amounts.set_amounts(
        require_viewer(), number, asked, change_id=decided.change_id, based_on=decided.based_on, now=datetime.now(UTC)
    )
    return Done(**asdict(outcome))
