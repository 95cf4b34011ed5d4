"""Each reason to refuse a fix: a fix that it refuses, and one just inside the limit that it lets pass."""

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.fix_filters import CHECKS, OTHER_REASONS, REASONS, Context, Fix, Limits, Sorted, judge, sift

NOW = 1_780_000_000.0
LIMITS = Limits()
AREA = (113.0, 38.0, 120.5, 43.0)
SHIFTS = ((NOW - 80 * 3600, inf),)
GOOD = Fix(index=0, at=NOW - 10, longitude=118.18, latitude=39.63, accuracy_m=8, speed_kmh=30, heading_deg=90)
BEFORE = replace(GOOD, at=NOW - 70)


def context(**changes: object) -> Context:
    given: dict[str, object] = {"now": NOW, "limits": LIMITS, "area": AREA, "shifts": SHIFTS, "previous": BEFORE}
    return Context(**(given | changes))  # type: ignore[arg-type]


def reason(fix: Fix, **changes: object) -> str | None:
    refusal = judge(fix, context(**changes))
    return refusal.reason if refusal else None


def test_a_good_fix_is_believed() -> None:
    assert judge(GOOD, context()) is None


def test_at_least_thirteen_reasons_each_with_a_name_and_a_sentence() -> None:
    assert len(REASONS) >= 13
    assert len({name for name, _, _ in CHECKS}) == len(CHECKS)
    assert all(message.strip() for _, _, message in CHECKS)
    assert set(OTHER_REASONS) == {"unknown_device", "malformed"}


CASES: dict[str, tuple[Fix, Fix]] = {
    # reason: (refused, accepted just inside)
    "bad_coordinate": (replace(GOOD, latitude=90.1), replace(GOOD, latitude=39.6301)),
    "bad_time": (replace(GOOD, at=nan), GOOD),
    "zero_island": (replace(GOOD, longitude=0.0, latitude=0.0), GOOD),
    "clock_skew": (replace(GOOD, sent_at=NOW - 601), replace(GOOD, sent_at=NOW - 599)),
    "future": (replace(GOOD, at=NOW + 121), replace(GOOD, at=NOW + 119)),
    "too_old": (replace(GOOD, at=NOW - 72 * 3600 - 1), replace(GOOD, at=NOW - 72 * 3600 + 1)),
    "mock": (replace(GOOD, mock=True), GOOD),
    "negative_accuracy": (replace(GOOD, accuracy_m=-1), replace(GOOD, accuracy_m=0)),
    "low_accuracy": (replace(GOOD, accuracy_m=200.5), replace(GOOD, accuracy_m=200)),
    "implausible_speed": (replace(GOOD, speed_kmh=200.5), replace(GOOD, speed_kmh=200)),
    "bad_heading": (replace(GOOD, heading_deg=361), replace(GOOD, heading_deg=360)),
    "outside_area": (replace(GOOD, longitude=121.0), GOOD),
    "teleport": (replace(GOOD, longitude=118.30), replace(GOOD, longitude=118.22)),
}


@pytest.mark.parametrize("name", CASES)
def test_each_reason_at_its_limit(name: str) -> None:
    refused, accepted = CASES[name]
    assert reason(refused) == name
    assert reason(accepted) is None


def test_every_check_has_its_case() -> None:
    elsewhere = {"off_shift", "duplicate"}
    assert set(CASES) | elsewhere == {name for name, _, _ in CHECKS}


def test_off_shift() -> None:
    assert reason(GOOD, shifts=()) == "off_shift"
    assert reason(GOOD, shifts=((NOW - 5, inf),)) == "off_shift"
    assert reason(GOOD, shifts=((NOW - 100, NOW - 11),)) == "off_shift"
    assert reason(GOOD, shifts=((NOW - 500, NOW - 400), (NOW - 100, NOW - 9))) is None


def test_a_duplicate_is_the_same_microsecond() -> None:
    assert reason(GOOD, seen={round(GOOD.at * 1e6)}) == "duplicate"
    assert reason(GOOD, seen={round(GOOD.at * 1e6) + 1}) is None


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("longitude", "bad_coordinate"),
        ("latitude", "bad_coordinate"),
        ("at", "bad_time"),
        ("accuracy_m", None),
        ("speed_kmh", "implausible_speed"),
        ("heading_deg", "bad_heading"),
    ],
)
def test_what_is_no_number_is_refused_wherever_it_stands(value: float, column: str, expected: str | None) -> None:
    found = reason(replace(GOOD, **{column: value}))
    assert found == expected if expected else found in ("negative_accuracy", "low_accuracy")


def test_a_refusal_tells_what_was_measured_and_the_limit() -> None:
    refusal = judge(replace(GOOD, index=7, accuracy_m=350), context())
    assert refusal is not None
    assert (refusal.index, refusal.measured, refusal.limit) == (7, 350, 200)
    assert "accuracy" in refusal.message


def test_mock_positions_pass_where_the_settings_allow_them() -> None:
    assert reason(replace(GOOD, mock=True), limits=Limits(keep_mock=True)) is None


def test_two_fixes_within_their_own_errors_are_no_jump() -> None:
    shaky = replace(BEFORE, accuracy_m=150)
    a_second_later = replace(GOOD, at=shaky.at + 1, longitude=118.182, accuracy_m=60)
    assert reason(a_second_later, previous=shaky) is None
    assert reason(replace(a_second_later, accuracy_m=5), previous=replace(shaky, accuracy_m=5)) == "teleport"


def sifted(fixes: list[Fix], previous: Fix | None = None) -> Sorted:
    return sift(fixes, now=NOW, limits=LIMITS, area=AREA, shifts=SHIFTS, previous=previous)


def test_a_batch_is_judged_in_the_order_of_time_and_one_bad_fix_spoils_no_other() -> None:
    batch = [
        replace(GOOD, index=0, at=NOW - 10),
        replace(GOOD, index=1, at=NOW - 40),
        replace(GOOD, index=2, at=nan),
        replace(GOOD, index=3, at=NOW - 25, longitude=119.5),
        replace(GOOD, index=4, at=NOW - 40),
    ]
    found = sifted(batch)
    assert [fix.index for fix in found.accepted] == [1, 0]
    assert {one.index: one.reason for one in found.rejected} == {2: "bad_time", 3: "teleport", 4: "duplicate"}


def test_a_late_batch_is_not_compared_with_the_newest_place() -> None:
    newest = replace(GOOD, at=NOW - 5, longitude=118.60)
    hour_ago = [replace(GOOD, index=n, at=NOW - 3600 + 60 * n) for n in range(3)]
    assert len(sifted(hour_ago, previous=newest).accepted) == 3


road = st.lists(st.integers(0, 600), min_size=1, max_size=40).map(
    lambda seconds: [replace(GOOD, index=n, at=NOW - 900 + s, longitude=118 + s * 1e-4) for n, s in enumerate(seconds)]
)


@given(fixes=road, order=st.randoms(use_true_random=False))
def test_the_order_inside_a_batch_means_nothing(fixes: list[Fix], order: object) -> None:
    shuffled = list(fixes)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [fix.at for fix in sifted(shuffled).accepted] == [fix.at for fix in sifted(fixes).accepted]
    assert len(sifted(fixes).accepted) + len(sifted(fixes).rejected) == len(fixes)


@given(
    fixes=st.lists(
        st.builds(
            Fix,
            index=st.integers(0, 99),
            at=st.floats(),
            longitude=st.floats(),
            latitude=st.floats(),
            accuracy_m=st.none() | st.floats(),
            speed_kmh=st.none() | st.floats(),
            heading_deg=st.none() | st.floats(),
            mock=st.booleans(),
            sent_at=st.none() | st.floats(),
        ),
        max_size=8,
    )
)
def test_any_numbers_at_all_are_sorted_without_a_fault(fixes: list[Fix]) -> None:
    found = sifted(fixes)
    assert len(found.accepted) + len(found.rejected) == len(fixes)
    assert {one.reason for one in found.rejected} <= REASONS
