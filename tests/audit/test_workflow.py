"""The life cycle of a ticket in sentences, as the domain sheet has it (1.2, 1.3). Pure: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.deadlines import ZONE, Limits
from audit.workflow import Actor, Refusal, Step, Ticket, advance, apply, offers, review_chain, staleness
from audit.workflow_actions import ACTIONS
from audit.workflow_facts import PROGRAM, Inspector, Unit
from audit.workflow_missing import NEEDS, missing_for_archive
from audit.workflow_rules import rules
from audit.workflow_states import Status

NOW = datetime(2026, 6, 1, 10, tzinfo=ZONE)
LIMITS = Limits()
STATION = "jibei.1302.130202.13020201"
PHOTO, PROOF = "a" * 64, "b" * 64

PROVINCE = Actor("O1", "supervisor", "jibei", "O1")
DEPUTY = Actor("O9", "admin", "jibei")
CITY = Actor("O2", "supervisor", "jibei.1302", "O2")
COUNTY = Actor("O3", "supervisor", "jibei.1302.130202", "O3")
ELSEWHERE = Actor("O4", "supervisor", "jibei.1307", "O4")
INSPECTOR = Actor("I1", "inspector", "jibei.1302.130202", "I1")
COLLEAGUE = Actor("I2", "inspector", "jibei.1302.130202", "I2")
STRANGER = Actor("I3", "inspector", "jibei.1307.130702", "I3")
MANAGER = Actor("boss", "manager", "jibei")

TO_CITY = {"unit": Unit("1302", "jibei.1302")}
TO_COUNTY = {"unit": Unit("130202", "jibei.1302.130202")}
TO_STATION = {"unit": Unit("13020201", STATION)}
TO_INSPECTOR = {"inspector": Inspector("I1", "jibei.1302.130202")}
TO_COLLEAGUE = {"inspector": Inspector("I2", "jibei.1302.130202")}
WHY = {"reason": "Because."}
REPORT = {"report": "As suspected.", "presence_reason": "No signal."}
RESPONSIBLE = {
    "cause": "wrong_tariff",
    "responsible_unit": Unit("13020201", STATION),
    "responsible_person": "Demo manager",
}
AMOUNTS = {"recovered_kwh": 10, "recovered_yuan": 6, "breach_yuan": None}


@dataclass
class Story:
    """A ticket and a clock; each step is a minute later unless said otherwise."""

    ticket: Ticket
    now: datetime = NOW

    def tries(self, actor: Actor, action: str, computed: Any = None, **fields: Any) -> Step | Refusal:
        return apply(self.ticket, actor, action, fields, self.now, LIMITS, computed)

    def does(self, actor: Actor, action: str, computed: Any = None, **fields: Any) -> "Story":
        self.now += timedelta(minutes=1)
        step = self.tries(actor, action, computed, **fields)
        assert isinstance(step, Step), step
        self.ticket = advance(self.ticket, actor, step)
        for follow in step.follow:
            self.does(PROGRAM, follow)
        return self

    def is_refused(self, actor: Actor, action: str, **fields: Any) -> str:
        refusal = self.tries(actor, action, **fields)
        assert isinstance(refusal, Refusal), f"{action} was taken"
        return refusal.why or ", ".join(f"{fault.field}: {fault.problem}" for fault in refusal.faults)

    def has(self, *files: tuple[str, str]) -> "Story":
        self.ticket = replace(self.ticket, evidence={**self.ticket.evidence, **dict(files)})
        return self


def new(level: int = 2) -> Story:
    return Story(
        Ticket(
            county_code="130202", number="T1", anomaly_code="DJ01", level=level, status=Status.GENERATED,
            org_path=STATION, opened_at=NOW, due_at=NOW + timedelta(days=1), stage_started_at=NOW,
        )
    )  # fmt: skip


def dispatched(level: int = 2) -> Story:
    return new(level).does(PROVINCE, "prescreen").does(PROVINCE, "dispatch", **TO_COUNTY)


def checking(level: int = 2) -> Story:
    return dispatched(level).does(INSPECTOR, "accept").does(INSPECTOR, "start_check")


def found(finding: str, level: int = 2) -> Story:
    return checking(level).has((PHOTO, "finding")).does(INSPECTOR, "submit_finding", finding=finding, **REPORT)


def rectifying(level: int = 2) -> Story:
    story = found("true", level).does(COUNTY, "fix_responsibility", **RESPONSIBLE)
    return story.does(COUNTY, "set_amounts", AMOUNTS).does(INSPECTOR, "start_rectification")


def in_review(level: int = 2) -> Story:
    story = rectifying(level).has((PROOF, "rectification"))
    return story.does(INSPECTOR, "submit_rectification", rectification="Corrected.", evidence=[PROOF])


def archived() -> Story:
    return in_review().does(COUNTY, "pass_review").does(CITY, "pass_review")


# Who may do what -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "actor", "action", "fields", "why"),
    [
        (new, COUNTY, "prescreen", {}, "part_province"),
        (new, INSPECTOR, "prescreen", {}, "part_province"),
        (new, MANAGER, "note", {"text": "x"}, "read_only"),
        (new, ELSEWHERE, "note", {"text": "x"}, "part_anyone"),
        (dispatched, STRANGER, "accept", {}, "part_handler_or_team"),
        (dispatched, COUNTY, "void", WHY, "part_province"),
        (dispatched, CITY, "accept", {}, "part_handler_or_team"),
        (checking, COLLEAGUE, "submit_finding", {"finding": "true", **REPORT}, "part_handler"),
        (checking, INSPECTOR, "suspend", {**WHY, "days": 3}, "part_in_charge"),
        (checking, INSPECTOR, "extend", {**WHY, "days": 3}, "part_in_charge"),
        (checking, PROVINCE, "void", WHY, "wrong_status"),
        (in_review, INSPECTOR, "pass_review", {}, "part_reviewer"),
        (in_review, ELSEWHERE, "pass_review", {}, "part_reviewer"),
        (archived, COUNTY, "look_back", WHY, "part_province_or_reviewer"),
        (archived, COUNTY, "remind", {}, "closed"),
    ],
)  # fmt: skip
def test_who_may_not(story, actor: Actor, action: str, fields: dict[str, Any], why: str):
    assert story().is_refused(actor, action, **fields) == why


def test_what_is_offered_is_what_is_taken():
    """An offer says allowed exactly when the action is not refused for the person or the moment."""
    for story in (
        new(),
        dispatched(),
        checking(),
        found("true"),
        found("false"),
        rectifying(),
        in_review(),
        archived(),
    ):
        for actor in (PROVINCE, CITY, COUNTY, INSPECTOR, COLLEAGUE, STRANGER, ELSEWHERE):
            offered = {offer.action: offer for offer in offers(story.ticket, actor, story.now)}
            for code, action in ACTIONS.items():
                if code in offered and code not in ("set_amounts", "check_in"):
                    refusal = story.tries(actor, code, **_plausible(action))
                    refused = isinstance(refusal, Refusal) and refusal.code == "not_allowed"
                    assert offered[code].allowed is not refused, (story.ticket.status, actor.key, code)
    assert offers(new().ticket, MANAGER, NOW) == []


def _plausible(action: Any) -> dict[str, Any]:
    values = {"unit": Unit("130202", "jibei.1302.130202"), "responsible_unit": Unit("13020201", STATION),
              "inspector": Inspector("I1", "jibei.1302.130202"), "days": 3, "finding": "true", "cause": "theft",
              "evidence": [PROOF]}  # fmt: skip
    return {field.name: values.get(field.name, "Some words.") for field in action.fields if field.kind != "form"}


# Down the levels -----------------------------------------------------------------------------------------------------


def test_it_goes_down_from_the_province_by_city_and_county_to_an_inspector():
    story = new().does(PROVINCE, "prescreen").does(PROVINCE, "dispatch", **TO_CITY)
    assert story.is_refused(COUNTY, "dispatch", **TO_INSPECTOR) == "part_in_charge"
    assert story.is_refused(INSPECTOR, "accept") == "not_passed_on"
    story.does(CITY, "dispatch", **TO_COUNTY).does(COUNTY, "dispatch", **TO_INSPECTOR)
    assert (story.ticket.assigned_unit, story.ticket.handler_number) == ("130202", "I1")
    assert story.is_refused(COLLEAGUE, "accept") == "part_handler_or_team"
    assert story.does(INSPECTOR, "accept").ticket.status is Status.ACCEPTED


def test_dispatch_never_goes_up_or_aside():
    story = dispatched()
    assert story.is_refused(COUNTY, "dispatch", **TO_COUNTY) == "unit: unit_not_below"
    assert story.is_refused(PROVINCE, "dispatch", **TO_CITY) == "unit: unit_not_below"
    aside = {"unit": Unit("130702", "jibei.1307.130702")}
    assert story.is_refused(PROVINCE, "dispatch", **aside) == "unit: unit_elsewhere"
    assert story.is_refused(COUNTY, "dispatch", inspector=Inspector("I3", STRANGER.org_path)) == (
        "inspector: inspector_elsewhere"
    )


def test_return_reassign_decline_and_void_are_four_things():
    story = dispatched().does(COUNTY, "dispatch", **TO_INSPECTOR)
    assert story.is_refused(COUNTY, "dispatch", **TO_COLLEAGUE) == "has_handler"
    reassigned = replace_story(story).does(COUNTY, "reassign", **TO_COLLEAGUE, **WHY)
    assert (reassigned.ticket.status, reassigned.ticket.handler_number) == (Status.DISPATCHED, "I2")
    assert reassigned.ticket.return_count == 0
    declined = replace_story(story).does(INSPECTOR, "decline", **WHY)
    assert (declined.ticket.status, declined.ticket.handler_number) == (Status.DISPATCHED, None)
    assert declined.ticket.assigned_unit == "130202"
    up = declined.does(COUNTY, "decline", **WHY)
    assert (up.ticket.status, up.ticket.assigned_unit) == (Status.PRESCREENED, None)
    void = replace_story(story).does(PROVINCE, "void", **WHY)
    assert void.ticket.closed_at == void.now
    assert all(not offer.allowed for offer in offers(void.ticket, PROVINCE, void.now) if offer.action != "note")


def replace_story(story: Story) -> Story:
    return Story(story.ticket, story.now)


# Findings ------------------------------------------------------------------------------------------------------------


def test_a_finding_that_nothing_is_wrong_needs_evidence_and_review():
    story = checking()
    assert story.is_refused(INSPECTOR, "submit_finding", finding="false", **REPORT) == "evidence: evidence_for_false"
    story.has((PHOTO, "finding")).does(INSPECTOR, "submit_finding", finding="false", **REPORT)
    assert story.is_refused(COUNTY, "fix_responsibility", **RESPONSIBLE) == "finding_not_true"
    story.does(INSPECTOR, "request_review").does(COUNTY, "pass_review")
    assert story.ticket.status is Status.IN_REVIEW
    assert story.does(CITY, "pass_review").ticket.status is Status.ARCHIVED


def test_a_confirmed_finding_goes_through_responsibility_and_rectification():
    story = found("true")
    assert story.is_refused(INSPECTOR, "request_review") == "finding_true"
    assert archived().ticket.status is Status.ARCHIVED


@pytest.mark.parametrize("presence", [None, 0, 59])
def test_who_was_not_proven_on_site_says_why(presence: int | None):
    story = checking()
    story.ticket = replace(story.ticket, presence=presence)
    refused = story.is_refused(INSPECTOR, "submit_finding", finding="true", report="As suspected.")
    assert refused == "presence_reason: presence_reason"
    story.ticket = replace(story.ticket, presence=rules().presence_score)
    story.does(INSPECTOR, "submit_finding", finding="true", report="As suspected.")


def test_a_file_that_the_ticket_does_not_have_is_no_evidence():
    refused = checking().is_refused(INSPECTOR, "submit_finding", finding="true", evidence=[PHOTO], **REPORT)
    assert refused == "evidence: evidence_unknown"
    story = rectifying()
    refused = story.is_refused(INSPECTOR, "submit_rectification", rectification="Done.", evidence=[PHOTO])
    assert refused == "evidence: evidence_of_rectification"


# Review --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "level", "chain"),
    [("true", 1, (2, 1, 0)), ("true", 2, (2, 1)), ("true", 4, (2,)), ("false", 4, (2, 1)), ("unable", 4, (2, 1))],
)
def test_the_risk_level_says_how_far_up_it_is_reviewed(finding: str, level: int, chain: tuple[int, ...]):
    assert review_chain(found(finding, level).ticket) == chain


def test_whoever_worked_on_it_does_not_review_it():
    story = rectifying().has((PROOF, "rectification"))
    story.does(COUNTY, "submit_rectification", rectification="Corrected.", evidence=[PROOF])
    assert story.is_refused(COUNTY, "pass_review") == "reviewer_is_handler"
    assert story.is_refused(COUNTY, "return", **WHY) == "reviewer_is_handler"
    twice = replace(CITY, key="I1")  # the inspector, with a supervisor's account
    assert story.is_refused(twice, "pass_review") == "reviewer_is_handler"
    story.does(CITY, "pass_review")


def test_one_person_reviews_once_a_round():
    story = in_review().does(CITY, "pass_review")
    assert story.is_refused(CITY, "pass_review") == "reviewed_already"
    assert story.does(PROVINCE, "pass_review").ticket.status is Status.ARCHIVED


def test_a_return_keeps_the_number_goes_to_the_handler_and_begins_the_review_anew():
    story = in_review(1).does(COUNTY, "pass_review").does(CITY, "return", **WHY)
    ticket = story.ticket
    assert (ticket.status, ticket.number, ticket.handler_number) == (Status.RETURNED, "T1", "I1")
    assert ticket.return_count == 1
    story.does(INSPECTOR, "resubmit", report="With the seal's number.")
    assert story.ticket.review_level == 2
    for reviewer in (COUNTY, CITY, PROVINCE):
        story.does(reviewer, "pass_review")
    assert story.ticket.status is Status.ARCHIVED


def test_more_than_two_returns_escalate_and_are_reviewed_one_level_further_up():
    story = in_review()
    for count in (1, 2, 3):
        story.does(COUNTY, "return", **WHY)
        assert (story.ticket.escalated_at is not None) == (count == 3)
        story.does(INSPECTOR, "resubmit", report="Again.")
    assert review_chain(story.ticket) == (2, 1, 0)


@pytest.mark.parametrize("need", NEEDS)
def test_it_is_archived_only_with_all_that_it_needs_and_what_is_missing_is_named(need: str):
    story = in_review().does(COUNTY, "pass_review")
    ticket = story.ticket
    story.ticket = {
        "finding": lambda: replace(ticket, finding=None),
        "report": lambda: replace(ticket, history=replace(ticket.history, report=False)),
        "evidence": lambda: replace(ticket, evidence={PROOF: "rectification"}),
        "cause": lambda: replace(ticket, cause=None),
        "responsible": lambda: replace(ticket, responsible_person=None),
        "amounts": lambda: replace(ticket, recovered_kwh=None, recovered_yuan=None),
        "rectification": lambda: replace(ticket, history=replace(ticket.history, rectification=False)),
        "rectification_proof": lambda: replace(ticket, evidence={PHOTO: "finding"}),
    }[need]()
    assert need in missing_for_archive(story.ticket)
    if need != "finding":
        offer = next(one for one in offers(story.ticket, CITY, story.now) if one.action == "pass_review")
        assert (offer.allowed, offer.why, offer.missing) == (False, "archive_incomplete", (need,))


def test_looking_back_reopens_what_was_archived_for_another_check():
    story = archived().does(PROVINCE, "look_back", **WHY)
    assert (story.ticket.status, story.ticket.finding, story.ticket.closed_at) == (Status.CHECKING, None, None)
    assert story.does(INSPECTOR, "submit_finding", finding="false", **REPORT).ticket.responsible_unit is None


# The clock -----------------------------------------------------------------------------------------------------------


def test_each_stage_and_each_level_of_review_has_a_clock_of_its_own():
    story = checking()
    assert story.ticket.due_at == datetime(2026, 6, 10, 18, tzinfo=ZONE)
    story = in_review(1)
    first = story.ticket.due_at
    story.now += timedelta(days=2)
    assert story.does(COUNTY, "pass_review").ticket.due_at > first


def test_a_suspension_has_a_reason_an_end_and_stops_the_clock():
    story = checking()
    due = story.ticket.due_at
    story.does(COUNTY, "suspend", **WHY, days=30)
    assert story.ticket.due_at == story.ticket.suspended_until == story.now + timedelta(days=30)
    assert story.is_refused(COUNTY, "remind") == "wrong_status"
    story.now += timedelta(days=7)
    story.does(INSPECTOR, "resume")
    assert (story.ticket.status, story.ticket.suspended_until) == (Status.CHECKING, None)
    assert story.ticket.due_at == due + timedelta(days=7)


def test_an_extension_is_granted_once_and_before_the_deadline():
    story = checking().does(INSPECTOR, "request_extension", **WHY, days=3)
    assert story.is_refused(INSPECTOR, "request_suspension", **WHY, days=3) == "request_pending"
    due = story.ticket.due_at
    story.does(COUNTY, "extend", **WHY, days=3)
    assert story.ticket.due_at > due and story.ticket.request is None
    assert story.is_refused(COUNTY, "extend", **WHY, days=3) == "extended_already"
    late = checking()
    late.now = late.ticket.due_at + timedelta(minutes=1)
    assert late.is_refused(COUNTY, "extend", **WHY, days=3) == "deadline_passed"
    assert late.is_refused(INSPECTOR, "request_extension", **WHY, days=3) == "deadline_passed"


def test_reminders_come_before_the_deadline_and_supervision_after_it():
    story = checking()
    assert story.is_refused(COUNTY, "supervise") == "deadline_not_passed"
    story.does(COUNTY, "remind")
    story.now = story.ticket.due_at + timedelta(minutes=1)
    assert story.is_refused(COUNTY, "remind") == "deadline_passed"
    story.does(COUNTY, "supervise")


# Changes that were based on an older version ------------------------------------------------------------------------


def events(*kinds: str) -> Iterable[dict[str, Any]]:
    return [{"sequence": number, "kind": kind} for number, kind in enumerate(("generated", *kinds), start=1)]


@pytest.mark.parametrize(
    ("action", "since", "matters"),
    [
        ("note", ("dispatch", "accept"), False),  # a note touches nothing
        ("dispatch", ("prescreen",), True),
        ("submit_finding", ("note", "remind"), False),  # nothing happened that could contradict it
        ("submit_finding", ("note", "suspend"), True),
        ("pass_review", ("note",), True),  # who judges must have seen everything
        ("void", ("add_evidence",), True),
        ("pass_review", (), False),
    ],
)
def test_a_stale_change_is_refused_only_where_it_matters(action: str, since: tuple[str, ...], matters: bool):
    judged = staleness(action, 1, events(*since))
    assert judged.matters is matters
    assert [event["kind"] for event in judged.since] == list(since)


def test_the_tables_agree():
    """Every action leads along a way of the states, and every state has a way out that somebody may take."""
    for story in (dispatched(), checking(), found("true"), rectifying(), in_review(), archived()):
        assert any(
            offer.allowed
            for actor in (PROVINCE, CITY, COUNTY, INSPECTOR)
            for offer in offers(story.ticket, actor, story.now)
            if not ACTIONS[offer.action].commutes
        )
