"""Under row security each order of the ticket list enters by its own index: a page reads its rows and no others."""

from datetime import UTC, datetime

import psycopg
import pytest

from data_access.scope import Viewer
from data_access.ticket_filter import SORTS, Sort, TicketFilter
from tests import builders
from tests.builders import PROVINCE, SOUTH, viewer

pytestmark = pytest.mark.usefixtures("database")
WAYS = {
    "due": "ix_audit_ticket_due",
    "opened": "ix_audit_ticket_opened",
    "closed": "ix_audit_ticket_closed",
    "number": "ix_audit_ticket_number",
    "level": "ix_audit_ticket_level",
}


@pytest.fixture(scope="module", autouse=True)
def many(database_url: str) -> None:
    """Enough rows that reading them all is not the cheaper way; one in four open."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        owner.execute(
            "INSERT INTO audit_ticket (county_code, number, anomaly_code, level, status, opened_at, due_at, closed_at,"
            " org_path, location) SELECT county, 'T' || n, (ARRAY['DJ01', 'CH01', 'JL01'])[1 + n % 3], 1 + n % 4,"
            " CASE WHEN n % 4 = 1 THEN 50 ELSE 90 END, moment, moment + interval '9 days',"
            " CASE WHEN n % 4 = 1 THEN NULL ELSE moment + interval '8 days' END, path,"
            " ST_SetSRID(ST_MakePoint(114 + (n % 500) * 0.01, 39 + (n % 300) * 0.01), 4326)"
            " FROM (SELECT n, now() - make_interval(mins => 7 * (n * 7919 % 40000)) AS moment,"
            "  (ARRAY['130202', '130702'])[1 + n % 2] AS county,"
            "  (ARRAY['jibei.1302.130202.13020201', 'jibei.1307.130702.13070201'])[1 + n % 2]::ltree AS path"
            "  FROM generate_series(1, 40000) AS n) AS made"
        )
        owner.execute("VACUUM ANALYZE audit_ticket")


def plan(owner: psycopg.Connection, who: Viewer, chosen: TicketFilter, sort: Sort) -> str:
    """The plan of a page's inner statement, with the scope set as the product sets it."""
    where, values = chosen.conditions(who, datetime.now(UTC))
    for name in sorted(values, key=len, reverse=True):
        where = where.replace(f":{name}", f"%({name})s")
    query = f"SELECT * FROM audit_ticket AS ticket WHERE {where} ORDER BY {sort.order('ticket')} LIMIT 101"
    with owner.transaction():
        owner.execute(
            "SELECT set_config('role', 'gridaudit_viewer', true), set_config('gridaudit.org_path', %s, true),"
            " set_config('gridaudit.role', %s, true)",
            (who.org_path, who.role),
        )
        return "\n".join(line for (line,) in owner.execute(f"EXPLAIN {query}", values))


@pytest.mark.parametrize("name", sorted(SORTS))
def test_a_province_reads_the_first_page_along_the_index_of_its_order(owner: psycopg.Connection, name: str) -> None:
    state = "closed" if name == "closed" else "all"
    shown = plan(owner, viewer(PROVINCE, "supervisor"), TicketFilter(state=state), Sort(name))
    assert WAYS[name] in shown, shown
    assert "Seq Scan" not in shown, shown


def test_open_ones_are_read_without_the_closed_ones(owner: psycopg.Connection) -> None:
    shown = plan(owner, viewer(PROVINCE, "supervisor"), TicketFilter(), Sort())
    assert "ix_audit_ticket_due_open" in shown or "uq_audit_ticket_open_object" in shown, shown


def test_nothing_enters_by_the_path(owner: psycopg.Connection) -> None:
    """The planner takes `org_path <@ …` for one row in a hundred; an index on it would be taken where it is all."""
    names = [row[0] for row in owner.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'audit_ticket'")]
    assert [name for name in names if "gist (org_path)" in name] == []


def test_a_county_enters_by_its_code(owner: psycopg.Connection) -> None:
    for chosen in (TicketFilter(), TicketFilter(anomalies=frozenset({"DJ01"}), levels=frozenset({1}))):
        shown = plan(owner, viewer(SOUTH, "supervisor"), chosen, Sort("level"))
        assert "county_code = '130202'" in shown, shown
        assert "Seq Scan" not in shown, shown


def test_a_box_of_the_map_enters_by_the_spatial_index(owner: psycopg.Connection) -> None:
    small = TicketFilter(state="all", box=(114.0, 39.0, 114.02, 39.02))
    shown = plan(owner, viewer(PROVINCE, "supervisor"), small, Sort())
    assert "idx_audit_ticket_location" in shown, shown
