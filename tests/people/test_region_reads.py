"""A region's page: what is rolled up, from where, in how many statements, and that nobody sees more than their own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.roll_up import UnitFigures, rolled_up
from data_access import region_reads
from data_access.engine import counting_statements
from tests import builders
from tests.builders import NORTH_STATION, SOUTH, SOUTH_STATION, viewer
from tests.drill import arrange

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def utility(database_url: str) -> None:
    """Both counties: an open ticket, one confirmed in November, one point of level I; the south has a late ticket."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.utility(owner)
        owner.execute("UPDATE audit_ticket SET due_at = %s WHERE closed_at IS NULL", (NOW + timedelta(days=2),))
        builders.ticket(owner, "T-LATE", due_at=NOW - timedelta(days=1))
        builders.pack_risk(owner)


async def page(who, code, months=3):
    return await region_reads.region_page(who, code, months, NOW)


async def test_the_province_adds_up_its_prefectures_in_eight_statements():
    async with counting_statements() as statements:
        found = await page(viewer(), "jibei")
    assert len(statements) == 8
    own = found.figures
    assert (own.open_by_level, own.open_tickets, own.overdue) == ((2, 0, 0, 0), 3, 1)
    assert (own.closed, own.checked, own.confirmed, own.confirmation) == (2, 2, 2, 1)
    assert (own.recovered_yuan, own.breach_yuan, own.result_yuan) == (180, 540, 720)
    assert sum((child["figures"] for child in found.children), UnitFigures()) == own
    assert {child["code"] for child in found.children} == {"1302", "1307"} and not found.is_partial
    assert all(child["boundary"]["type"] in ("Polygon", "MultiPolygon") for child in found.children)


async def test_loss_and_collection_are_those_of_the_newest_day_that_has_any():
    """The 31st has no supply: the day counts, and its district is known but not computable."""
    found = await page(viewer(), "130202")
    assert found.day.isoformat() == "2026-10-31"
    own = found.figures
    assert (own.districts_known, own.districts, own.high_loss_share) == (1, 0, None)
    assert own.collection == Fraction(1)


async def test_a_station_lists_its_districts():
    found = await page(viewer(), "13020201")
    (district,) = found.districts
    assert (district["code"], district["open_risks"], district["worst"], district["tickets"]) == ("D-SOUTH", 1, 1, 1)
    assert found.children == []


async def test_what_ended_before_the_span_is_left_out():
    later = NOW + timedelta(days=100)
    found = await region_reads.region_page(viewer(), "jibei", 1, later)
    assert found.figures.closed == 0 and found.day is None


async def test_a_county_sees_the_units_above_it_with_its_own_part_alone_and_is_told_so():
    found = await page(viewer(SOUTH), "jibei")
    assert found.is_partial
    assert found.figures.open_tickets == 2, "the two of the south"
    assert [child["code"] for child in found.children] == ["1302"]
    assert not (await page(viewer(SOUTH), "130202")).is_partial


@pytest.mark.parametrize("code", ["1307", "130702", "13070201", "nowhere"])
async def test_units_of_others_are_not_there(code):
    assert await page(viewer(SOUTH), code) is None


counted = st.builds(
    lambda path, closed, yuan, high, all_of_them: (
        path,
        {
            "closed": closed, "recovered_yuan": Decimal(yuan).scaleb(-2), "high_loss": min(high, all_of_them),
            "districts": all_of_them, "open_by_level": (closed, 0, high, 1),
        },
    ),
    st.sampled_from([SOUTH_STATION, NORTH_STATION, f"{SOUTH}.13020202", "jibei.1302.130203.13020301", "jibei.1302"]),
    st.integers(0, 50), st.integers(-100_000, 100_000), st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(counted, max_size=20), st.integers(1, 4))
def test_rolling_up_loses_and_doubles_nothing_at_any_depth(stations, depth):
    whole = sum((UnitFigures(**values) for _, values in stations), UnitFigures())
    parts = rolled_up(stations, depth)
    assert sum(parts.values(), UnitFigures()) == whole
    assert all(part.high_loss_share is None or 0 <= part.high_loss_share <= 1 for part in parts.values())
