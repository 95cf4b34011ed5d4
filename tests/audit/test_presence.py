"""How believable a check-in is: near, sure, and there for a while; a made-up place never passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.presence import Presence, PresenceRules, dwell_inside, judge

RULES = PresenceRules()


def checked(
    distance: float | None = 10, accuracy: float | None = 8, dwell: float | None = 600, *, mock: bool = False
) -> Presence:
    return judge(distance_m=distance, accuracy_m=accuracy, dwell_seconds=dwell, is_mock=mock, rules=RULES)


@pytest.mark.parametrize(
    ("what", "score", "verdict"),
    [
        ({}, 100, "present"),
        ({"dwell": 0}, 70, "present"),
        ({"dwell": 150}, 85, "present"),
        ({"accuracy": None, "dwell": 0}, 50, "review"),
        ({"accuracy": 200, "dwell": 300}, 80, "present"),
        ({"distance": 1000}, 0, "review"),
        ({"distance": 5000, "dwell": 0}, 0, "review"),
        ({"distance": None}, 0, "review"),
        ({"mock": True}, 10, "review"),
        ({"distance": 5000, "mock": True}, 0, "review"),
    ],
)
def test_scores_of_usual_cases(what, score, verdict):
    found = checked(**what)
    assert (found.score, found.verdict) == (score, verdict)


def test_the_parts_add_up_to_the_score_and_say_what_was_measured():
    found = checked(distance=320, accuracy=50, dwell=120)
    parts = found.parts()
    assert found.score == sum(parts[name]["points"] for name in ("distance", "accuracy", "dwell"))
    assert parts["distance"] == {"points": 40, "most": 50, "measured": 320, "limit": 150}
    assert parts["verdict"] == found.verdict


number = st.floats(0, 1e6) | st.none()


@given(number, number, number, st.booleans())
def test_a_score_lies_between_0_and_100_and_a_low_one_goes_to_review(distance, accuracy, dwell, mock):
    found = checked(distance, accuracy, dwell, mock=mock)
    assert 0 <= found.score <= 100
    if found.score < RULES.review_below or mock or distance is None:
        assert found.verdict == "review"


@given(st.floats(0, 5_000), st.floats(0, 5_000), st.floats(0, 500), st.floats(0, 2_000))
def test_nearer_is_never_worse(one, other, accuracy, dwell):
    near, far = sorted((one, other))
    assert checked(near, accuracy, dwell).score >= checked(far, accuracy, dwell).score


@given(st.floats(0, 5_000), st.floats(0, 500), st.floats(0, 500))
def test_a_worse_receiver_brings_nobody_nearer(distance, one, other):
    sure, unsure = sorted((one, other))
    assert checked(distance, unsure, 0).score <= checked(distance, sure, 0).score


@pytest.mark.parametrize(
    ("fixes", "seconds"),
    [
        ([], 0),
        ([(900, 20), (960, 30), (1000, 10)], 100),
        ([(1000, 10), (900, 20), (960, 30)], 100),  # in any order
        ([(800, 20), (900, 400), (960, 30)], 40),  # was outside in between
        ([(100, 20), (900, 20)], 100),  # nobody knows where the phone was from 100 to 900
        ([(960, 30), (1060, 30)], 40),  # later fixes say nothing about now
        ([(960, 151)], 0),
    ],
)
def test_a_dwell_is_an_unbroken_row_of_fixes_inside_the_fence(fixes, seconds):
    assert dwell_inside(fixes, 1000, RULES) == seconds
