"""Under the viewer's role and its row security, every statement of these pages finds its rows by an index.

Sequential scans are switched off, so a plan that still has none of the indexes shows that the policy bars it.
"""

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Result

from data_access import inspector_reads, region_reads, risk_reads
from data_access.engine import reading
from tests.builders import SOUTH, viewer
from tests.drill import arrange

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
RISK = {"number": "R-SOUTH", "kind": "DJ01", "county": "130202", "district": "D-SOUTH", "customer": "C-SOUTH-1"}
SPAN = {"first": date(2026, 10, 1), "last": date(2026, 11, 1), "end": date(2026, 11, 1), "since": NOW, "now": NOW}
MANY = {"counties": ["130202"], "numbers": ["T-SOUTH"], "months": [date(2026, 10, 1)], "day": date(2026, 10, 5)}
VALUES = {
    **RISK, **SPAN, **MANY, "high": 6, "negative": -1, "most": 9, "code": "130202", "lon": 118.2, "lat": 39.6,
    "considered": 200, "limit": 10,
}  # fmt: skip
PLANS: tuple[tuple[Any, str, str], ...] = (
    (risk_reads, "_FILE", "ix_risk_point_number"),
    (risk_reads, "_USE", "usage_month_202610_pkey"),
    (risk_reads, "_DAYS", "district_energy_202610_"),
    (risk_reads, "_ENDED", "ix_audit_ticket_anomaly"),
    (risk_reads, "_SIMILAR", "ix_audit_ticket_"),
    (inspector_reads, "_TICKETS", "ix_audit_ticket_handler"),
    (inspector_reads, "_EVENTS", "pk_ticket_event"),
    (inspector_reads, "_SHIFTS", "pk_work_shift"),
    (inspector_reads, "_VISITS", "ix_check_in_employee"),
    (region_reads, "_CLOSED", "ix_audit_ticket_"),
    (region_reads, "_DAY", "district_energy_202610_pkey"),
    (region_reads, "_LOSS", "district_energy_202610_pkey"),
)


@pytest.fixture(scope="module", autouse=True)
def utility(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.utility(owner)
        owner.execute("ANALYZE")


async def plan_of(statement: Any) -> str:
    """The plan under the viewer's role."""
    names = set(statement.compile().params)
    async with reading(viewer(SOUTH)) as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        found: Result[Any] = await connection.execute(
            text(f"EXPLAIN {statement.text}"), {name: VALUES[name] for name in names}
        )
        return "\n".join(row[0] for row in found)


@pytest.mark.parametrize(("module", "name", "index"), PLANS, ids=lambda value: str(value).rsplit(".", 1)[-1])
async def test_rows_are_found_by_an_index(module, name, index):
    assert index in await plan_of(getattr(module, name))


@pytest.mark.parametrize("dimension", risk_reads.DIMENSIONS)
async def test_what_occurs_together_reads_one_county(dimension):
    plan = await plan_of(risk_reads._TOGETHER_ON[dimension])
    assert "county_code = '130202'" in plan and "Seq Scan on risk_point" not in plan
