"""Months by name."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from data_access.months import EARLIEST, LATEST, month_back, months_between

MONTHS = st.dates(EARLIEST, LATEST).map(lambda day: day.replace(day=1))


@given(MONTHS, st.integers(-300, 300))
def test_back_and_forth_is_where_one_was(month, count):
    assert month_back(month_back(month, count), -count) == month


@given(MONTHS, MONTHS)
def test_all_months_between_two_each_once_in_order(first, last):
    found = months_between(first, last)
    assert found == sorted(set(found))
    assert found == [] if first > last else (found[0], found[-1]) == (first, last)


def test_an_open_range_is_cut_to_what_can_be():
    found = months_between(date(1900, 1, 1), date(2999, 12, 1))
    assert (found[0], found[-1]) == (EARLIEST, LATEST)
