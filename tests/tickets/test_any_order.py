"""Any order of lost, repeated and late requests ends in a legal state, with no event lost and the chain whole.

A state machine plays several people at once. Each request may be lost on the way (never arrives), lose its answer
(arrives, is sent again with the same id), or come late (based on an old version). The pure workflow is the model.
"""

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit.chain import COLUMNS, verify
from audit.workflow_states import CLOSED, may_follow
from data_access import tickets
from data_access.engine import dispose_engines
from tests.tickets.arrange import (
    CITY_SUPERVISOR,
    COLLEAGUE,
    COUNTY_SUPERVISOR,
    DISPATCHER,
    FOUND,
    INSPECTOR,
    MONDAY,
    RESPONSIBLE,
    customer,
    evidence,
    utility,
)

PEOPLE = (DISPATCHER, CITY_SUPERVISOR, COUNTY_SUPERVISOR, INSPECTOR, COLLEAGUE)
PHOTO, PROOF = "a" * 64, "b" * 64
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("prescreen", {}), ("dispatch", {"unit": "130202"}), ("dispatch", {"inspector": "I-SOUTH"}),
    ("reassign", {"inspector": "I-SOUTH-2", "reason": "Ill."}), ("accept", {}), ("decline", {"reason": "No time."}),
    ("start_check", {}), ("suspend", {"reason": "Away.", "days": 5}), ("resume", {}),
    ("submit_finding", FOUND), ("submit_finding", {**FOUND, "finding": "false", "evidence": [PHOTO]}),
    ("fix_responsibility", RESPONSIBLE), ("set_amounts", {}), ("start_rectification", {}),
    ("submit_rectification", {"rectification": "Done.", "evidence": [PROOF]}), ("request_review", {}),
    ("pass_review", {}), ("return", {"reason": "Blurred."}), ("resubmit", {"report": "Again."}),
    ("void", {"reason": "False alarm."}), ("look_back", {"reason": "Spot check."}), ("note", {"text": "Note."}),
    ("extend", {"reason": "Holiday.", "days": 2}), ("remind", {}),
]  # fmt: skip
AMOUNTS = {"recovered_kwh": 1, "recovered_yuan": 1, "breach_yuan": None}
REFUSED = (tickets.StaleTicket, tickets.NotAllowed, tickets.FieldsWrong)
numbers = itertools.count()


def machine(owner: psycopg.Connection, loop: asyncio.AbstractEventLoop) -> type[RuleBasedStateMachine]:
    class Requests(RuleBasedStateMachine):
        @initialize()
        def a_ticket(self) -> None:
            self.now = MONDAY
            self.sent: dict[UUID, tuple[Any, tickets.Command, tickets.Outcome]] = {}
            new = tickets.NewTicket(
                customer_number=customer(owner, f"13020266{next(numbers):05d}", "D13020201"), anomaly_code="DJ01"
            )
            self.number = loop.run_until_complete(tickets.create(DISPATCHER, new, uuid4(), self.now)).number
            evidence(owner, self.number, "a")
            evidence(owner, self.number, "b", "rectification")
            self.version = 1

        def send(self, who: Any, command: tickets.Command) -> tickets.Outcome | None:
            self.now += timedelta(minutes=7)
            try:
                outcome = loop.run_until_complete(tickets.act(who, command, self.now))
            except REFUSED:
                return None
            self.version = max(self.version, outcome.version)
            return outcome

        @rule(
            who=st.sampled_from(PEOPLE), request=st.sampled_from(REQUESTS), behind=st.sampled_from([0, 0, 0, 0, 1, 3]),
            times=st.sampled_from([0, 1, 1, 1, 2]),
        )  # fmt: skip
        def somebody_sends(self, who: Any, request: tuple[str, dict[str, Any]], behind: int, times: int) -> None:
            """Lost on the way (0 times), once, or again because the answer was lost."""
            action, fields = request
            command = tickets.Command(
                change_id=uuid4(), number=self.number, action=action, based_on=max(1, self.version - behind),
                fields=fields, computed=AMOUNTS if action == "set_amounts" else None,
            )  # fmt: skip
            answers = [self.send(who, command) for _ in range(times)]
            if answers and answers[0] is not None:
                self.sent[command.change_id] = (who, command, answers[0])
                wanted = (answers[0].version, answers[0].status)
                assert all(one and (one.version, one.status) == wanted for one in answers)

        @rule(steps=st.integers(1, 6), finding=st.sampled_from(["true", "false"]))
        def work_goes_on(self, steps: int, finding: str) -> None:
            """The usual next steps, so that tickets come far."""
            for _ in range(steps):
                status, handler, level, found, amounts = owner.execute(
                    "SELECT status, handler_number, review_level, finding, recovered_kwh FROM audit_ticket"
                    " WHERE number = %s", (self.number,),
                ).fetchone()  # fmt: skip
                on_site = COLLEAGUE if handler == COLLEAGUE.employee_number else INSPECTOR
                reviewer = {2: COUNTY_SUPERVISOR, 1: CITY_SUPERVISOR}.get(level, DISPATCHER)
                who, action, fields = {
                    10: (DISPATCHER, "prescreen", {}),
                    20: (DISPATCHER, "dispatch", {"unit": "130202"}),
                    30: (on_site, "accept", {}),
                    40: (on_site, "start_check", {}),
                    50: (on_site, "submit_finding", {**FOUND, "finding": finding}),
                    55: (on_site, "resume", {}),
                    60: (COUNTY_SUPERVISOR, "fix_responsibility", RESPONSIBLE)
                    if found == "true" else (on_site, "request_review", {}),
                    65: (COUNTY_SUPERVISOR, "set_amounts", {})
                    if amounts is None else (on_site, "start_rectification", {}),
                    70: (on_site, "submit_rectification", {"rectification": "Done.", "evidence": [PROOF]}),
                    80: (reviewer, "pass_review", {}),
                    85: (on_site, "resubmit", {"report": "Again."}),
                }.get(status, (DISPATCHER, "note", {"text": "Closed."}))  # fmt: skip
                self.somebody_sends_now(who, action, fields)

        def somebody_sends_now(self, who: Any, action: str, fields: dict[str, Any]) -> None:
            command = tickets.Command(
                change_id=uuid4(), number=self.number, action=action, fields=fields,
                computed=AMOUNTS if action == "set_amounts" else None,
            )  # fmt: skip
            if (outcome := self.send(who, command)) is not None:
                self.sent[command.change_id] = (who, command, outcome)

        @rule(data=st.data())
        def an_old_request_arrives_again(self, data: st.DataObject) -> None:
            if self.sent:
                who, command, first = self.sent[data.draw(st.sampled_from(sorted(self.sent)))]
                again = self.send(who, command)
                assert again is not None and again.repeated
                assert (again.version, again.status, again.merged) == (first.version, first.status, first.merged)

        @invariant()
        def no_event_is_lost_and_the_state_is_legal(self) -> None:
            names = ", ".join("org_path::text" if name == "org_path" else name for name in (*COLUMNS, "hash"))
            rows = [
                dict(zip((*COLUMNS, "hash"), row, strict=True))
                for row in owner.execute(
                    f"SELECT {names} FROM ticket_event WHERE ticket_number = %s ORDER BY sequence", (self.number,)
                )
            ]
            status, version, closed, handler = owner.execute(
                "SELECT status, version, closed_at IS NOT NULL, handler_number FROM audit_ticket WHERE number = %s",
                (self.number,),
            ).fetchone()
            assert verify(rows, expected_count=version) is None
            assert len(rows) == version == self.version
            # Each accepted request is one event, each event an accepted request or what followed from one by itself.
            made = sum(row["kind"] not in ("generated", "escalate") for row in rows)
            assert made == len(self.sent)
            assert all(
                row["from_status"] in (None, row["to_status"]) or may_follow(row["from_status"], row["to_status"])
                for row in rows
            )
            assert rows[-1]["to_status"] == status and closed == (status in CLOSED)
            reviewers = {row["actor"] for row in rows if row["kind"] == "pass_review"}
            assert not reviewers & {row["actor"] for row in rows if row["kind"] in ("submit_finding", "resubmit")}
            assert status in (10, 20, 30, 95) or handler is not None

    return Requests


@pytest.mark.parametrize("examples", [8])
def test_any_order_of_lost_repeated_and_late_requests(database_url, owner, examples):
    utility(owner)
    loop = asyncio.new_event_loop()
    try:
        run_state_machine_as_test(
            machine(owner, loop),
            settings=settings(
                max_examples=examples, stateful_step_count=14, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        loop.run_until_complete(dispose_engines())
        loop.close()
