"""What an inspector must write down, by anomaly type: only the fields that this anomaly needs, and no others.

Pure. The file beside this module says which fields and which calculation (domain sheet 1.4, 2.12); every type of the
catalogue has at least one form. The same check is made on the phone, at the desk's door and before money is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from audit.catalogue import catalogue

FILE = Path(__file__).resolve().parent / "data" / "finding_forms.yaml"
DECIMALS = 6

Kind = Literal["number", "integer", "date", "choice", "text", "yes_no"]
Calculation = Literal[
    "theft",
    "over_capacity",
    "sealed",
    "wrong_class",
    "rebilling",
    "multiplier",
    "meter_error",
    "wiring",
    "missing_energy",
    "reading",
    "unauthorised_supply",
    "moved_meter",
]
Value = Decimal | int | date | str | bool


class UnknownForm(LookupError):
    """No such anomaly type, or a form that its type does not have."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FormField(_Strict):
    """One value. `least` and `most` bound a number (in `unit`), `most` the characters of a text.

    `when`: the field plays a part only while the other field has one of these values.
    """

    name: str = ""
    kind: Kind
    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    choices: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]] = {}
    required: bool = True

    def plays(self, given: Mapping[str, Any]) -> bool:
        """Whether it is asked for beside the values that are there already."""
        return all(str(given.get(name, "")) in values for name, values in self.when.items())


class FindingForm(_Strict):
    """The fields of one kind of finding. `calculation`: how `billing` makes amounts of them, None where it does not."""

    code: str
    calculation: Calculation | None = None
    fields: tuple[FormField, ...]


class _FormRow(_Strict):
    calculation: Calculation | None = None
    fields: tuple[str, ...]


class _File(_Strict):
    format: Literal["gridaudit.finding_forms/1"]
    fields: Mapping[str, FormField]
    forms: Mapping[str, _FormRow]
    business_types: Mapping[str, tuple[str, ...]]
    anomaly_types: Mapping[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _is_whole(self) -> "_File":
        for code, form in self.forms.items():
            names = [name.removesuffix("?") for name in form.fields]
            strangers = [name for name in names if name not in self.fields]
            if strangers:
                raise ValueError(f"form {code}: no field {', '.join(strangers)}")
            missing = {other for name in names for other in self.fields[name].when} - set(names)
            if missing:
                raise ValueError(f"form {code}: depends on {', '.join(sorted(missing))}, which it does not have")
        for place, codes in (*self.business_types.items(), *self.anomaly_types.items()):
            strangers = [code for code in codes if code not in self.forms]
            if strangers or not codes:
                raise ValueError(f"{place}: no form {', '.join(strangers) or 'at all'}")
        return self


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one value: `code` is a key `evidence.fault_<code>`, `expected` what would be right."""

    field: str
    code: Literal["missing", "unknown", "not_a_number", "not_a_date", "out_of_bounds", "not_a_choice", "too_long"]
    got: str
    expected: str


@lru_cache(maxsize=1)
def _file() -> _File:
    return _File.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


@lru_cache(maxsize=1)
def forms() -> dict[str, FindingForm]:
    """All forms by code.

    Raises:
        pydantic.ValidationError: the file contradicts itself.
    """
    given = _file()
    return {
        code: FindingForm(
            code=code,
            calculation=row.calculation,
            fields=tuple(
                given.fields[name.removesuffix("?")].model_copy(
                    update={"name": name.removesuffix("?"), "required": not name.endswith("?")}
                )
                for name in row.fields
            ),
        )
        for code, row in given.forms.items()
    }


def forms_of(anomaly_code: str) -> tuple[FindingForm, ...]:
    """The forms of an anomaly type: the usual one first, then those that fit when something else was found.

    Raises:
        UnknownForm: the catalogue has no such type.
    """
    if anomaly_code not in catalogue().by_code:
        raise UnknownForm(anomaly_code)
    given = _file()
    codes = given.anomaly_types.get(anomaly_code) or given.business_types[anomaly_code[:2]]
    return tuple(forms()[code] for code in codes)


def form_for(anomaly_code: str, form_code: str | None = None) -> FindingForm:
    """The chosen form of an anomaly type, by default its usual one.

    Raises:
        UnknownForm: no such type, or not one of its forms.
    """
    offered = forms_of(anomaly_code)
    if not form_code:
        return offered[0]
    for form in offered:
        if form.code == form_code:
            return form
    raise UnknownForm(f"{anomaly_code} has no form {form_code!r}, only {', '.join(form.code for form in offered)}")


def check(form: FindingForm, given: Mapping[str, Any]) -> tuple[dict[str, Value], list[FieldFault]]:
    """Values as what they are (numbers exact, days as dates), and what is wrong, in the order of the form.

    Numbers may come as text or as JSON numbers, days as ISO 8601. Empty text is an absent value. Fields that play no
    part are left out, whatever stood in them; a name that the form does not have is a fault.
    """
    values: dict[str, Value] = {}
    faults = [FieldFault(name, "unknown", str(given[name])[:60], ", ".join(f.name for f in form.fields))
              for name in given if name not in {f.name for f in form.fields}]  # fmt: skip
    for field in form.fields:
        raw = given.get(field.name)
        raw = raw.strip() if isinstance(raw, str) else raw
        if not field.plays(given):
            continue
        if raw is None or raw == "":
            if field.required:
                faults.append(FieldFault(field.name, "missing", "", _expected(field)))
            continue
        found = _read(field, raw)
        if isinstance(found, FieldFault):
            faults.append(found)
        else:
            values[field.name] = found
    first, last = values.get("from_day"), values.get("until_day")
    if isinstance(first, date) and isinstance(last, date) and last < first:
        faults.append(FieldFault("until_day", "out_of_bounds", last.isoformat(), f">= {first.isoformat()}"))
    first, last = values.get("verified_on"), values.get("corrected_on")
    if isinstance(first, date) and isinstance(last, date) and last < first:
        faults.append(FieldFault("corrected_on", "out_of_bounds", last.isoformat(), f">= {first.isoformat()}"))
    return values, faults


def _expected(field: FormField) -> str:
    if field.kind == "choice":
        return ", ".join(field.choices)
    if field.kind in ("number", "integer"):
        return f"{field.least} … {field.most} {field.unit}".strip()
    return {"date": "YYYY-MM-DD", "yes_no": "true, false"}.get(field.kind, "")


def _read(field: FormField, raw: Any) -> Value | FieldFault:
    shown = str(raw)[:60]
    if field.kind in ("number", "integer"):
        return _number(field, raw, shown)
    if field.kind == "date":
        try:
            return date.fromisoformat(str(raw))
        except ValueError:
            return FieldFault(field.name, "not_a_date", shown, _expected(field))
    if field.kind == "yes_no":
        known: dict[str, bool] = {"true": True, "yes": True, "false": False, "no": False}
        answer = known.get(str(raw).lower())
        return FieldFault(field.name, "not_a_choice", shown, _expected(field)) if answer is None else answer
    if field.kind == "choice":
        return (
            str(raw) if str(raw) in field.choices else FieldFault(field.name, "not_a_choice", shown, _expected(field))
        )
    if field.most is not None and len(str(raw)) > field.most:
        return FieldFault(field.name, "too_long", f"{len(str(raw))}", f"<= {field.most}")
    return str(raw)


def _number(field: FormField, raw: Any, shown: str) -> Value | FieldFault:
    if isinstance(raw, bool) or len(str(raw)) > 40:
        return FieldFault(field.name, "not_a_number", shown, _expected(field))
    try:
        value = Decimal(str(raw))
        whole = value == value.to_integral_value()
    except (InvalidOperation, ValueError):
        return FieldFault(field.name, "not_a_number", shown, _expected(field))
    if not value.is_finite() or (field.kind == "integer" and not whole):
        return FieldFault(field.name, "not_a_number", shown, _expected(field))
    if (field.least is not None and value < field.least) or (field.most is not None and value > field.most):
        return FieldFault(field.name, "out_of_bounds", shown, _expected(field))
    if value != value.quantize(Decimal(1).scaleb(-DECIMALS)):
        return FieldFault(field.name, "not_a_number", shown, f"{_expected(field)}, <= {DECIMALS} decimals")
    return int(value) if field.kind == "integer" else value


def as_json(values: Mapping[str, Value]) -> dict[str, Any]:
    """Checked values as they are stored in events and amounts: numbers as text, so that nobody makes floats of them."""
    return {
        name: value if isinstance(value, bool | int) else value.isoformat() if isinstance(value, date) else str(value)
        for name, value in values.items()
    }


def words(form: FindingForm) -> Sequence[str]:
    """Keys of every text that a form shows."""
    keys = [f"evidence.form_{form.code}"]
    for field in form.fields:
        keys.append(f"evidence.field_{field.name}")
        keys += [f"evidence.{field.name}_{choice}" for choice in field.choices]
    return keys
