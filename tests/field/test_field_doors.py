"""The phone's doors: my tickets, the one at hand, who may be called, my shift, my positions, who looked at me."""

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from data_access import own_phone
from data_access.energy_at_hand import expected_bill
from data_access.engine import counting_statements
from data_access.field_work import at_hand, my_work
from data_access.partitions import ensure_month_partitions
from settings import DISPLAY_ZONE
from tests import builders
from tests.builders import PLACES, SOUTH, SOUTH_STATION
from tests.field.conftest import CUSTOMER, first_of

PHONE, NAME, STREET = "00098765432", "Demo Customer", "Demo Street 7"


def fix(**changes):
    lon, lat = PLACES[SOUTH_STATION]
    return {"at": time.time() * 1000, "lon": lon, "lat": lat, "accuracy_m": 12, **changes}


async def test_my_tickets_are_those_in_hand_and_the_units_free_ones_by_deadline(me):
    work = (await me.get("/api/v1/field/tickets")).json()
    numbers = [ticket["number"] for ticket in work["tickets"]]
    assert numbers == ["F-DISPATCHED", "F-CHECKING", "F-FREE", "T-SOUTH"]
    assert {ticket["number"] for ticket in work["tickets"] if not ticket["mine"]} == {"F-FREE"}
    assert work["employee"] == "E-SOUTH"


async def test_the_list_masks_names_and_gives_places_in_both_systems(me):
    answer = await me.get("/api/v1/field/tickets")
    assert NAME not in answer.text and PHONE not in answer.text and STREET not in answer.text
    place = answer.json()["tickets"][0]["place"]
    assert (place["lon"], place["lat"]) == PLACES[SOUTH_STATION]
    assert (place["gcj_lon"], place["gcj_lat"]) == (118.186279, 39.631308)  # domain sheet 8, Tangshan


async def test_a_ticket_at_hand_says_where_what_and_what_comes_next(me):
    answer = await me.get("/api/v1/field/tickets/F-CHECKING")
    ticket = answer.json()
    assert ticket["meters"] == [{"number": "M1", "multiplier": 30}]
    assert (ticket["customer"], ticket["customer_number"]) == ("D**", CUSTOMER)
    assert [action["code"] for action in ticket["actions"] if action["next"]] == ["submit_finding"]
    assert {"note", "request_extension", "request_suspension"} <= {action["code"] for action in ticket["actions"]}
    assert ticket["presence_reason_needed"], "nobody has checked in"
    assert [word for word in (NAME, PHONE, STREET, "Demo Manager", "00012345678") if word in answer.text] == []


async def test_a_dispatched_ticket_offers_to_accept_and_to_decline(me):
    actions = (await me.get("/api/v1/field/tickets/F-DISPATCHED")).json()["actions"]
    assert [(action["code"], action["next"]) for action in actions][:2] == [("accept", True), ("decline", False)]


async def test_a_free_ticket_can_be_taken_but_a_colleagues_only_read(me):
    free = (await me.get("/api/v1/field/tickets/F-FREE")).json()
    theirs = (await me.get("/api/v1/field/tickets/F-COLLEAGUES")).json()
    assert "accept" in [action["code"] for action in free["actions"] if action["allowed"]]
    assert [action["code"] for action in theirs["actions"]] == ["note"]
    assert not theirs["may_reveal"]


async def test_a_number_is_told_to_the_handler_and_the_reveal_is_written_down(me, owner):
    answer = await me.post("/api/v1/field/tickets/F-CHECKING/reveal", json={"whom": "customer"})
    assert answer.json() == {"name": NAME, "phone": PHONE, "address": STREET}
    line = owner.execute(
        "SELECT subject, action, object_kind, detail->>'ticket' FROM audit_log WHERE object_key = %s", (CUSTOMER,)
    ).fetchone()
    assert line == ("inspector.south", "revealed", "customer", "F-CHECKING")
    manager = await me.post("/api/v1/field/tickets/F-CHECKING/reveal", json={"whom": "manager"})
    assert manager.json()["name"] == "Demo Manager"


@pytest.mark.parametrize("number", ["F-DISPATCHED", "F-FREE", "F-COLLEAGUES"])
async def test_nobody_is_told_about_a_ticket_that_is_not_at_work_in_the_own_hands(me, owner, number):
    before = owner.execute("SELECT count(*) FROM audit_log").fetchone()
    answer = await me.post(f"/api/v1/field/tickets/{number}/reveal", json={"whom": "customer"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_at_work")
    assert PHONE not in answer.text
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == before


@pytest.mark.parametrize("path", ["", "/energy"])
async def test_a_ticket_of_another_county_is_not_there(clients, path):
    answer = await clients["inspector.north"].get(f"/api/v1/field/tickets/F-CHECKING{path}")
    assert answer.status_code == 404
    answer = await clients["inspector.north"].post("/api/v1/field/tickets/F-CHECKING/reveal", json={"whom": "customer"})
    assert answer.status_code == 404


async def test_other_roles_get_no_field_work(clients):
    lead = clients["lead.south"]
    for path in ("/tickets", "/tickets/F-CHECKING", "/tickets/F-CHECKING/energy", "/looks"):
        assert (await lead.get(f"/api/v1/field{path}")).status_code == 403, path
    for path, content in (("/shift", {"on": True}), ("/positions", {"fixes": [fix()]})):
        assert (await lead.post(f"/api/v1/field{path}", json=content)).status_code == 403, path


async def test_positions_are_kept_while_the_shift_is_on_and_dropped_when_it_is_off(clients, owner):
    colleague = clients["colleague.south"]
    off = await colleague.post("/api/v1/field/positions", json={"fixes": [fix()]})
    assert off.json()["accepted"] == 0 and off.json()["rejected"][0]["reason"] == "off_shift"
    assert (await colleague.post("/api/v1/field/shift", json={"on": True})).json() == {"on": True, "changed": True}
    assert (await colleague.post("/api/v1/field/shift", json={"on": True})).json() == {"on": True, "changed": False}
    sent = fix(at=time.time() * 1000 + 50)
    assert (await colleague.post("/api/v1/field/positions", json={"fixes": [sent]})).json()["accepted"] == 1
    again = (await colleague.post("/api/v1/field/positions", json={"fixes": [sent]})).json()
    assert (again["accepted"], again["duplicates"]) == (0, 1), "a repeated request stores nothing twice"
    rows = owner.execute("SELECT employee_number FROM position_fix WHERE employee_number = 'E-SOUTH-2'").fetchall()
    assert rows == [("E-SOUTH-2",)]
    await colleague.post("/api/v1/field/shift", json={"on": False})
    on_map = owner.execute("SELECT on_shift FROM inspector_position WHERE employee_number = 'E-SOUTH-2'").fetchone()
    assert on_map == (False,)


async def test_what_is_no_fix_is_refused_by_name_and_loses_nothing_else(me):
    answer = await me.post("/api/v1/field/positions", json={"fixes": [{"at": "never"}, fix()]})
    assert [one["reason"] for one in answer.json()["rejected"]] == ["malformed"]
    assert answer.json()["accepted"] == 1


async def test_a_person_sees_who_looked_at_the_own_track_but_not_the_own_looks(clients, me):
    day = datetime.now(DISPLAY_ZONE).date().isoformat()
    for who in ("lead.south", "inspector.south"):
        assert (await clients[who].get("/api/v1/tracks/E-SOUTH", params={"day": day})).status_code == 200
    looks = (await me.get("/api/v1/field/looks")).json()["looks"]
    assert [(look["subject"], look["role"], look["day"]) for look in looks] == [("lead.south", "lead", day)]
    others = (await clients["colleague.south"].get("/api/v1/field/looks")).json()["looks"]
    assert others == [], "nobody sees who looked at a colleague"


async def test_the_load_curve_sets_this_month_beside_the_same_month_a_year_ago(me, owner):
    today = datetime.now(DISPLAY_ZONE).date()
    ensure_month_partitions(owner, "usage_month", first_of(today, 12), today)
    for months, days in ((0, "{100,NULL,250}"), (12, "{300,310,320}")):
        owner.execute(
            "INSERT INTO usage_month (county_code, month, customer_number, district_code, energy_kwh, daily_kwh,"
            " org_path) VALUES ('130202', %s, %s, 'D-SOUTH', 3.50, %s, %s)",
            (first_of(today, months), CUSTOMER, days, SOUTH_STATION),
        )
    energy = (await me.get("/api/v1/field/tickets/F-CHECKING/energy")).json()
    assert energy["this"]["kwh"] == ["1.00", None, "2.50"], "a day without a reading is no zero"
    assert energy["year_ago"]["kwh"] == ["3.00", "3.10", "3.20"]
    assert energy["expected"] is None, "without a bill there is no price to expect one from"


def test_an_expected_bill_carries_the_days_on_at_the_mean_price_of_the_newest_bill():
    month = {"month": datetime(2026, 11, 1, tzinfo=UTC).date(), "daily_kwh": [Decimal(10), None, Decimal("11.00")]}
    bills = [
        {"billed_kwh": Decimal(200), "total": Decimal("104.00"), "month": datetime(2026, 10, 1, tzinfo=UTC).date()}
    ]
    found = expected_bill(month, bills)
    assert found is not None
    assert (found["kwh"], found["price"], found["yuan"]) == (Decimal("315.00"), Decimal("0.5200"), Decimal("163.80"))
    assert expected_bill(month, []) is None
    assert expected_bill({**month, "daily_kwh": [None]}, bills) is None


async def test_the_list_and_a_ticket_cost_a_fixed_number_of_statements(app):
    viewer = builders.viewer(SOUTH, "inspector", "E-SOUTH")
    async with counting_statements() as statements:
        await my_work(viewer)
    assert len(statements) == 2
    async with counting_statements() as statements:
        await at_hand(viewer, "F-CHECKING", datetime.now(UTC))
    assert len(statements) <= 9


async def test_only_an_inspectors_own_session_is_a_phone(app):
    assert await own_phone.own_phone(builders.viewer(SOUTH, "lead")) is None
    assert await own_phone.own_phone(builders.viewer(SOUTH, "inspector", "E-NORTH")) is None, "out of sight"
    found = await own_phone.own_phone(builders.viewer(SOUTH, "inspector", "E-SOUTH"))
    assert found is not None and found.employee_number == "E-SOUTH"
