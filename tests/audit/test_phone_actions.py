"""What a phone offers of a ticket's actions, and when a finding needs a word about the visit."""

import pytest

from audit.phone_actions import NEXT, needs_presence_reason, phone_actions
from audit.workflow import Offer
from audit.workflow_actions import ACTIONS
from audit.workflow_states import Status


@pytest.mark.parametrize("status", NEXT)
def test_every_next_step_is_one_of_its_state(status):
    assert all(status in ACTIONS[code].of for code in NEXT[status])


def test_the_usual_next_step_comes_first_and_alone_lies_under_the_thumb():
    offers = [Offer("note", True), Offer("decline", True), Offer("accept", True)]
    found = phone_actions(Status.DISPATCHED, offers)
    assert [(one.code, one.next) for one in found] == [("accept", True), ("decline", False), ("note", False)]


def test_what_waits_stays_greyed_with_its_reason_and_what_belongs_to_others_is_left_out():
    offers = [Offer("request_extension", False, "request_pending"), Offer("submit_finding", False, "part_handler")]
    found = phone_actions(Status.CHECKING, offers)
    assert [(one.code, one.allowed, one.why) for one in found] == [("request_extension", False, "request_pending")]


@pytest.mark.parametrize(
    ("check_ins", "needed"),
    [
        ([], True),
        ([{"score": 90, "parts": {"verdict": "present"}}], False),
        ([{"score": 59, "parts": {"verdict": "present"}}], True),
        ([{"score": 90, "parts": {"verdict": "review"}}], True),
        ([{"score": 90, "parts": {}}, {"score": 5, "parts": {"verdict": "review"}}], False),
    ],
)
def test_a_finding_needs_a_word_where_the_newest_check_in_is_missing_or_doubtful(check_ins, needed):
    assert needs_presence_reason(check_ins) is needed
