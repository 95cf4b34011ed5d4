"""What a ticket's page reads beside the ticket: similar closed cases and the chain, each in the viewer's scope."""

from datetime import UTC, datetime, timedelta

import psycopg
import psycopg.types.json
import pytest

from audit.chain import NO_PREVIOUS, seal
from data_access.engine import counting_statements
from data_access.ticket_chain import chain_of
from data_access.ticket_similar import similar_cases
from tests import builders
from tests.builders import NORTH, NORTH_STATION, PLACES, SOUTH, SOUTH_STATION, viewer

NOW = datetime.now(UTC).replace(microsecond=0)
HERE = PLACES[SOUTH_STATION]


@pytest.fixture(scope="module", autouse=True)
def utility(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        for number, step in (("T-NEAR", 0.01), ("T-FAR", 0.3), ("T-NEXT-DOOR", 0.0005)):
            builders.ticket(
                owner, number, status=90, finding="true", closed_at=NOW, recovered=("10", "20", "30"),
                place=(HERE[0] + step, HERE[1]),
            )  # fmt: skip
        builders.ticket(owner, "T-HERE")
        builders.ticket(owner, "T-VOID", status=95, closed_at=NOW)
        builders.ticket(owner, "T-OPEN", place=(HERE[0] + 0.02, HERE[1]))
        builders.ticket(owner, "T-OTHER-COUNTY", NORTH_STATION, status=90, finding="false", closed_at=NOW, place=HERE)
        previous = NO_PREVIOUS
        for sequence, kind in enumerate(("generated", "prescreen", "note"), start=1):
            row = seal(
                {
                    "county_code": "130202", "ticket_number": "T-HERE", "sequence": sequence, "at": NOW,
                    "actor": "test", "kind": kind, "from_status": None if sequence == 1 else 10, "to_status": 10,
                    "body": {"text": "台区", "n": sequence}, "org_path": SOUTH_STATION,
                },
                previous,
            )  # fmt: skip
            previous = row["hash"]
            owner.execute(
                "INSERT INTO ticket_event (county_code, ticket_number, sequence, at, actor, kind, from_status,"
                " to_status, body, org_path, hash_version, previous_hash, hash) VALUES (%(county_code)s,"
                " %(ticket_number)s, %(sequence)s, %(at)s, %(actor)s, %(kind)s, %(from_status)s, %(to_status)s,"
                " %(body)s, %(org_path)s, %(hash_version)s, %(previous_hash)s, %(hash)s)",
                {**row, "body": psycopg.types.json.Jsonb(row["body"])},
            )
        owner.execute("UPDATE audit_ticket SET version = 3 WHERE number = 'T-HERE'")
        builders.ticket_events(owner, "T-FAR", [(NOW - timedelta(hours=1), "generated", 10)])


async def test_similar_cases_are_the_archived_ones_of_the_same_kind_nearest_first():
    async with counting_statements() as statements:
        found = await similar_cases(viewer(SOUTH), "T-HERE", "DJ01", *HERE)
    assert [case.number for case in found] == ["T-NEXT-DOOR", "T-NEAR", "T-FAR"]
    assert 30 < found[0].distance_m < 60
    assert str(found[0].recovered_yuan) == "20.00" and found[0].finding == "true"
    assert len(statements) == 1


async def test_the_ticket_itself_is_not_like_itself_and_other_kinds_are_not_like_it():
    assert "T-NEAR" not in {case.number for case in await similar_cases(viewer(SOUTH), "T-NEAR", "DJ01", *HERE)}
    assert await similar_cases(viewer(SOUTH), "T-HERE", "CH01", *HERE) == []


async def test_no_case_of_another_county_is_shown():
    assert [case.number for case in await similar_cases(viewer(NORTH), "T-X", "DJ01", *HERE)] == ["T-OTHER-COUNTY"]


async def test_an_untouched_chain_holds_and_its_seal_is_the_last_hash():
    async with counting_statements() as statements:
        chain = await chain_of(viewer(SOUTH), "T-HERE")
    assert [row["kind"] for row in chain.rows] == ["generated", "prescreen", "note"]
    assert chain.fault is None and chain.seal == chain.rows[-1]["hash"]
    assert len(statements) == 1


async def test_a_chain_that_does_not_hold_says_where():
    fault = (await chain_of(viewer(SOUTH), "T-FAR")).fault
    assert fault is not None and (fault.sequence, fault.reason) == (1, "previous")


async def test_a_cut_off_tail_is_found_by_the_ticket_s_version(owner):
    owner.execute("UPDATE audit_ticket SET version = 4 WHERE number = 'T-HERE'")
    fault = (await chain_of(viewer(SOUTH), "T-HERE")).fault
    assert fault is not None and fault.reason == "missing"
    owner.execute("UPDATE audit_ticket SET version = 3 WHERE number = 'T-HERE'")


async def test_nobody_reads_the_chain_of_another_county():
    assert (await chain_of(viewer(NORTH), "T-HERE")).rows == []
