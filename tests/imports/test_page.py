"""Imports from the page: an administrator's file is a job with progress; nobody else hands one in or reads a report."""

from typing import Any

import psycopg
import pytest

from data_access import imports, users
from jobs.imports.kinds import KINDS
from jobs.worker import run_worker
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, SOUTH
from tests.imports.test_imports import CUSTOMERS
from tests.isolation.twins import build

PATH = "/api/v1/imports"


@pytest.fixture(scope="module")
async def app(database: str):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        build(owner)
    for login, role, path in (
        ("admin.s", "admin", SOUTH),
        ("admin.n", "admin", NORTH),
        ("manager.s", "manager", SOUTH),
    ):
        await users.create_user(login, PASSWORD, display_name="Demo", role=role, org_path=path, language="en")
    users.forget()
    async with running(front_door.server) as server:
        yield server


async def entered(app: Any, login: str) -> Any:
    client = browser(app)
    assert (await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})).status_code == 200
    return client


async def handed_in(client: Any, content: str, name: str = "customers.csv", **fields: str) -> Any:
    data = {"kind": "customers", "system": "wgs84", **fields}
    return await client.post(PATH, data=data, files={"file": (name, content.encode(), "text/csv")})


async def latest(login_path: str) -> dict[str, Any]:
    from tests.builders import viewer

    return (await imports.recent(viewer(login_path, "admin")))[0]


async def test_a_file_is_queued_done_by_the_worker_and_then_forgotten(app, database, owner):
    client = await entered(app, "admin.s")
    answer = await handed_in(client, CUSTOMERS)
    assert answer.status_code == 202, answer.text
    number = answer.json()["number"]
    assert (await latest(SOUTH))["state"] == "queued"
    await run_worker(database, wait=False)
    row = await latest(SOUTH)
    assert (row["id"], row["state"], row["rows_read"], row["rows_new"]) == (number, "done", 2, 2)
    stored = owner.execute("SELECT content, length(sha256), requested_by FROM data_import WHERE id = %s", (number,))
    assert stored.fetchone() == (None, 64, "admin.s")
    line = owner.execute("SELECT subject FROM audit_log WHERE object_kind = 'data_import' AND object_key = %s",
                         (str(number),)).fetchone()  # fmt: skip
    assert line == ("admin.s",)


async def test_the_report_is_for_the_administrators_of_that_unit(app, database):
    south, north = await entered(app, "admin.s"), await entered(app, "admin.n")
    manager = await entered(app, "manager.s")
    number = (await handed_in(south, CUSTOMERS.replace("居民", "富人"))).json()["number"]
    await run_worker(database, wait=False)
    assert (await latest(SOUTH))["state"] == "refused"
    answer = await south.get(f"{PATH}/{number}/report")
    assert answer.status_code == 200 and "富人" in answer.text and "customers.report.csv" in str(answer.headers)
    for other in (north, manager):
        assert (await other.get(f"{PATH}/{number}/report")).status_code == 404


async def test_an_administrator_imports_into_the_own_unit_only(app, database):
    north = await entered(app, "admin.n")
    await handed_in(north, CUSTOMERS.replace("00130200", "00130700"))
    await run_worker(database, wait=False)
    row = await latest(NORTH)
    assert (row["state"], row["rows_new"], row["rows_faulty"]) == ("refused", 0, 2)


async def test_only_administrators_hand_in(app):
    manager = await entered(app, "manager.s")
    assert (await handed_in(manager, CUSTOMERS)).status_code == 403


@pytest.mark.parametrize(
    ("fields", "name", "code"),
    [
        ({"kind": "people"}, "a.csv", "kind"),
        ({"system": "mars"}, "a.csv", "unknown_system"),
        ({"mapping": "number 户号"}, "a.csv", "mapping_line"),
        ({}, "../../etc/passwd", "format"),
    ],
)
async def test_what_can_not_be_meant_is_said_before_anything_is_queued(app, fields, name, code):
    client = await entered(app, "admin.s")
    answer = await handed_in(client, CUSTOMERS, name, **fields)
    assert answer.status_code == 422
    (detail,) = answer.json()["error"]["details"]
    assert detail["where"] == code and detail["message"]


async def test_a_file_over_the_limit_is_refused_by_its_announced_length(app):
    client = await entered(app, "admin.s")
    headers = {"Content-Length": str(200 * 1024 * 1024), "Content-Type": "multipart/form-data; boundary=x"}
    assert (await client.post(PATH, content=b"", headers=headers)).status_code == 413


async def test_templates_are_there_for_every_kind(app):
    client = await entered(app, "admin.s")
    for kind in KINDS:
        for form in ("csv", "xlsx"):
            answer = await client.get(f"{PATH}/templates/{kind}/{form}")
            assert answer.status_code == 200 and f"{kind}.{form}" in answer.headers["content-disposition"]
    assert (await client.get(f"{PATH}/templates/app_user/csv")).status_code == 422
