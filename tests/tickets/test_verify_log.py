"""`./run verify-log`: whatever is changed, removed or slipped in behind the program's back is named at its row."""

import psycopg
import pytest

from data_access.verify_log import Broken, verify_log
from ops import verify_log as command
from tests.tickets.arrange import DISPATCHER, Case, customer, utility

COUNTY = "130202"


@pytest.fixture(scope="module")
async def tickets(database) -> dict[str, str]:
    """A few tickets with four events each, by what will be done to them."""
    with psycopg.connect(database, autocommit=True) as owner:
        utility(owner)
        made = {}
        for number, name in enumerate(("whole", "changed", "removed", "cut", "slipped in", "moved", "orphaned")):
            case = Case(owner)
            await case.create(customer_number=customer(owner, f"13020277{number:04d}", "D13020201"))
            for text in ("One.", "Two.", "Three."):
                await case.act(DISPATCHER, "note", text=text)
            made[name] = case.number
    return made


@pytest.fixture
def tamper(owner):
    """Changes the log as somebody could who owns the database: the triggers are switched off first."""

    def run(statement: str, *values: object) -> None:
        with owner.transaction():
            owner.execute("SET LOCAL session_replication_role = replica")
            owner.execute(statement, values)

    return run


def found(database: str, processes: int = 1) -> dict[str, Broken]:
    return {one.ticket: one for one in verify_log(database, processes=processes).broken}


async def test_an_untouched_log_holds(database, tickets, monkeypatch, capsys):
    checked = verify_log(database, processes=2)
    assert (checked.tickets, checked.events, checked.broken) == (len(tickets), 4 * len(tickets), [])
    monkeypatch.setattr(command, "with_database", lambda _work: checked)
    assert command.run_verify_log() == 0
    assert "every chain holds" in capsys.readouterr().out


async def test_the_database_itself_refuses_changes_of_the_log(owner, tickets):
    for statement in ("UPDATE ticket_event SET actor = 'x'", "DELETE FROM ticket_event", "TRUNCATE ticket_event"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(statement)


async def test_every_kind_of_tampering_is_found_at_its_first_row(database, tickets, tamper, monkeypatch, capsys):
    event = "ticket_event WHERE ticket_number = %s AND sequence = %s"
    tamper(f"UPDATE {event.replace('WHERE', 'SET actor = %s WHERE')}", "somebody", tickets["changed"], 2)
    tamper(f"DELETE FROM {event}", tickets["removed"], 3)
    tamper(f"DELETE FROM {event}", tickets["cut"], 4)
    tamper(
        "INSERT INTO ticket_event SELECT county_code, ticket_number, 5, at, actor, kind, from_status, to_status, body,"
        f" org_path, hash_version, hash, repeat('0', 64) FROM {event}", tickets["slipped in"], 4,
    )  # fmt: skip
    tamper("UPDATE audit_ticket SET status = 90 WHERE number = %s", tickets["moved"])
    tamper("DELETE FROM audit_ticket WHERE number = %s", tickets["orphaned"])
    broken = found(database)
    assert broken == {
        tickets["changed"]: Broken(COUNTY, tickets["changed"], 2, "hash"),
        tickets["removed"]: Broken(COUNTY, tickets["removed"], 3, "sequence"),
        tickets["cut"]: Broken(COUNTY, tickets["cut"], 4, "missing"),
        tickets["slipped in"]: Broken(COUNTY, tickets["slipped in"], 5, "hash"),
        tickets["moved"]: Broken(COUNTY, tickets["moved"], 4, "status"),
        tickets["orphaned"]: Broken(COUNTY, tickets["orphaned"], 1, "ticket"),
    }
    monkeypatch.setattr(command, "with_database", lambda _work: verify_log(database, processes=1))
    assert command.run_verify_log() == 1
    told = capsys.readouterr()
    assert f"{COUNTY} {tickets['changed']}: event 2: the content of the row was changed" in told.err
    assert "6 broken" in told.out
