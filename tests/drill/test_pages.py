"""The pages of districts and customers through the door: what they show, callbacks, files; the north stays closed."""

import io
import json
from typing import Any

import httpx
import psycopg
import pytest
from python_calamine import CalamineWorkbook

from data_access import users
from data_access.billing_runs import queue_run
from jobs.worker import run_worker
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, SOUTH, viewer
from tests.drill import arrange
from tests.drill.arrange import BEFORE, MONTH

LOSS_DAY = {"points": [{"x": "2026-10-05"}]}
CLICKS = [
    ("district-list.children", "customers"), ("district-list.children", "risks"), ("district-list.children", "tickets"),
    ("district-list.children", "problems"), ("district-list.children", "visits"), ("district-list.children", "similar"),
    ("..district-customers.data...district-legend.children..", "risk"),
    ("..district-customers.data...district-legend.children..", "loss"),
    ("..district-customers.data...district-legend.children..", "category"),
    ("district-picked.children", {"properties": {"key": "C-{side}-1"}}),
    ("..district-day-panel.children...district-day.data..", LOSS_DAY),
    ("customer-list.children", "bills"), ("customer-list.children", "readings"), ("customer-list.children", "file"),
    ("customer-list.children", "risks"), ("customer-list.children", "tickets"), ("customer-list.children", "problems"),
    ("customer-list.children", "corrections"), ("customer-usage.figure", "day"), ("customer-usage.figure", "month"),
    ("customer-revealed.children", 1),
]  # fmt: skip
"""Callback and the value of its first input; what the other inputs and the states hold is in `send`."""


@pytest.fixture(scope="module")
async def app(database: str):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        arrange.utility(owner)
    for side, path in (("south", SOUTH), ("north", NORTH)):
        for role in ("manager", "supervisor"):
            await users.create_user(
                f"{role}.{side}", PASSWORD, display_name="Demo", role=role, org_path=path, language="en"
            )
    for county, path in (("130202", SOUTH), ("130702", NORTH)):
        for month in (BEFORE, MONTH):
            await queue_run(viewer(path, "admin"), county, month)
    await run_worker(wait=False)
    users.forget()
    async with running(front_door.server) as server:
        yield server


@pytest.fixture(scope="module")
async def clients(app):
    found = {}
    for login in ("manager.south", "supervisor.south", "supervisor.north"):
        found[login] = browser(app)
        answer = await found[login].post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
    yield found
    for client in found.values():
        await client.aclose()


async def page(client: httpx.AsyncClient, path: str, search: str = "") -> str:
    import app as front_door

    output = next(key for key in front_door.dash_app.callback_map if "_pages_content" in key)
    call = {
        "output": output,
        "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": search},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    answer = await client.post("/_dash-update-component", json=call)
    assert answer.status_code == 200 and "sideUpdate" not in answer.json(), answer.text[:2_000]
    return plain(answer)


def plain(answer: httpx.Response) -> str:
    """An answer as text without escapes."""
    return json.dumps(answer.json(), ensure_ascii=False) if answer.content else ""


async def send(client: httpx.AsyncClient, output: str, value: Any, side: str) -> httpx.Response:
    """One callback of the page of the district or customer of a side."""
    import app as front_door

    entry = front_door.dash_app.callback_map[output]
    asked = {"code": f"D-{side}", "number": f"C-{side}-1", "month": "2026-10", "language": "en"}
    states = {"district-asked": asked, "customer-asked": asked, "customer-reason": "a good reason"}
    value = json.loads(json.dumps(value).replace("{side}", side))
    inputs = [{**one, "value": value if n == 0 else None} for n, one in enumerate(entry["inputs"])]
    parts = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
    outputs: Any = [{"id": name, "property": prop} for name, prop in parts]
    call = {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": [{**one, "value": states.get(one["id"])} for one in entry["state"]],
        "changedPropIds": [f"{inputs[0]['id']}.{inputs[0]['property']}"],
    }
    return await client.post("/_dash-update-component", json=call)


@pytest.mark.parametrize(("output", "value"), CLICKS)
async def test_each_callback_tells_the_north_of_itself_and_the_south_nothing(clients, output, value):
    own = await send(clients["supervisor.north"], output, value, "NORTH")
    foreign = await send(clients["supervisor.south"], output, value, "NORTH")
    assert own.status_code == 200, own.text
    assert foreign.status_code in (200, 204), foreign.text
    for word in ("王", "District NORTH", "T-NORTH", "R-NORTH", "P-NORTH", "1610", "114.88", "C-NORTH-2"):
        assert word not in plain(foreign), (word, foreign.text[:500])


async def test_a_district_shows_its_figures_its_balance_and_its_ways_on(clients):
    text = await page(clients["manager.south"], "/districts/D-SOUTH", "?month=2026-10&tab=tickets&day=2026-10-05")
    for said in (
        "District SOUTH",
        "10.00 %",
        "T-SOUTH",
        "/customers/C-SOUTH-1",
        "2026-10-05",
        "not computable",
    ):
        assert said in text, said
    assert "13800001234" not in text and "138******34" in text


async def test_a_customer_shows_bill_line_by_line_and_why(clients):
    text = await page(clients["manager.south"], "/customers/C-SOUTH-1", "?month=2026-10&lang=en")
    for said in ("C-SOUTH-1-202610-0", "Residential energy", "310 kWh", "/districts/D-SOUTH", "What changed against"):
        assert said in text, said
    assert "王SOUTH" not in text and "13800005678" not in text, "names and phones are masked"


@pytest.mark.parametrize("path", ["/districts/D-NORTH", "/customers/C-NORTH-1", "/districts/nothing", "/customers/%00"])
async def test_what_is_out_of_sight_is_not_there(clients, path):
    text = await page(clients["manager.south"], path)
    assert "was not found" in text and "NORTH" not in text.replace("/districts/D-NORTH", "")


@pytest.mark.parametrize(
    "search", ["?month=soon&tab=none&colour=pink&span=9&day=never", "?month=2099-01&by=hour&over=x&bill=1-2-3", "?tab="]
)
async def test_an_address_that_nobody_can_read_takes_the_defaults(clients, search):
    assert "District SOUTH" in await page(clients["manager.south"], "/districts/D-SOUTH", search)
    assert "C-SOUTH-1" in await page(clients["manager.south"], "/customers/C-SOUTH-1", search)


async def test_a_reveal_is_for_those_who_may_and_needs_its_reason(clients, owner):
    shown = await send(clients["supervisor.south"], "customer-revealed.children", 1, "SOUTH")
    assert "13800005678" in plain(shown)
    refused = await send(clients["manager.south"], "customer-revealed.children", 1, "SOUTH")
    assert "13800005678" not in plain(refused)
    lines = owner.execute("SELECT subject FROM audit_log WHERE action = 'revealed' AND object_key = 'C-SOUTH-1'")
    assert lines.fetchall() == [("supervisor.south",)]


@pytest.mark.parametrize(
    ("path", "rows", "kinds"),
    [
        ("/api/v1/districts/D-{side}/customers", 3, ("xlsx", "csv", "gpkg")),
        ("/api/v1/districts/D-{side}/energy", 31, ("xlsx", "csv")),
        ("/api/v1/customers/C-{side}-1/usage", 3, ("xlsx", "csv")),
        ("/api/v1/customers/C-{side}-1/bills", 2, ("xlsx", "csv")),
        ("/api/v1/customers/C-{side}-1/readings", 4, ("xlsx", "csv")),
    ],
)
async def test_files_hold_what_the_page_shows_and_nothing_of_the_north(clients, path, rows, kinds):
    client, query = clients["manager.south"], {"month": "2026-10", "lang": "en"}
    for kind in kinds:
        own = await client.get(f"{path.format(side='SOUTH')}.{kind}", params=query)
        assert own.status_code == 200, own.text
        assert "attachment" in own.headers["content-disposition"]
        if kind == "xlsx":
            sheet = CalamineWorkbook.from_filelike(io.BytesIO(own.content)).get_sheet_by_index(0).to_python()
            assert len(sheet) == rows + 2, "a note, the head, the rows"
        if kind == "csv":
            assert "王SOUTH" not in own.text
        foreign = await client.get(f"{path.format(side='NORTH')}.{kind}", params=query)
        assert foreign.status_code == 404


@pytest.mark.parametrize("query", [{"month": "2026-13"}, {"month": "soon"}, {"span": "99"}])
async def test_a_month_that_cannot_be_meant_is_refused_with_what_would_be_right(clients, query):
    answer = await clients["manager.south"].get("/api/v1/districts/D-SOUTH/energy.csv", params=query)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]
