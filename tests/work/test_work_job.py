"""The ranking of a county in the database: what is written, what is left alone, who sees it and in which order."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import psycopg
import pytest

from audit.work_settings import work_settings
from components.work_view import page_number
from data_access import users
from data_access.engine import counting_statements
from data_access.work_ranking import work_page
from jobs.work_ranking import rank_all, rank_county
from tests import builders
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, NORTH_STATION, SOUTH, SOUTH_STATION, viewer

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
WEEK = date(2026, 11, 23)
POINTS = 60


@pytest.fixture(scope="module", autouse=True)
def utility(database: str) -> None:
    """Sixty points in the south, one in the north; four inspectors each: 24 visits a week and county."""
    with psycopg.connect(database, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        for side, station in (("S", SOUTH_STATION), ("N", NORTH_STATION)):
            for number in range(4):
                builders.inspector(owner, f"E-{side}{number}", station)


@pytest.fixture(autouse=True)
def points(owner: psycopg.Connection) -> Iterator[None]:
    for number in range(POINTS):
        builders.risk(owner, f"R-{number:02d}")
    owner.execute(
        "UPDATE risk_point SET exposure_yuan = 1000 + 10 * right(number, 2)::int, score = 99 - right(number, 2)::int"
    )
    builders.risk(owner, "R-NORTH", NORTH_STATION)
    builders.pack_risk(owner)
    yield
    for table in ("risk_point", "rule_confidence", "audit_ticket"):
        owner.execute(f"DELETE FROM {table}")
    builders.pack_risk(owner)


def row(owner: psycopg.Connection, number: str) -> tuple[object, ...]:
    found = owner.execute(
        "SELECT probability::text, recoverable_yuan::text, expected_yuan::text FROM risk_point WHERE number = %s",
        (number,),
    ).fetchone()
    assert found is not None
    return found


def controls(owner: psycopg.Connection) -> set[str]:
    return {one[0] for one in owner.execute("SELECT number FROM risk_point WHERE is_control").fetchall()}


async def test_a_county_is_ranked_and_the_same_again_changes_nothing(owner: psycopg.Connection) -> None:
    assert await rank_county("130202", NOW) == POINTS
    # A district's point: 0.25 x (1 000 + once as much for a price used wrongly) - 420.
    assert row(owner, "R-00") == ("0.2500", "2000.00", "80.00")
    assert row(owner, "R-NORTH") == (None, None, None), "another county"
    assert await rank_county("130202", NOW + timedelta(hours=8)) == 0
    assert owner.execute("SELECT count(*) FROM risk_chunk_dirty").fetchone() == (0,), "nothing to draw anew on the map"
    owner.execute("UPDATE risk_point SET score = 1 WHERE number = 'R-00'")
    assert owner.execute("SELECT count(*) FROM risk_chunk_dirty").fetchone() == (1,), "a score is on the map"


async def test_the_rules_results_on_site_are_the_probability(owner: psycopg.Connection) -> None:
    owner.execute(
        "INSERT INTO rule_confidence (anomaly_code, org_path, visited, confirmed, first_day, last_day)"
        " VALUES ('DJ01', %s, 20, 15, '2026-01-01', '2026-11-25')", (SOUTH,),
    )  # fmt: skip
    await rank_all(NOW)
    assert row(owner, "R-00") == ("0.7500", "2000.00", "1080.00")
    assert row(owner, "R-NORTH")[0] == "0.2500", "nobody has checked there"


async def test_control_visits_are_drawn_once_a_week_and_those_in_a_ticket_count(owner: psycopg.Connection) -> None:
    await rank_all(NOW)
    drawn = controls(owner)
    assert len(drawn) == 1, "of 25 visits: 24 in the south, and no more than the one there is in the north"
    number = next(iter(drawn))
    owner.execute("UPDATE risk_point SET state = 3 WHERE number = %s", (number,))
    await rank_all(NOW + timedelta(days=2))
    assert controls(owner) == drawn, "it is in work; nothing is drawn in its place"
    await rank_all(NOW + timedelta(days=7))
    assert len(controls(owner) - drawn) == 1, "the next week draws its own"
    assert drawn <= controls(owner), "what was visited stays marked"
    owner.execute("UPDATE risk_point SET state = 1 WHERE state = 3")
    await rank_all(NOW + timedelta(days=7))
    assert len(controls(owner)) == 1, "what nobody visited in its week is let go"


async def test_a_point_that_went_into_a_ticket_keeps_its_ranking(owner: psycopg.Connection) -> None:
    await rank_all(NOW)
    owner.execute("UPDATE risk_point SET state = 3, exposure_yuan = 5 WHERE number = 'R-07'")
    before = row(owner, "R-07")
    await rank_all(NOW)
    assert row(owner, "R-07") == before


async def test_a_county_nobody_knows_is_refused() -> None:
    with pytest.raises(LookupError, match="999999"):
        await rank_county("999999", NOW)


async def test_the_page_has_both_orders_in_six_statements(owner: psycopg.Connection) -> None:
    await rank_all(NOW)
    async with counting_statements() as statements:
        page = await work_page(viewer(), None, "expected", "open", 0, NOW, rows=10)
    assert len(statements) == 6
    assert page is not None
    assert [one["number"] for one in page.rows] == [f"R-{number}" for number in range(59, 49, -1)]
    assert (page.points, page.worth_it, page.control, page.visits, page.week) == (61, 61, 1, 48, WEEK)
    assert page.expected_yuan == sum(Decimal("0.5") * (1000 + 10 * n) - 420 for n in range(POINTS)) + 80
    by_score = await work_page(viewer(), "130202", "score", "open", 1, NOW, rows=10)
    assert by_score is not None
    assert [one["number"] for one in by_score.rows] == [f"R-{number}" for number in range(10, 20)], "the second ten"
    assert [one["code"] for one in by_score.units] == ["jibei", "1302", "130202"]
    assert [one["code"] for one in by_score.below] == ["13020201"]


async def test_points_in_work_are_listed_with_their_ticket(owner: psycopg.Connection) -> None:
    await rank_all(NOW)
    builders.ticket(owner, "T-1")
    owner.execute("UPDATE audit_ticket SET risk_number = 'R-05'")
    owner.execute("UPDATE risk_point SET state = 3 WHERE number = 'R-05'")
    page = await work_page(viewer(SOUTH), None, "expected", "in_ticket", 0, NOW)
    assert page is not None
    assert [(one["number"], one["ticket_number"]) for one in page.rows] == [("R-05", "T-1")]
    assert page.visits == 4 * work_settings().visits_a_week


async def test_the_weeks_control_visits_are_a_list_of_their_own_in_work_or_not(owner: psycopg.Connection) -> None:
    await rank_all(NOW)
    (drawn,) = controls(owner)
    for state in (0, 3):
        owner.execute("UPDATE risk_point SET state = %s WHERE number = %s", (state, drawn))
        page = await work_page(viewer(), None, "score", "control", 0, NOW)
        assert page is not None and [one["number"] for one in page.rows] == [drawn]
    later = await work_page(viewer(), None, "score", "control", 0, NOW + timedelta(days=7))
    assert later is not None and later.rows == [], "another week"


async def test_a_county_sees_its_own_part_and_nothing_of_another(owner: psycopg.Connection) -> None:
    await rank_all(NOW)
    north = await work_page(viewer(NORTH), None, "score", "open", 0, NOW)
    assert north is not None and [one["number"] for one in north.rows] == ["R-NORTH"]
    above = await work_page(viewer(NORTH), "jibei", "score", "open", 0, NOW)
    assert above is not None and above.points == 1, "of a unit above the own one the own part"
    assert await work_page(viewer(NORTH), "130202", "score", "open", 0, NOW) is None


@pytest.fixture(scope="module")
async def north(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """The program's door with a northern manager before it."""
    import app

    await users.create_user(
        "manager.north", PASSWORD, display_name="Demo", role="manager", org_path=NORTH, language="en"
    )
    users.forget()
    async with running(app.server) as server, browser(server) as client:
        answer = await client.post("/api/v1/session", json={"login": "manager.north", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield client


async def test_the_file_holds_the_own_points_and_refuses_what_it_does_not_know(north: httpx.AsyncClient) -> None:
    await rank_all(NOW)
    answer = await north.get("/api/v1/work/ranking.csv", params={"lang": "en"})
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Rank,Risk point,Type,Level") and len(lines) == 3
    assert lines[2].split(",")[1] == "R-NORTH" and "80.00" in lines[2]
    assert (await north.get("/api/v1/work/ranking.csv", params={"unit": "130202"})).status_code == 404
    assert (await north.get("/api/v1/work/ranking.csv", params={"by": "luck"})).status_code == 422


async def test_the_page_of_the_ranking_wins_over_the_page_of_a_point(north: httpx.AsyncClient) -> None:
    from dash._pages import _path_to_page

    assert _path_to_page("risks/work")[0]["module"] == "pages.risks_work"
    assert _path_to_page("risks/R-NORTH")[0]["module"] == "pages.risk"


def test_a_page_number_of_the_address_that_is_none_is_the_first() -> None:
    assert [page_number(text) for text in (None, "", "0", "-3", "x", "²", "1", "7", "9" * 30)] == [0] * 7 + [6, 999]
