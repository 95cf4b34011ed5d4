"""The risk filter: read strictly, and the same key for the same meaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.parameters import BadParameter
from data_access.risk_filter import STATES, RiskCatalogue, RiskFilter

CATALOGUE = RiskCatalogue(
    ordinals={"DJ01": 1, "DJ02": 2, "CH01": 3}, business={"DJ01": "DJ", "DJ02": "DJ", "CH01": "CH"}
)


def read(**values: str) -> RiskFilter:
    named = {name.removesuffix("_"): value for name, value in values.items()}
    return RiskFilter.from_query(named, CATALOGUE, others=("v",))


@pytest.mark.parametrize(
    ("values", "name", "allowed"),
    [
        ({"business": "XX"}, "business", "CH, DJ"),
        ({"anomaly": "DJ01,DJ99"}, "anomaly", "CH01, DJ01, DJ02"),
        ({"level": "0"}, "level", "1, 2, 3, 4"),
        ({"level": "1,,2"}, "level", "1, 2, 3, 4"),
        ({"level": "１"}, "level", "1, 2, 3, 4"),
        ({"unit": "*.1302"}, "unit", "code of an organisation"),
        ({"unit": "1302 OR 1"}, "unit", "code of an organisation"),
        ({"from_": "2026-13-01"}, "from", "YYYY-MM-DD"),
        ({"to": "20260101"}, "to", "YYYY-MM-DD"),
        ({"to": "1999-12-31"}, "to", "2000-01-01"),
        ({"from_": "2026-02-02", "to": "2026-02-01"}, "from", "not after to=2026-02-01"),
        ({"open": "yes"}, "open", "1 or 0"),
        ({"state": "3"}, "state", "new, confirmed, cleared, in_ticket, confirmed_on_site, rejected"),
        ({"levels": "1"}, "levels", "business, anomaly, level, state, unit, from, to, open"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named_with_what_is_allowed(
    values: dict[str, str], name: str, allowed: str
) -> None:
    with pytest.raises(BadParameter) as caught:
        read(**values)
    assert caught.value.name == name
    assert allowed in caught.value.expected


def test_empty_values_and_the_names_of_others_are_no_filter() -> None:
    assert read(level="", unit=" ", v="7") == RiskFilter()


@given(
    st.lists(st.sampled_from(["DJ", "CH"]), max_size=4),
    st.lists(st.sampled_from(["1", "2", "3", "4"]), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_key_forgets_order_and_repetition(business: list[str], levels: list[str], chance: object) -> None:
    one = read(business=",".join(business), level=",".join(levels))
    shuffled = sorted(levels, reverse=True)
    other = read(business=",".join(reversed(business)), level=",".join(shuffled))
    assert one.cache_key == other.cache_key


def test_different_meanings_have_different_keys() -> None:
    keys = {
        read(**values).cache_key
        for values in (
            {},
            {"level": "1"},
            {"state": "confirmed"},
            {"business": "DJ"},
            {"anomaly": "DJ01"},
            {"unit": "1302"},
            {"from_": "2026-01-01"},
            {"to": "2026-01-01"},
            {"open": "1"},
        )
    }
    assert len(keys) == 9
    assert read(level="1,2,3,4").cache_key == read().cache_key


def test_states_are_read_by_name_and_all_of_them_are_no_filter() -> None:
    assert read(state="confirmed_on_site,new").states == {0, 4}
    assert read(state=",".join(STATES)).cache_key == read().cache_key


def test_business_and_anomaly_types_narrow_each_other() -> None:
    assert read(business="DJ", anomaly="DJ02,CH01").kinds(CATALOGUE) == ["DJ02"]
    assert read(business="CH", anomaly="DJ01").kinds(CATALOGUE) == []
    assert read().kinds(CATALOGUE) is None
