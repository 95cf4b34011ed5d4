"""Tickets over HTTP: the same rules as everywhere, errors that say what was wrong, tokens that may only report."""

from uuid import uuid4

import psycopg
import pytest

from data_access import users
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, PROVINCE, SOUTH
from tests.tickets.arrange import CITY, customer, utility

ACCOUNTS = {
    "dispatcher": ("supervisor", PROVINCE, "O-PROVINCE"),
    "city": ("supervisor", CITY, "O-CITY"),
    "county": ("supervisor", SOUTH, "O-COUNTY"),
    "inspector": ("inspector", SOUTH, "I-SOUTH"),
    "north": ("supervisor", NORTH, "O-NORTH"),
    "manager": ("manager", PROVINCE, None),
}


@pytest.fixture(scope="module")
async def app(database):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        utility(owner)
    for login, (role, path, employee) in ACCOUNTS.items():
        await users.create_user(
            login, PASSWORD, display_name=login, role=role, org_path=path, employee_number=employee, language="en"
        )
    users.forget()
    async with running(front_door.server) as server:
        yield server


@pytest.fixture(scope="module")
async def people(app):
    found = {}
    for login in ACCOUNTS:
        found[login] = browser(app)
        answer = await found[login].post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
    yield found
    for client in found.values():
        await client.aclose()


@pytest.fixture
async def number(people, owner) -> str:
    given = {"customer_number": customer(owner, uuid4().hex[:12], "D13020201"), "anomaly_code": "DJ01"}
    answer = await people["dispatcher"].post("/api/v1/tickets", json={"change_id": str(uuid4()), **given})
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


async def act(client, number: str, action: str, based_on: int, **fields):
    body = {"change_id": str(uuid4()), "based_on": based_on, "action": action, "fields": fields}
    return await client.post(f"/api/v1/tickets/{number}/actions", json=body)


async def test_an_action_answers_with_the_new_version_and_is_seen_at_once(people, number):
    answer = await act(people["dispatcher"], number, "prescreen", 1)
    assert answer.json() == {"number": number, "version": 2, "status": 20, "merged": False, "repeated": False}
    whole = (await people["county"].get(f"/api/v1/tickets/{number}")).json()
    assert (whole["ticket"]["status"], whole["clock"]["urgency"]) == (20, "in_time")
    assert [event["kind"] for event in whole["events"]] == ["generated", "prescreen"]
    assert {"action": "dispatch", "allowed": False, "why": "part_in_charge", "missing": []} in whole["offers"]
    events = await people["county"].get(f"/api/v1/tickets/{number}/events", params={"after": "1"})
    assert [event["sequence"] for event in events.json()["events"]] == [2]


async def test_a_stale_change_is_answered_with_what_changed(people, number):
    await act(people["dispatcher"], number, "prescreen", 1)
    answer = await act(people["dispatcher"], number, "void", 1, reason="Not plausible.")
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "stale"
    assert [(one["sequence"], one["kind"], one["actor"]) for one in error["details"]] == [
        (2, "prescreen", "O-PROVINCE")
    ]


@pytest.mark.parametrize(
    ("who", "action", "fields", "status", "code", "detail"),
    [
        ("county", "prescreen", {}, 403, "not_allowed", {"why": "part_province", "missing": []}),
        ("manager", "note", {"text": "x"}, 403, "not_allowed", {"why": "read_only", "missing": []}),
        ("dispatcher", "fly", {}, 403, "not_allowed", {"why": "unknown_action", "missing": []}),
        ("dispatcher", "set_amounts", {}, 403, "not_allowed", {"why": "wrong_status", "missing": []}),
        ("dispatcher", "merge", {}, 403, "not_allowed", {"why": "own_door", "missing": []}),
        (
            "dispatcher", "void", {}, 422, "fields_wrong",
            {"where": "reason", "problem": "required", "limit": None, "choices": []},
        ),
        (
            "dispatcher", "note", {"text": "x" * 2_001}, 422, "fields_wrong",
            {"where": "text", "problem": "too_long", "limit": 2_000, "choices": []},
        ),
        (
            "dispatcher", "note", {"text": "a\0b"}, 422, "fields_wrong",
            {"where": "fields", "problem": "characters", "limit": None, "choices": []},
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_told_with_its_reason(people, number, who, action, fields, status, code, detail):
    answer = await act(people[who], number, action, 1, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.json()["error"]["details"] == [detail]


async def test_a_repeated_request_gets_its_answer_again_and_another_content_is_refused(people, number):
    body = {"change_id": str(uuid4()), "based_on": 1, "action": "note", "fields": {"text": "One."}}
    address = f"/api/v1/tickets/{number}/actions"
    first, again = [(await people["county"].post(address, json=body)).json() for _ in range(2)]
    assert again == {**first, "repeated": True}
    other = await people["county"].post(address, json={**body, "fields": {"text": "Two."}})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "change_id_reused")


async def test_the_north_finds_nothing_at_any_door_of_a_southern_ticket(people, number):
    north = people["north"]
    for path in ("", "/events", "/inspectors"):
        assert (await north.get(f"/api/v1/tickets/{number}{path}")).status_code == 404
    assert (await act(north, number, "note", 1, text="x")).status_code == 404
    assert number not in (await north.get("/api/v1/tickets")).text


async def test_the_list_goes_on_where_its_page_ended(people, owner):
    for _ in range(5):
        given = {"customer_number": customer(owner, uuid4().hex[:12], "D13020201"), "anomaly_code": "CH01"}
        await people["dispatcher"].post("/api/v1/tickets", json={"change_id": str(uuid4()), **given})
    seen, cursor = [], None
    while True:
        query = {"limit": "2", "anomaly": "CH01", **({"cursor": cursor} if cursor else {})}
        answer = (await people["county"].get("/api/v1/tickets", params=query)).json()
        seen += [row["number"] for row in answer["tickets"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    for wrong in ({"cursor": "nonsense"}, {"limit": "0"}, {"colour": "red"}, {"sort": "beauty"}):
        assert (await people["county"].get("/api/v1/tickets", params=wrong)).status_code == 422


async def test_suitable_inspectors_come_with_their_reasons(people, number, owner):
    owner.execute(
        "INSERT INTO inspector_position (employee_number, county_code, org_path, fixed_at, received_at, longitude,"
        " latitude, activity, on_shift) VALUES ('I-SOUTH-2', '130202', %s, now(), now(), 118.19, 39.63, 'way', true)"
        " ON CONFLICT DO NOTHING",
        (SOUTH,),
    )
    found = (await people["county"].get(f"/api/v1/tickets/{number}/inspectors")).json()["inspectors"]
    assert [one["number"] for one in found] == ["I-SOUTH-2", "I-SOUTH"]
    assert found[0]["on_shift"] and 500 < found[0]["distance_m"] < 1_500 and found[1]["distance_m"] is None
    assert found[0]["points"] == sum(found[0]["parts"].values())


async def test_another_system_reports_a_suspicion_but_decides_nothing(app, owner):
    new = {"customer_number": customer(owner, uuid4().hex[:12], "D13020201"), "anomaly_code": "JL01"}
    reader = (await users.make_api_token("reader", SOUTH, role="lead")).secret
    reporter = (await users.make_api_token("meter data", SOUTH, role="supervisor")).secret
    async with browser(app, Authorization=f"Bearer {reader}") as client:
        answer = await client.post("/api/v1/tickets", json={"change_id": str(uuid4()), **new})
        assert (answer.status_code, answer.json()["error"]["details"][0]["why"]) == (403, "read_only")
    async with browser(app, Authorization=f"Bearer {reporter}") as client:
        answer = await client.post("/api/v1/tickets", json={"change_id": str(uuid4()), **new})
        assert answer.status_code == 201
        number = answer.json()["number"]
        assert (await act(client, number, "note", 1, text="x")).status_code == 403
        whole = (await client.get(f"/api/v1/tickets/{number}")).json()
    assert (whole["ticket"]["origin"], whole["ticket"]["created_by"]) == ("api", "api:meter data")
