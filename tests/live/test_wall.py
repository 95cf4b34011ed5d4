"""The wall's figures counted a second time by hand, the lists behind them, and who sees what."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from audit.performance import confirmation_rate, economic_result, rate
from data_access import cards, wall
from data_access.engine import counting_statements
from data_access.parameters import BadParameter
from settings import DISPLAY_ZONE
from tests import builders
from tests.builders import NORTH, NORTH_STATION, SOUTH, SOUTH_STATION, viewer

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=DISPLAY_ZONE).astimezone(UTC)
TODAY = datetime(2026, 11, 20, 0, 0, tzinfo=DISPLAY_ZONE)
MONTH = datetime(2026, 11, 1, 0, 0, tzinfo=DISPLAY_ZONE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def _work(database: str) -> Iterator[None]:
    with psycopg.connect(database, autocommit=True) as owner:
        for number, station in (("I1", SOUTH_STATION), ("I2", SOUTH_STATION), ("I3", NORTH_STATION)):
            builders.inspector(owner, number, station, phone="13812345678")
            builders.shift(owner, number, NOW - HOUR)
        for number, on in (("I1", True), ("I2", False), ("I3", True)):
            owner.execute(
                "INSERT INTO inspector_position (employee_number, county_code, org_path, fixed_at, received_at,"
                " longitude, latitude, speed_kmh, activity, on_shift, ticket_number)"
                " SELECT number, county_code, org_path, %s, %s,"
                " 118.1234567, 39.7654321, 31.26, 'way', %s, 'OPEN-1' FROM employee WHERE number = %s",
                (NOW, NOW, on, number),
            )
        tickets(owner)
        risks(owner)
    yield


def tickets(owner: psycopg.Connection) -> None:
    add = builders.ticket
    add(owner, "OPEN-1", due_at=NOW + 5 * DAY, handler="I1", status=50, level=1)
    add(owner, "OPEN-2", due_at=NOW + 23 * HOUR)
    add(owner, "LATE-1", due_at=NOW - HOUR)
    add(owner, "LATE-2", NORTH_STATION, due_at=NOW - DAY)
    closed = {"status": 90, "opened_at": NOW - 60 * DAY, "due_at": NOW}
    add(owner, "TODAY-1", finding="true", closed_at=TODAY, recovered=("100.10", "60.06", "180.18"), **closed)
    add(owner, "TODAY-2", finding="false", closed_at=TODAY + HOUR, **closed)
    add(owner, "REFUND", NORTH_STATION, finding="true", closed_at=MONTH, recovered=("-40.00", "-24.00", "0"), **closed)
    add(owner, "UNABLE", finding="unable", closed_at=MONTH + DAY, **closed)
    add(
        owner,
        "LAST-MONTH",
        finding="true",
        closed_at=MONTH - timedelta(seconds=1),
        recovered=("999", "999", "9"),
        **closed,
    )
    add(owner, "VOID", finding="true", closed_at=TODAY, recovered=("5", "5", "5"), **{**closed, "status": 95})
    builders.ticket_events(owner, "OPEN-1", [(NOW - 3 * DAY, "generated", 10), (NOW - HOUR, "accepted", 40)])
    builders.ticket_events(owner, "LATE-2", [(NOW - 2 * HOUR, "dispatched", 30), (NOW + HOUR, "accepted", 40)])


def risks(owner: psycopg.Connection) -> None:
    plan = [
        # station, level, state, days ago
        (SOUTH_STATION, 1, 0, 0), (SOUTH_STATION, 2, 1, 0), (SOUTH_STATION, 2, 3, 29), (SOUTH_STATION, 4, 2, 30),
        (SOUTH_STATION, 3, 5, 59), (SOUTH_STATION, 3, 0, 89), (SOUTH_STATION, 3, 0, 90), (NORTH_STATION, 1, 0, 5),
    ]  # fmt: skip
    for number, (station, level, state, ago) in enumerate(plan):
        builders.risk(owner, f"R{number}", station, level=level, state=state, detected_at=NOW - ago * DAY)
    builders.pack_risk(owner)


async def test_figures_of_the_whole_company() -> None:
    figures = await wall.figures(viewer(), now=NOW)
    assert {name: figures[name] for name in ("on_duty", "inspectors", "open", "overdue", "due_soon")} == {
        "on_duty": 2,
        "inspectors": 3,
        "open": 4,
        "overdue": 2,
        "due_soon": 1,
    }
    assert figures["closed_today"] == 2, "void tickets are not work that was closed"
    checked = [("true", 90), ("false", 90), ("true", 90), ("unable", 90), ("true", 95)]
    assert rate(figures["confirmed"], figures["checked"]) == confirmation_rate(checked)
    assert (figures["confirmed"], figures["checked"]) == (2, 4)
    amounts = [Decimal(figures[name]) for name in ("recovered_kwh", "recovered_yuan", "breach_yuan")]
    assert amounts == [Decimal("60.10"), Decimal("36.06"), Decimal("180.18")], "a refund counts against it"
    assert economic_result(amounts[1], amounts[2]) == Decimal("216.24")
    assert figures["as_of_ms"] == NOW.timestamp() * 1000


async def test_risk_figures() -> None:
    figures = await wall.figures(viewer(), now=NOW)
    assert (figures["risk_open"], figures["risk_by_level"]) == (6, [2, 2, 2, 0])
    trend = figures["risk_trend"]
    assert (len(trend), sum(trend), trend[-1], trend[0]) == (90, 7, 2, 1)
    south, north = figures["risk_by_unit"]
    assert (south["code"], south["open"], south["change_percent"]) == ("1302", 5, 50.0)
    assert (north["code"], north["open"], north["change_percent"]) == ("1307", 1, None)


@pytest.mark.parametrize(
    ("path", "units", "open_tickets", "risk"),
    [("jibei.1302", ["130202"], 3, 5), (SOUTH, ["13020201"], 3, 5), (NORTH, ["13070201"], 1, 1)],
)
async def test_each_unit_sees_its_own(path: str, units: list[str], open_tickets: int, risk: int) -> None:
    figures = await wall.figures(viewer(path, "lead"), now=NOW)
    assert [unit["code"] for unit in figures["risk_by_unit"]] == units
    assert (figures["open"], figures["risk_open"], sum(figures["risk_by_level"])) == (open_tickets, risk, risk)


async def test_an_inspector_is_counted_alone() -> None:
    figures = await wall.figures(viewer(SOUTH, "inspector", "I2"), now=NOW)
    assert figures["on_duty"] == 0


async def test_the_snapshot_is_one_json_document_in_scope() -> None:
    async with counting_statements() as statements:
        taken = await wall.snapshot(viewer(SOUTH, "lead"), now=NOW)
    assert len(statements) <= 9
    body = json.loads(taken.message(at_ms=7, settings={"silent_seconds": 180}))
    assert (body["type"], body["at"], body["seq"], body["settings"]) == (
        "snapshot",
        7,
        taken.sequence,
        {"silent_seconds": 180},
    )
    ((number, name, unit, lon, lat, *_), *others) = sorted(body["inspectors"])
    assert (number, name, unit, lon, lat) == ("I1", "Demo I1", "13020201", 118.123457, 39.765432)
    assert {row[0] for row in others} <= {"I2"}
    assert {row[0] for row in body["tickets"]} == {"OPEN-1", "OPEN-2", "LATE-1"}
    first = next(row for row in body["tickets"] if row[0] == "OPEN-1")
    assert first[3:] == ["DJ01", 1, 50, (NOW + 5 * DAY).timestamp() * 1000, "I1", "130202", None, first[10]]
    assert body["layers"] == {"risk": 1}
    assert body["figures"]["open"] == 3


async def test_newest_events_first_none_of_the_future_none_of_others() -> None:
    events = json.loads((await wall.snapshot(viewer(), now=NOW)).events)
    moments = [event["at"] for event in events]
    assert moments == sorted(moments, reverse=True)
    assert max(moments) <= NOW.timestamp() * 1000
    assert {(event["kind"], event["key"]) for event in events} >= {
        ("ticket", "OPEN-1"),
        ("ticket", "LATE-2"),
        ("risk", "R0"),
    }
    south = json.loads((await wall.snapshot(viewer(SOUTH, "lead"), now=NOW)).events)
    assert {event["county"] for event in south} == {"130202"}


COUNTED = {
    "on_duty": "on_duty",
    "inspectors": "inspectors",
    "open": "open",
    "overdue": "overdue",
    "due_soon": "due_soon",
    "closed_today": "closed_today",
    "checked": "checked",
    "confirmed": "confirmed",
    "risk": "risk_open",
}


@pytest.mark.parametrize("path", ["jibei", SOUTH, NORTH])
@pytest.mark.parametrize("what", COUNTED)
async def test_the_list_behind_a_figure_has_as_many_rows(what: str, path: str) -> None:
    who = viewer(path, "lead")
    figures, found = await wall.figures(who, now=NOW), await wall.behind(who, what, now=NOW)
    assert found.total == len(found.rows) == figures[COUNTED[what]]


async def test_amounts_behind_recovered_add_up() -> None:
    figures, found = await wall.figures(viewer(), now=NOW), await wall.behind(viewer(), "recovered", now=NOW)
    assert sum(row["recovered_yuan"] for row in found.rows) == Decimal(figures["recovered_yuan"])
    assert sum(row["recovered_kwh"] for row in found.rows) == Decimal(figures["recovered_kwh"])


async def test_lists_narrowed_by_level_and_unit_and_cut_into_pages() -> None:
    level = await wall.behind(viewer(), "risk", level=1)
    assert [row["number"] for row in level.rows] == ["R0", "R7"]
    assert level.total == 2
    for unit, numbers in (("1302", 5), ("130702", 1), ("13020201", 5), ("nowhere", 0)):
        found = await wall.behind(viewer(), "risk", unit=unit)
        assert (found.total, len(found.rows)) == (numbers, numbers), unit
    assert (await wall.behind(viewer(NORTH, "lead"), "risk", unit="130202")).total == 0
    pages = [(await wall.behind(viewer(), "risk", limit=4, offset=offset)).rows for offset in (0, 4)]
    assert [len(page) for page in pages] == [4, 2]
    assert len({row["number"] for page in pages for row in page}) == 6
    late = await wall.behind(viewer(), "overdue", unit="1307", now=NOW)
    assert [row["number"] for row in late.rows] == ["LATE-2"]


async def test_there_is_no_such_list() -> None:
    with pytest.raises(BadParameter):
        await wall.behind(viewer(), "tickets; drop table")


async def test_inspector_card() -> None:
    card = await cards.inspector_card(viewer(SOUTH, "lead"), "I1", now=NOW)
    assert card is not None
    assert (card["name"], card["unit_en"], card["on_shift"]) == ("Demo I1", "Unit 13020201", True)
    assert "12345" not in card["phone"] and "*" in card["phone"]
    assert card["ticket"]["number"] == "OPEN-1"
    assert await cards.inspector_card(viewer(NORTH, "lead"), "I1", now=NOW) is None
    assert await cards.inspector_card(viewer(), "nobody", now=NOW) is None


async def test_a_colleague_learns_no_place_from_the_card() -> None:
    card = await cards.inspector_card(viewer(SOUTH, "inspector", "I2"), "I1", now=NOW)
    assert card is None or card["lon"] is None


async def test_ticket_card() -> None:
    async with counting_statements() as statements:
        card = await cards.ticket_card(viewer(), "OPEN-1")
    assert card is not None and len(statements) <= 3
    assert (card["status"], card["level"], card["handler"]) == (50, 1, "Demo I1")
    assert [event["kind"] for event in card["events"]] == ["accepted", "generated"]
    assert await cards.ticket_card(viewer(NORTH, "lead"), "OPEN-1") is None


async def test_risk_card() -> None:
    card = await cards.risk_card(viewer(), "R0")
    assert card is not None
    assert (card["level"], card["state"], card["unit_code"]) == (1, 0, "13020201")
    assert await cards.risk_card(viewer(NORTH, "lead"), "R0") is None
