"""Tickets as lists: what a filter means, how pages follow each other, what is counted, and who sees what."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from data_access.engine import counting_statements
from data_access.parameters import BadParameter
from data_access.ticket_filter import PARAMETERS, SORTS, Sort, TicketFilter
from data_access.ticket_list import (
    COLUMNS,
    Anchor,
    board,
    chosen_tickets,
    export_rows,
    find_objects,
    ticket_counts,
    ticket_page,
    ticket_points,
    units_in_scope,
    view_counts,
)
from tests import builders
from tests.builders import NORTH_STATION, PLACES, PROVINCE, SOUTH, SOUTH_STATION, viewer

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai, a Tuesday."""
BOSS = viewer(PROVINCE, "supervisor")
COUNTY = viewer(SOUTH, "supervisor")


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


@pytest.fixture(scope="module", autouse=True)
def tickets(database_url: str) -> None:
    """Twelve in the south, one in every open state of theirs, and three in the north."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        for number, station in (("E-1", SOUTH_STATION), ("E-2", SOUTH_STATION), ("E-N", NORTH_STATION)):
            builders.inspector(owner, number, station)
        made = [
            # number, status, level, handler, opened, due, closed
            ("T-01", 10, 1, None, -30, 2, None),
            ("T-02", 20, 2, None, -40, 30, None),
            ("T-03", 30, 2, None, -50, -1, None),
            ("T-04", 30, 3, "E-1", -60, 100, None),
            ("T-05", 40, 4, "E-1", -70, 13, None),
            ("T-06", 50, 1, "E-1", -80, -20, None),
            ("T-07", 55, 1, "E-2", -90, -30, None),
            ("T-08", 60, 2, "E-2", -100, 40, None),
            ("T-09", 70, 2, "E-2", -110, 50, None),
            ("T-10", 80, 3, "E-1", -120, 5, None),
            ("T-11", 85, 3, "E-1", -130, 60, None),
            ("T-12", 90, 3, "E-1", -500, -300, -200),
        ]
        for number, status, level, handler, opened, due, closed in made:
            builders.ticket(
                owner, number, status=status, level=level, handler=handler, opened_at=hours(opened), due_at=hours(due),
                closed_at=hours(closed) if closed else None, finding="true" if closed else None,
            )  # fmt: skip
        for number, status in (("T-N1", 30), ("T-N2", 50), ("T-N3", 90)):
            builders.ticket(
                owner, number, NORTH_STATION, status=status, handler="E-N", opened_at=hours(-25), due_at=hours(70),
                closed_at=hours(-5) if status == 90 else None,
            )  # fmt: skip
        owner.execute("UPDATE audit_ticket SET anomaly_code = 'CH01' WHERE number IN ('T-02', 'T-06')")
        owner.execute("UPDATE audit_ticket SET customer_number = 'C-77' WHERE number IN ('T-05', 'T-12')")
        owner.execute("UPDATE audit_ticket SET district_code = 'D-5' WHERE number = 'T-09'")
        owner.execute(
            "UPDATE audit_ticket SET assigned_unit = '130202', assigned_path = 'jibei.1302.130202'"
            " WHERE number IN ('T-03', 'T-06')"
        )
        owner.execute("UPDATE audit_ticket SET review_level = 2 WHERE number = 'T-10'")


async def numbers(query: dict[str, str], who=BOSS, sort: str | None = None) -> list[str]:
    chosen = TicketFilter.from_query(query)
    page = await ticket_page(who, chosen, Sort.parse(sort, state=chosen.state), now=NOW)
    return [row["number"] for row in page.rows]


async def test_without_a_filter_all_open_ones_are_shown_the_most_urgent_first():
    shown = await numbers({})
    assert shown == [
        "T-07", "T-06", "T-03", "T-01", "T-10", "T-05", "T-02", "T-08", "T-09", "T-11", "T-N1", "T-N2", "T-04",
    ]  # fmt: skip


FILTERS = [
    ({"state": "closed"}, ["T-N3", "T-12"]),
    ({"status": "80,85"}, ["T-10", "T-11"]),
    ({"level": "1"}, ["T-07", "T-06", "T-01"]),
    ({"business": "CH"}, ["T-06", "T-02"]),
    ({"business": "CH", "anomaly": "DJ01"}, []),
    ({"unit": "1307"}, ["T-N1", "T-N2"]),
    ({"unit": "13070201"}, ["T-N1", "T-N2"]),
    ({"unit": "999"}, []),
    ({"handler": "E-2"}, ["T-07", "T-08", "T-09"]),
    ({"handler": "none", "status": "10,20,30"}, ["T-03", "T-01", "T-02"]),
    ({"q": "C-77", "state": "all"}, ["T-05", "T-12"]),
    ({"q": "D-5"}, ["T-09"]),
    ({"q": "T-11"}, ["T-11"]),
    ({"from": "2026-11-22", "to": "2026-11-22"}, ["T-03", "T-02"]),
    ({"bbox": "114,40,116,42"}, ["T-N1", "T-N2"]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=lambda value: str(value)[:60])
async def test_each_part_of_the_filter_narrows(query, expected):
    assert await numbers(query) == expected


@pytest.mark.parametrize("sort", ["due", "-level", "number"])
async def test_a_few_days_in_another_order_hold_the_same_rows(sort):
    query = {"state": "closed", "from": "2026-11-01", "to": "2026-11-24"}
    assert TicketFilter.from_query(query).is_short(Sort.parse(sort, state="closed"), NOW)
    assert sorted(await numbers(query, sort=sort)) == ["T-12", "T-N3"]


async def test_overdue_leaves_out_those_whose_clock_stands_still():
    """T-07 is suspended: its old deadline is none (domain sheet 1.2)."""
    assert await numbers({"due": "overdue"}) == ["T-06", "T-03"]


async def test_today_ends_at_midnight_in_shanghai():
    """T-05 is due in 13 hours, at 23:00; T-02 tomorrow at 16:00, which is within the 24 hours neither."""
    assert await numbers({"due": "today"}) == ["T-01", "T-10", "T-05"]
    assert await numbers({"due": "soon"}) == ["T-01", "T-10", "T-05"]


async def test_mine_is_an_inspectors_own_work_and_what_waits_for_a_supervisors_unit():
    inspector = viewer(SOUTH_STATION, "inspector", "E-1")
    assert await numbers({"mine": "1"}, inspector) == ["T-06", "T-10", "T-05", "T-11", "T-04"]
    assert await numbers({"mine": "1"}, COUNTY) == ["T-06", "T-03", "T-10"]


@pytest.mark.parametrize("name", sorted(SORTS))
@pytest.mark.parametrize("way", ["", "-"])
async def test_pages_follow_each_other_without_a_gap_and_without_a_repeat(name, way):
    chosen = TicketFilter(state="closed" if name == "closed" else "all")
    sort = Sort.parse(way + name, state=chosen.state)
    whole = [row["number"] for row in (await ticket_page(BOSS, chosen, sort, now=NOW)).rows]
    seen: list[str] = []
    after = None
    while True:
        page = await ticket_page(BOSS, chosen, sort, after=after, limit=1 if name == "closed" else 4, now=NOW)
        seen += [row["number"] for row in page.rows]
        if not page.more:
            break
        after = Anchor.of(page.rows[-1], sort)
    assert seen == whole
    assert len(set(seen)) == len(seen)


async def test_a_sorted_list_is_in_that_order():
    page = await ticket_page(BOSS, TicketFilter(), Sort("level", True), now=NOW)
    keys = [(row["level"], row["number"]) for row in page.rows]
    assert keys == sorted(keys, reverse=True)


async def test_a_row_carries_names_and_places_and_no_personal_data():
    chosen = TicketFilter.from_query({"q": "T-06"})
    (row,) = (await ticket_page(BOSS, chosen, Sort(), now=NOW)).rows
    assert (row["handler"], row["unit_en"], row["assigned_en"]) == ("Demo E-1", "Unit 13020201", "Unit 130202")
    assert (row["lon"], row["lat"]) == pytest.approx(PLACES[SOUTH_STATION])
    assert not {"customer", "phone", "address"} & set(row)


async def test_counts_by_state_fit_the_rows():
    counts = await ticket_counts(BOSS, TicketFilter(), now=NOW)
    assert (counts.total, counts.capped) == (13, False)
    assert counts.by_status[30] == 3
    assert (await ticket_counts(BOSS, TicketFilter.from_query({"state": "all"}), now=NOW)).total == 15


async def test_a_long_history_is_counted_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("data_access.ticket_list.COUNTED", 1)
    counts = await ticket_counts(BOSS, TicketFilter(state="closed"), now=NOW)
    assert (counts.total, counts.capped) == (1, True)


async def test_the_board_has_a_column_for_each_group_of_states_with_its_most_urgent_first():
    pages, counts = await board(BOSS, TicketFilter(), {"dispatched": 2}, now=NOW)
    shown = {name: [row["number"] for row in page.rows] for name, page in pages.items()}
    assert shown == {
        "new": ["T-01", "T-02"],
        "dispatched": ["T-03", "T-05"],
        "checking": ["T-07", "T-06", "T-N2"],
        "found": ["T-08"],
        "rectifying": ["T-09"],
        "review": ["T-10", "T-11"],
    }
    assert pages["dispatched"].more and not pages["new"].more
    assert sum(counts.by_status.values()) == counts.total == 13


def test_every_open_state_has_a_place_on_the_board():
    from data_access.ticket_filter import OPEN_STATUSES

    assert frozenset().union(*COLUMNS.values()) == OPEN_STATUSES


async def test_ready_made_views_say_how_much_they_hold():
    held = await view_counts(COUNTY, now=NOW)
    assert held == {
        "mine": 3, "overdue": 2, "today": 3, "dispatch": 3, "review": 1, "returned": 1, "open": 11,
    }  # fmt: skip
    for name, query in (("overdue", {"due": "overdue"}), ("dispatch", {"status": "10,20,30", "handler": "none"})):
        assert held[name] == len(await numbers(query, COUNTY))


async def test_points_for_the_map_have_a_place_and_stop_at_a_bound(monkeypatch):
    points, more = await ticket_points(BOSS, TicketFilter(), Sort(), now=NOW)
    assert len(points) == 13 and not more
    monkeypatch.setattr("data_access.ticket_list.POINTS", 2)
    points, more = await ticket_points(BOSS, TicketFilter(), Sort(), now=NOW)
    assert [point["number"] for point in points] == ["T-07", "T-06"] and more


async def test_an_export_holds_the_rows_of_the_list_in_its_order():
    chosen, sort = TicketFilter(state="all"), Sort("opened", True)
    blocks = [block async for block in export_rows(BOSS, chosen, sort, limit=5, now=NOW)]
    listed = await ticket_page(BOSS, chosen, sort, limit=5, now=NOW)
    assert [row["number"] for block in blocks for row in block] == [row["number"] for row in listed.rows]


async def test_units_to_choose_from_lie_below_ones_own():
    assert [unit["code"] for unit in await units_in_scope(BOSS)] == ["1302", "130202", "1307", "130702"]
    assert [unit["code"] for unit in await units_in_scope(COUNTY)] == ["130202", "13020201"]


async def test_a_viewer_of_one_county_meets_no_ticket_of_another():
    for query, _ in FILTERS:
        chosen = TicketFilter.from_query(query)
        page = await ticket_page(COUNTY, chosen, Sort.parse(None, state=chosen.state), now=NOW)
        points, _more = await ticket_points(COUNTY, chosen, Sort(), now=NOW)
        assert [row["number"] for row in [*page.rows, *points] if row["number"].startswith("T-N")] == []
    assert await numbers({"q": "T-N1"}, COUNTY) == []
    assert [row["number"] for row in await chosen_tickets(COUNTY, ["T-N1", "T-01"])] == ["T-01"]
    assert (await ticket_counts(COUNTY, TicketFilter.from_query({"unit": "1307", "state": "all"}), now=NOW)).total == 0


async def test_an_object_is_found_by_its_whole_number_in_ones_own_scope(owner):
    owner.execute(
        "INSERT INTO substation (code, name, county_code, org_path, voltage_kv, location) VALUES"
        " ('S', 'S', '130702', 'jibei.1307.130702.13070201', 110, 'SRID=4326;POINT(114 40)')"
    )
    owner.execute(
        "INSERT INTO feeder (code, name, substation_code, county_code, org_path, path) VALUES ('F', 'F', 'S', '130702',"
        " 'jibei.1307.130702.13070201', 'SRID=4326;MULTILINESTRING((114 40, 114.1 40))')"
    )
    owner.execute(
        "INSERT INTO transformer_district (county_code, code, name, kind, capacity_kva, feeder_code, org_path,"
        " location) VALUES ('130702', 'D-9', 'Nine', 'public', 400, 'F', 'jibei.1307.130702.13070201',"
        " 'SRID=4326;POINT(114 40)')"
    )
    (found,) = await find_objects(BOSS, "D-9")
    assert (found["kind"], found["district"], found["unit_en"]) == ("district", "Nine", "Unit 130702")
    assert await find_objects(COUNTY, "D-9") == []
    assert await find_objects(BOSS, "D-") == []


async def test_lists_keep_to_the_statements_that_they_declare():
    for query, most in (({}, 1), ({"unit": "1302"}, 2)):
        chosen = TicketFilter.from_query(query)
        for read in (
            lambda chosen: ticket_page(BOSS, chosen, Sort()),
            lambda chosen: ticket_counts(BOSS, chosen),
            lambda chosen: ticket_points(BOSS, chosen, Sort()),
        ):
            async with counting_statements() as statements:
                await read(chosen)
            assert len(statements) == most
        async with counting_statements() as statements:
            await board(BOSS, chosen, {})
        assert len(statements) == most + 1
    async with counting_statements() as statements:
        await view_counts(BOSS)
        await units_in_scope(BOSS)
        await chosen_tickets(BOSS, ["T-01"])
        await find_objects(BOSS, "C-77")
    assert len(statements) == 4


MISTAKES = [
    ({"state": "opened"}, "open, closed, all"),
    ({"status": "31"}, "10, 20, 30"),
    ({"level": "5"}, "1, 2, 3, 4"),
    ({"anomaly": "XX99"}, "YK01"),
    ({"unit": "1302;--"}, "code of an organisation"),
    ({"due": "later"}, "overdue, today, soon"),
    ({"mine": "yes"}, "1 or 0"),
    ({"from": "2026-11-24", "to": "2026-11-23"}, "not after"),
    ({"bbox": "1,2,3"}, "west,south,east,north"),
    ({"colour": "red"}, "one of the parameters"),
]


@pytest.mark.parametrize(("query", "expected"), MISTAKES, ids=lambda value: str(value)[:40])
def test_an_address_that_cannot_be_meant_says_what_would_be_right(query, expected):
    with pytest.raises(BadParameter) as told:
        TicketFilter.from_query(query)
    assert expected in str(told.value)


def test_an_unknown_order_says_which_there_are():
    with pytest.raises(BadParameter, match="due, opened"):
        Sort.parse("colour")
    with pytest.raises(BadParameter):
        Sort.parse("closed", state="open")
    assert set(PARAMETERS) >= {"state", "status", "unit"}
