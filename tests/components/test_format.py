"""Numbers, money and times as people read them, in both languages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from components import format as fmt

NOON = datetime(2026, 11, 24, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fmt.number(1234567, "en"), "1,234,567"),
        (fmt.number("0.125", "en", 2), "0.12"),
        (fmt.number(Decimal("-20828.605"), "zh", 1), "-20,828.6"),
        (fmt.number(None, "en"), "–"),
        (fmt.yuan("78770.22", "zh"), "78,770.22 元"),
        (fmt.yuan("78770.22", "en"), "¥78,770.22"),
        (fmt.yuan("99999999999999.99", "en"), "¥99,999,999,999,999.99"),
        (fmt.yuan("-709.36", "en"), "-¥709.36"),
        (fmt.yuan("-709.36", "zh"), "-709.36 元"),
        (fmt.kilowatt_hours("8659", "en"), "8,659 kWh"),
        (fmt.percent(1, 3, "en"), "33 %"),
        (fmt.percent(1, 0, "en"), "–"),
        (fmt.distance(999, "en"), "999 m"),
        (fmt.distance(16349, "zh"), "16.3 公里"),
        (fmt.duration(42, "en"), "42 s"),
        (fmt.duration(600, "zh"), "10 分钟"),
        (fmt.duration(7200, "en"), "2 h"),
        (fmt.duration(40 * 86400, "en"), "40 d"),
        (fmt.roman(4), "IV"),
        (fmt.roman(None), "–"),
    ],
)
def test_values_carry_their_units(shown: str, expected: str) -> None:
    assert shown == expected


def test_times_are_shown_in_shanghai() -> None:
    """04:05 UTC is five past noon there."""
    assert fmt.clock(NOON, "en") == "12:05"
    assert fmt.moment(NOON, "zh") == "11-24 12:05"
    assert fmt.day(datetime(2026, 11, 24, 18, tzinfo=UTC), "en") == "2026-11-25"
    assert fmt.from_milliseconds(NOON.timestamp() * 1000) == NOON


def test_a_time_without_a_zone_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        fmt.clock(datetime(2026, 11, 24, 4, 5), "en")


def test_a_deadline_says_in_words_which_side_of_now_it_is() -> None:
    assert fmt.deadline(NOON + timedelta(hours=9), NOON, "en") == "9 h left"
    assert fmt.deadline(NOON - timedelta(days=40), NOON, "zh") == "超期 40 天"
    assert fmt.deadline(None, NOON, "en") == "–"
