"""A risk point's page: how many statements, what is on it, in whose scope, by which plan."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from data_access import risk_reads
from data_access.engine import counting_statements
from tests.builders import NORTH, SOUTH, viewer
from tests.drill import arrange

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DETECTED = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def utility(database_url: str) -> None:
    """Both counties; in the south five customers have a price and a metering finding, one has a price finding alone."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.utility(owner)
        owner.execute(
            "INSERT INTO rule_version (anomaly_code, version, effective_from, thresholds, certainty) VALUES ('DJ01', 1,"
            """ '2024-01-01', '{"share": {"value": 50.0, "unit": "percent", "certainty": "unverified"}}', 'design')"""
        )
        owner.execute("UPDATE risk_point SET detected_at = %s", (DETECTED,))
        for n in range(20):
            kinds = ("DJ01", "JL01") if n < 5 else ("CH01",)
            for kind in kinds:
                point(owner, f"{kind}-{n}", kind, f"C-{n}")
        point(owner, "DJ01-rejected", "DJ01", "C-19", state=5)
        owner.execute("ANALYZE")


def point(owner: psycopg.Connection, number: str, kind: str, customer: str, *, state: int = 0) -> None:
    owner.execute(
        "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score, exposure_yuan,"
        " detected_at, h3_cell, org_path, location, customer_number, district_code)"
        " SELECT county_code, %s, station_code, %s, level, %s, score, exposure_yuan, detected_at, h3_cell, org_path,"
        " location, %s, 'D-OTHER' FROM risk_point WHERE number = 'R-SOUTH'",
        (f"R-{number}", kind, state, customer),
    )


async def test_a_point_with_rule_use_loss_problems_and_tickets_in_nine_statements():
    async with counting_statements() as statements:
        page = await risk_reads.risk_page(viewer(SOUTH), "R-SOUTH", NOW)
    assert len(statements) == 9
    assert page.file["thresholds"] == {"share": {"value": 50.0, "unit": "percent", "certainty": "unverified"}}
    assert page.file["customer"] == "王**", "names are masked"
    assert [row["number"] for row in page.tickets] == ["T-SOUTH"], "tickets on the same customer"
    assert [row["number"] for row in page.problems] == ["P-SOUTH"], "past problems of the district"
    assert len(page.days) == 31, "the days that are known around the detection"
    assert {row["month"].isoformat() for row in page.months} >= {"2026-09-01", "2026-10-01", "2025-10-01"}
    assert page.linked["number"] == "T-SOUTH", "the open ticket on the same object and topic"


async def test_how_tickets_of_the_type_ended_and_the_nearest_confirmed_cases():
    page = await risk_reads.risk_page(viewer(SOUTH), "R-SOUTH", NOW)
    assert page.ended == {"confirmed": 1, "rejected": 0, "unable": 0, "void": 0, "open": 1}
    assert [row["number"] for row in page.similar] == ["T-SOUTH-2"], "the northern case is out of sight"
    both = await risk_reads.risk_page(viewer(), "R-SOUTH", NOW)
    assert [row["number"] for row in both.similar] == ["T-SOUTH-2", "T-NORTH-2"], "the nearest first"


async def test_what_occurs_together_is_counted_in_two_statements():
    async with counting_statements() as statements:
        found = await risk_reads.associations_of(viewer(SOUTH), "R-DJ01-1", "customer", NOW)
    assert len(statements) == 2
    (one,) = found.found
    # C-0 to C-4 have both; C-SOUTH-1 has the price finding alone; the rejected one of C-19 was no finding.
    assert (one.kind, one.cases, one.with_subject, one.with_other, one.population) == ("JL01", 5, 6, 5, 21)
    assert one.noteworthy and float(one.lift) == pytest.approx(3.5)
    by_reader = await risk_reads.associations_of(viewer(SOUTH), "R-DJ01-1", "reader", NOW)
    assert by_reader.found == [], "no reader is on file for these"


async def test_findings_before_the_window_of_months_are_left_out():
    later = NOW + timedelta(days=3 * 365)
    found = await risk_reads.associations_of(viewer(SOUTH), "R-DJ01-1", "customer", later)
    assert found.found == []


async def test_a_point_of_another_county_is_not_there():
    assert await risk_reads.risk_page(viewer(NORTH), "R-SOUTH", NOW) is None
    assert await risk_reads.associations_of(viewer(NORTH), "R-SOUTH", "district", NOW) is None
