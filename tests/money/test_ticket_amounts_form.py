"""The form of a ticket's amounts: computed before it is decided, refused in words, shown with its calculation."""

import json
from typing import Any

import pytest
from dash.development.base_component import Component

from components.ticket_amounts import amounts_view, explained
from components.ticket_amounts_form import amounts_form, asked, computed, send_amounts
from components.ticket_case import case_of
from components.ticket_form import new_basis
from tests.money.test_ticket_amounts import (
    NOW,
    SUPERVISOR,
    THEFT,
    ticket,
    utility,  # noqa: F401 - the module's arrangement
)

VALUES = {**THEFT, "basis": "device_rating"}


def words(part: Any) -> str:
    """Everything that a part of a page says."""
    if isinstance(part, Component):
        return words(getattr(part, "children", None))
    if isinstance(part, (list, tuple)):
        return " ".join(words(one) for one in part)
    return "" if part is None else str(part)


def entered(charge: str | None = None, **values: Any) -> Any:
    return asked({"form": "theft", "charge": charge}, {**VALUES, **values})


@pytest.mark.parametrize(
    ("language", "said"), [("en", ("Breach charge", "¥3,369.60")), ("zh", ("违约", "3,369.60 元"))]
)
async def test_what_would_follow_is_shown_with_cap_article_and_calculation(owner, language, said):
    number = ticket(owner, "FQ04", "household")
    shown, errors = await computed(SUPERVISOR, number, entered(), NOW, language)
    text = words(shown)
    assert errors == {}
    for part in ("2,160 kWh", "1,123.20", "180", *said):
        assert part in text, part


async def test_a_value_that_is_missing_is_marked_at_its_field(owner):
    number = ticket(owner, "FQ04", "household")
    shown, errors = await computed(SUPERVISOR, number, entered(power_kw=""), NOW, "en")
    assert list(errors) == ["power_kw"] and "missing" in errors["power_kw"]
    assert "another look" in words(shown)


async def test_a_charge_above_the_cap_is_refused_in_words_and_the_next_try_has_a_name_of_its_own(owner):
    number = ticket(owner, "FQ04", "household")
    basis = new_basis("set_amounts", 1)
    sent = await send_amounts(SUPERVISOR, number, basis, entered("9999"), NOW, "en")
    assert sent is not None and not sent.done
    assert "3369.60" in sent.errors["charge"] and "9999" in sent.errors["charge"]
    assert sent.basis is not None and sent.basis["change_id"] != basis["change_id"]


async def test_a_decision_is_taken_and_the_page_shows_how_it_came_about(owner):
    number = ticket(owner, "FQ04", "household")
    sent = await send_amounts(SUPERVISOR, number, new_basis("set_amounts", 1), entered("1000"), NOW, "en")
    assert sent is not None and sent.done
    case = await case_of(SUPERVISOR, number, NOW)
    assert case is not None
    text = words(amounts_view(case.row, "en"))
    assert "¥1,123.20" in text and "¥1,000.00" in text and "¥2,123.20 together" in text
    ((basis, steps),) = explained(case.row["amounts"], "en")
    assert ("Cap of the charge", "¥3,369.60") in basis and steps
    again = amounts_form(case, new_basis("set_amounts", case.version), "en")
    assert '"value":"2"' in json.dumps(again.to_plotly_json(), default=lambda one: one.to_plotly_json()).replace(
        " ", ""
    )


async def test_a_form_whose_basis_was_tampered_with_changes_nothing(owner):
    number = ticket(owner, "FQ04", "household")
    assert await send_amounts(SUPERVISOR, number, {"change_id": "x", "based_on": 1}, entered("1"), NOW, "en") is None
