"""Finding forms: every anomaly type has one with words, asks only for what it needs, and says what is wrong with it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.catalogue import catalogue
from audit.finding_forms import UnknownForm, as_json, check, form_for, forms, forms_of, words
from i18n import LANGUAGES, t

THEFT = {"basis": "device_rating", "power_kw": "2", "stopped": "true"}


def test_all_81_anomaly_types_have_a_form_and_all_forms_are_used():
    used = {form.code for code in catalogue().by_code for form in forms_of(code)}
    assert len(catalogue().by_code) == 81
    assert used == set(forms())


def test_every_word_of_every_form_is_there_in_both_languages():
    for form in forms().values():
        for key in words(form):
            assert all(t(key, language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("code", "form"),
    [("FQ01", "over_capacity"), ("FQ02", "sealed"), ("FQ04", "theft"), ("CH09", "multiplier"), ("CH06", "meter_error"),
     ("JL01", "missing_energy"), ("JL05", "wiring"), ("DJ02", "wrong_class"), ("DJ05", "rebilling"),
     ("CH14", "reading"), ("YK01", "deadline"), ("ZW02", "money"), ("XS01", "line_loss"), ("XX01", "photovoltaic")],
)  # fmt: skip
def test_the_usual_form_of_an_anomaly_type(code, form):
    assert form_for(code).code == form


def test_what_else_was_found_can_be_chosen_where_it_fits():
    assert form_for("FQ03", "moved_meter").calculation == "moved_meter"
    with pytest.raises(UnknownForm):
        form_for("FQ03", "money")
    with pytest.raises(UnknownForm):
        forms_of("QQ99")


def test_only_the_fields_that_play_a_part_are_asked_for():
    values, faults = check(form_for("FQ04"), THEFT)
    assert faults == []
    assert values == {"basis": "device_rating", "power_kw": Decimal(2), "stopped": True}
    _, faults = check(form_for("FQ04"), {**THEFT, "basis": "nominal_current"})
    assert [fault.field for fault in faults] == [
        "nominal_current_a", "nominal_voltage_v", "phases", "transformer_ratio",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"power_kw": ""}, "power_kw", "missing"),
        ({"power_kw": "two"}, "power_kw", "not_a_number"),
        ({"power_kw": "NaN"}, "power_kw", "not_a_number"),
        ({"power_kw": "1e999999999"}, "power_kw", "out_of_bounds"),
        ({"power_kw": True}, "power_kw", "not_a_number"),
        ({"power_kw": "1.0000001"}, "power_kw", "not_a_number"),
        ({"power_kw": "-1"}, "power_kw", "out_of_bounds"),
        ({"days": "1.5"}, "days", "not_a_number"),
        ({"hours_a_day": "25"}, "hours_a_day", "out_of_bounds"),
        ({"basis": "guess"}, "basis", "not_a_choice"),
        ({"stopped": "perhaps"}, "stopped", "not_a_choice"),
        ({"seal_number": "x" * 61}, "seal_number", "too_long"),
        ({"yuan": "5"}, "yuan", "unknown"),
    ],
)
def test_each_fault_names_its_field_and_what_would_be_right(change, field, code):
    _, faults = check(form_for("FQ04"), {**THEFT, **change})
    assert (field, code) in [(fault.field, fault.code) for fault in faults]


def test_a_time_ends_after_it_began():
    given = {"error_percent": "3", "verified_on": "2026-07-09", "corrected_on": "2026-01-10", "replaced": "no"}
    _, faults = check(form_for("CH06"), given)
    assert [(fault.field, fault.expected) for fault in faults] == [("corrected_on", ">= 2026-07-09")]


anything = st.none() | st.text(max_size=5) | st.integers() | st.floats() | st.booleans()
FILLED = {
    form.code: st.fixed_dictionaries(
        {},
        optional={
            field.name: anything | (st.sampled_from(field.choices) if field.choices else st.just("2026-01-01"))
            for field in form.fields
        },
    )
    for form in forms().values()
}


@given(st.sampled_from(sorted(FILLED)).flatmap(lambda code: st.tuples(st.just(code), FILLED[code])))
def test_nothing_that_is_typed_breaks_the_check_and_what_passes_passes_again(filled):
    code, given = filled
    values, faults = check(forms()[code], given)
    if not faults:
        again, none = check(forms()[code], as_json(values))
        assert (again, none) == (values, [])
        assert not any(isinstance(value, float) for value in values.values())
        assert all(isinstance(value, Decimal | int | str | bool | date) for value in values.values())
