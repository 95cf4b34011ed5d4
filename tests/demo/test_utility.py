"""The made-up utility before it is written: deterministic, inside its borders, with believable histories."""

import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
import shapely

from audit.chain import verify
from audit.workflow import review_chain
from audit.workflow_actions import ACTIONS
from audit.workflow_missing import missing_for_archive
from audit.workflow_states import CLOSED, Status, may_follow
from demo.grid import county_path
from demo.load import Utility, fingerprint, make_utility
from demo.people import units
from demo.randomness import Streams
from demo.shifts import shift_at, shifts_between
from demo.size import SIZES
from demo.territory import counties, distance_m, prefectures, shares
from demo.tracks import ShiftTrack, make_tracks
from demo.truth import plant
from settings import DISPLAY_ZONE

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
SEED = 11
SIZE = SIZES["small"]


@pytest.fixture(scope="module")
def utility() -> Utility:
    return make_utility(SIZE, SEED, NOW)


@pytest.fixture(scope="module")
def tracks(utility: Utility) -> list[ShiftTrack]:
    return list(make_tracks(SIZE, utility.grid, utility.staff, utility.tickets, Streams(SEED), NOW))


def test_the_same_seed_and_time_give_the_same_rows(utility: Utility, tracks: list[ShiftTrack]) -> None:
    again = make_utility(SIZE, SEED, NOW)
    assert fingerprint(again, SEED, NOW) == fingerprint(utility, SEED, NOW)
    moved = list(make_tracks(SIZE, again.grid, again.staff, again.tickets, Streams(SEED), NOW))

    def checksum(shifts: list[ShiftTrack]) -> int:
        return zlib.crc32(b"".join(shift.at.tobytes() + shift.points.tobytes() for shift in shifts))

    assert checksum(moved) == checksum(tracks)


def test_another_seed_gives_another_utility(utility: Utility) -> None:
    assert fingerprint(make_utility(SIZE, SEED + 1, NOW), SEED + 1, NOW) != fingerprint(utility, SEED, NOW)


def test_counts_are_those_of_the_size(utility: Utility) -> None:
    assert len(counties()) == 58
    assert len(utility.grid.districts) == SIZE.districts
    assert len(utility.accounts) == SIZE.customers
    assert len(utility.staff.inspectors) == SIZE.inspectors
    assert len(utility.points) == SIZE.risk_points
    assert abs(len(utility.tickets) - SIZE.tickets) <= 0.1 * SIZE.tickets
    assert sum(district.is_dedicated for district in utility.grid.districts) > 0
    # Every county has somebody and something.
    assert {person.county_code for person in utility.staff.inspectors} == {county.code for county in counties()}
    assert min(Counter(d.station.county.code for d in utility.grid.districts).values()) >= 3


def test_langfang_lies_in_parts_and_borders_have_no_gaps() -> None:
    border = prefectures()["1310"][2]
    assert border.geom_type == "MultiPolygon"
    north = next(county for county in counties() if county.name_zh == "三河市")
    part = next(piece for piece in border.geoms if piece.contains(shapely.Point(north.seats[0])))
    seat = next(county for county in counties() if county.name_zh == "广阳区")
    assert not part.contains(shapely.Point(seat.seats[0]))
    assert part.distance(shapely.Point(seat.seats[0])) > 0.2
    assert shapely.coverage_is_valid([county.border for county in counties()])
    # Beijing lies inside the hull and is not ours.
    assert not any(county.border.contains(shapely.Point(116.40, 39.91)) for county in counties())


def test_everything_lies_inside_its_county(utility: Utility) -> None:
    for district in utility.grid.districts:
        border = district.station.county.border
        assert border.contains(shapely.Point(district.place)), district.code
        assert district.station.area.contains(shapely.Point(district.place))
    places = {county.code: ([], []) for county in counties()}
    for account in utility.accounts:
        for axis, value in enumerate((account.longitude, account.latitude)):
            places[account.district.station.county.code][axis].append(value)
    for county in counties():
        assert shapely.contains_xy(county.border, *map(np.array, places[county.code])).all(), county.name_zh
    for substation in utility.grid.substations:
        assert substation.county.border.contains(shapely.Point(substation.place))


def test_customers_stand_along_the_streets_of_their_district(utility: Utility) -> None:
    for account in utility.accounts[::7]:
        nearest = min(
            distance_m((account.longitude, account.latitude), (point[0], point[1]))
            for point in account.district.layout.points().tolist()
        )
        assert nearest < 25


def test_org_paths_name_province_city_county_station(utility: Utility) -> None:
    rows = {row[0]: row for row in units(utility.grid)}
    assert rows["1302"][6] == "jibei.1302"
    assert rows["130202"][6] == "jibei.1302.130202" == county_path("130202")
    for code, parent, level, *_ in rows.values():
        path = rows[code][6]
        assert path.split(".")[-1] == code
        assert len(path.split(".")) == level + 1
        assert parent is None or path == f"{rows[parent][6]}.{code}"
    assert all(row[7].geom_type == "MultiPolygon" and row[7].is_valid for row in rows.values())


def test_stations_share_out_their_county(utility: Utility) -> None:
    for county in counties():
        areas = [station.area for station in utility.grid.stations if station.county.code == county.code]
        assert sum(area.area for area in areas) == pytest.approx(county.border.area, rel=1e-3)


def test_feeders_reach_every_district_over_roads(utility: Utility) -> None:
    by_feeder = {feeder.code: feeder for feeder in utility.grid.feeders}
    for district in utility.grid.districts:
        feeder = by_feeder[district.feeder_code]
        roads = utility.grid.roads[district.station.county.code]
        ends = {roads.places[index] for way in feeder.ways for index in way}
        assert not feeder.ways or district.place in ends


def test_tickets_walk_only_allowed_ways_and_their_chains_hold(utility: Utility) -> None:
    for ticket in utility.tickets:
        assert verify(ticket.events, expected_count=len(ticket.events)) is None
        before = None
        for event in ticket.events:
            assert event["from_status"] == before
            assert before == event["to_status"] or may_follow(before, event["to_status"])
            before = event["to_status"]
        assert before == ticket.status
        assert (ticket.closed_at is not None) == (ticket.status in CLOSED)
        assert all(one["at"] < other["at"] for one, other in pairwise(ticket.events))
        assert ticket.events[-1]["at"] <= NOW


def test_nobody_reviews_the_own_ticket(utility: Utility) -> None:
    for ticket in utility.tickets:
        workers = {event["actor"] for event in ticket.events if event["kind"].startswith(("submit", "resubmit"))}
        reviewers = {event["actor"] for event in ticket.events if event["kind"] in ("pass_review", "return")}
        assert not workers & reviewers


def test_what_was_archived_has_all_that_the_archive_needs(utility: Utility) -> None:
    archived = [ticket for ticket in utility.tickets if ticket.status is Status.ARCHIVED]
    assert len(archived) > SIZE.tickets / 2
    for ticket in archived:
        assert missing_for_archive(ticket.facts) == ()
        levels = [event["body"]["level"] for event in ticket.events if event["kind"] == "pass_review"]
        assert levels[-1] == review_chain(ticket.facts)[-1]


def test_the_rare_ways_happen_too(utility: Utility) -> None:
    kinds = Counter(event["kind"] for ticket in utility.tickets for event in ticket.events)
    rare = {"void", "reassign", "suspend", "resume", "extend", "return", "remind", "supervise", "set_amounts"}
    assert rare <= set(kinds)
    assert set(kinds) - {"generated"} <= set(ACTIONS)


def test_an_object_has_one_open_ticket_of_a_topic(utility: Utility) -> None:
    objects = Counter(
        (ticket.risk.code, ticket.risk.account.number if ticket.risk.account else ticket.risk.district.code)
        for ticket in utility.tickets
        if ticket.closed_at is None
    )
    assert max(objects.values()) == 1


def test_some_tickets_are_open_and_a_few_are_late(utility: Utility) -> None:
    still = [ticket for ticket in utility.tickets if ticket.closed_at is None]
    assert 0.4 * SIZE.open_tickets < len(still) < 1.6 * SIZE.open_tickets
    assert sum(ticket.due_at < NOW for ticket in still) < len(still) / 3
    assert len({ticket.status for ticket in still}) >= 5
    checked = [ticket for ticket in utility.tickets if any(event["to_status"] == 50 for event in ticket.events)]
    late = [
        ticket
        for ticket in checked
        if any(event["kind"] == "supervise" and event["to_status"] == 50 for event in ticket.events)
    ]
    assert 0.02 < len(late) / len(checked) < 0.3


def test_only_confirmed_tickets_bring_money_and_breach_stays_within_the_rules(utility: Utility) -> None:
    for ticket in utility.tickets:
        if ticket.finding != "true":
            assert ticket.facts.recovered_yuan is None and ticket.facts.breach_yuan is None
        if ticket.facts.breach_yuan is not None:
            assert ticket.facts.recovered_yuan is not None
            assert 0 <= ticket.facts.breach_yuan <= 3 * ticket.facts.recovered_yuan + Decimal("0.02")
    assert any(ticket.facts.breach_yuan for ticket in utility.tickets)


def test_detection_is_imperfect_and_the_truth_knows(utility: Utility) -> None:
    seen = {point.planted.number for point in utility.points if point.planted}
    missed = [planted for planted in utility.planted if planted.number not in seen]
    false = [point for point in utility.points if point.planted is None]
    assert 0.05 < len(missed) / len(utility.planted) < 0.6
    assert 0.2 < len(false) / len(utility.points) < 0.7
    for point in utility.points:
        if point.planted:
            assert point.planted.code == point.code and point.planted.account == point.account
            assert point.at.astimezone(DISPLAY_ZONE).date() >= point.planted.started
    # Those who check find most true ones true and most false alarms false.
    checked = [ticket for ticket in utility.tickets if ticket.finding]
    right = sum((ticket.finding == "true") == (ticket.risk.planted is not None) for ticket in checked)
    assert right / len(checked) > 0.8


def test_history_covers_the_months_and_has_seasons(utility: Utility) -> None:
    days = [point.at for point in utility.points]
    assert NOW - max(days) < timedelta(days=3)
    assert timedelta(days=690) < NOW - min(days) < timedelta(days=745)
    many = plant(replace(SIZE, risk_points=20_000), utility.grid, utility.accounts, Streams(SEED), NOW.date())
    heating = [p.started.month for p in many if p.code == "DJ11" and p.hot_spot is None]
    assert len(heating) > 20
    assert sum(month in (1, 2, 3, 11, 12) for month in heating) > 0.6 * len(heating)


def test_hot_spots_are_dense(utility: Utility) -> None:
    """A hot spot's anomalies lie within some kilometres of each other."""
    spots: dict[int, list[tuple[float, float]]] = {}
    for planted in utility.planted:
        if planted.hot_spot:
            spots.setdefault(planted.hot_spot, []).append(planted.district.place)
    assert len(spots) >= SIZE.hot_spots / 2
    for places in spots.values():
        assert max(distance_m(places[0], place) for place in places) < 25_000


def test_tracks_move_at_believable_speeds_inside_the_county(utility: Utility, tracks: list[ShiftTrack]) -> None:
    whole = {
        county.code: county.border.buffer(0.01)
        for county in counties()
        if sum(part.area > 0.005 for part in county.border.geoms) == 1  # Between two parts the way leads outside.
    }
    assert len(whole) > 50
    inside: list[float] = []
    for track in tracks:
        if len(track.at) < 2:
            continue
        step = np.diff(track.at)
        east = np.diff(track.points[:, 0]) * np.cos(np.radians(track.points[1:, 1]))
        metres = np.hypot(east, np.diff(track.points[:, 1])) * 111_195
        assert step.min() > 0
        assert (metres / step * 3.6).max() < 120  # Domain sheet 1.8: jumps are above 120 km/h.
        assert np.median(step) == pytest.approx(45, abs=8)
        if border := whole.get(track.person.county_code or ""):
            inside.append(shapely.contains_xy(border, *track.points.T).mean())
    # A road may cut the corner of a winding border.
    assert min(inside) > 0.9
    assert np.mean(inside) > 0.995


def test_shifts_end_before_now_or_are_still_on(tracks: list[ShiftTrack]) -> None:
    for track in tracks:
        assert track.begin < NOW
        assert track.end is None or track.end <= NOW
        assert not len(track.at) or track.at[-1] <= NOW.timestamp()
    on = {track.person.number for track in tracks if track.end is None}
    assert 20 <= len(on) <= 45


@pytest.mark.parametrize("hour", range(24))
def test_at_any_hour_a_third_is_on_duty(hour: int) -> None:
    moment = datetime(2026, 11, 24, hour, 40, tzinfo=DISPLAY_ZONE)
    on = [order for order in range(60) if shift_at(order, moment)]
    assert len(on) >= 18


def test_a_shift_is_one_span_and_shifts_do_not_overlap() -> None:
    spans = shifts_between(4, NOW - timedelta(days=3), NOW + timedelta(days=3))
    assert len(spans) >= 6
    assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_people_and_accounts_are_nobodies(utility: Utility) -> None:
    assert all(person.phone.startswith("000") for person in utility.staff.people)
    assert all(account.phone.startswith("000") for account in utility.accounts)
    firms = [account for account in utility.accounts if account.category != "residential"]
    assert all(account.name.startswith("示例") for account in firms)


def test_shares_lose_nothing() -> None:
    assert shares([1.0, 2.0, 7.0], 100, 0) == [10, 20, 70]
    assert sum(shares([0.3, 0.3, 0.4], 11, 1)) == 11
    assert shares([5.0, 1.0], 2, 3) == [3, 3]


def test_statuses_have_a_deadline(utility: Utility) -> None:
    for ticket in utility.tickets:
        assert ticket.due_at > ticket.opened_at
        if ticket.status == Status.SUSPENDED:
            assert timedelta(0) < ticket.due_at - ticket.events[-1]["at"] <= timedelta(days=30)
