"""One shape for every error, in words that are safe, with a reference under which the log has the rest."""

import json
import logging

import psycopg
import pytest
import sqlalchemy.exc
from fastapi import APIRouter
from pydantic import BaseModel

from api import errors
from api.errors import FAULTS, STATUS, Refused, answer_to, code_of
from data_access.engine import system
from data_access.scope import NotSignedIn
from i18n import LANGUAGES, catalogue

SECRET = "password=hunter2 host=10.1.2.3"
router = APIRouter(include_in_schema=False)


class Fault(Exception):
    """Raised by a test door."""


class Given(BaseModel):
    number: int
    name: str


@router.get("/api/test/fault")
async def fault() -> None:
    raise Fault(SECRET)


@router.post("/api/test/given")
async def given(body: Given) -> Given:
    return body


@router.get("/api/test/slow")
async def slow() -> None:
    async with system("test", timeout_ms=20) as connection:
        await connection.exec_driver_sql("SELECT pg_sleep(5)")


@router.get("/api/test/nul")
async def nul(name: str) -> None:
    async with system("test") as connection:
        await connection.execute(sqlalchemy.text("SELECT CAST(:name AS text)"), {"name": name})


@pytest.fixture(scope="module")
def doors_for_tests(app):
    """The test doors stand before the application's own, behind its guard and all its middleware."""
    app.include_router(router)
    app.router.routes.insert(0, app.router.routes.pop())
    yield
    app.router.routes.pop(0)


@pytest.fixture
async def client(signed_in, doors_for_tests):
    client = await signed_in("manager")
    client.cookies.set("gridaudit_language", "en")
    return client


def well_formed(answer) -> dict:
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert list(error) == ["code", "message", "reference", "details"]
    assert error["code"] in STATUS and error["message"] and error["reference"]
    return error


def test_every_code_has_a_status_and_a_text_in_both_languages():
    for language in LANGUAGES:
        texts = {key.removeprefix("errors.") for key in catalogue(language) if key.startswith("errors.")}
        assert texts == set(STATUS)
    assert set(FAULTS.values()) <= set(STATUS) and set(errors.BY_STATUS.values()) <= set(STATUS)


async def test_an_unforeseen_fault_is_a_500_with_a_reference_and_without_its_text(client, caplog):
    with caplog.at_level(logging.ERROR, "gridaudit.errors"):
        answer = await client.get("/api/test/fault")
    error = well_formed(answer)
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert SECRET not in answer.text
    assert error["reference"] in caplog.text and SECRET in caplog.text


async def test_a_wrong_body_says_which_value_and_doesnt_repeat_it(client):
    answer = await client.post("/api/test/given", json={"number": "hunter2", "name": 5})
    error = well_formed(answer)
    assert (answer.status_code, error["code"]) == (422, "invalid")
    assert [detail["where"] for detail in error["details"]] == ["body.number", "body.name"]
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"number": 1' + b"0" * 10_000 + b', "name": "x"}', "application/json"),
        (b'{"number": 1, "name": "\\ud800"}', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"number=1", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"null", "application/json; charset=nonsense"),
    ],
)
async def test_hostile_bodies_are_4xx(client, body, kind):
    answer = await client.post("/api/test/given", content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    well_formed(answer)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nowhere", 404, "not_found"),
        ("GET", "/api/v1/session/", 404, "not_found"),
        ("GET", "/assets/nothing.css", 404, "not_found"),
        ("GET", "/_dash-component-suites/nothing/x.js", 404, "not_found"),
        ("GET", "/_dash-component-suites/dash/..%2f..%2fsettings.py", 404, "not_found"),
        ("GET", "/api/v1/session/all", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("POST", "/nowhere", 405, "method_not_allowed"),
        ("GET", "/texts/fr.json", 422, "invalid"),
    ],
)
async def test_unknown_addresses_and_methods(client, method, path, status, code):
    answer = await client.request(method, path)
    assert (answer.status_code, well_formed(answer)["code"]) == (status, code)


async def test_a_method_that_isnt_taken_is_told_with_those_that_are(client):
    answer = await client.get("/api/v1/session/all")
    assert answer.headers["allow"] == "DELETE"


async def test_a_statement_that_takes_too_long_is_told_so(client):
    answer = await client.get("/api/test/slow")
    assert (answer.status_code, well_formed(answer)["code"]) == (504, "too_slow")


async def test_a_value_that_cannot_be_stored_is_the_senders_fault(client):
    answer = await client.get("/api/test/nul", params={"name": "a\x00b"})
    assert (answer.status_code, well_formed(answer)["code"]) == (422, "bad_value")


async def test_too_large_is_refused_before_it_is_read(client):
    answer = await client.post("/api/test/given", content=b"x" * (9 * 1024 * 1024))
    assert (answer.status_code, well_formed(answer)["code"]) == (413, "too_large")

    async def endless():
        for _ in range(40):
            yield b"x" * 1024 * 1024

    answer = await client.post("/api/test/given", content=endless())
    assert (answer.status_code, well_formed(answer)["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (psycopg.OperationalError("server closed the connection " + SECRET), 503, "database_unavailable"),
        (psycopg.errors.AdminShutdown("terminating"), 503, "database_unavailable"),
        (psycopg.errors.QueryCanceled("statement timeout"), 504, "too_slow"),
        (psycopg.errors.DeadlockDetected("deadlock"), 503, "busy"),
        (psycopg.errors.UniqueViolation("key (login)=(x) " + SECRET), 500, "internal"),
        (sqlalchemy.exc.TimeoutError("QueuePool limit"), 503, "busy"),
        (NotSignedIn(), 401, "not_signed_in"),
        (Refused("conflict", details=[{"version": 3}]), 409, "conflict"),
        (ZeroDivisionError(), 500, "internal"),
    ],
)
def test_what_each_exception_stands_for(error, status, code):
    wrapped = (
        sqlalchemy.exc.DBAPIError.instance("SELECT 1", None, error, psycopg.Error)
        if isinstance(error, psycopg.Error)
        else error
    )
    answer = answer_to(wrapped)
    assert (answer.status, answer.code) == (status, code)
    assert SECRET not in json.dumps(answer.body("en"))
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_subclass_counts_as_its_nearest_kin():
    class MoreSpecial(NotSignedIn):
        pass

    assert code_of(MoreSpecial()) == "not_signed_in"


class TestWithoutADatabase:
    @pytest.fixture
    def no_database(self, monkeypatch):
        from data_access import sessions

        async def gone(_secret: str) -> None:
            raise sqlalchemy.exc.OperationalError("SELECT 1", None, psycopg.OperationalError(SECRET))

        monkeypatch.setattr(sessions, "_ask_session", gone)
        sessions.forget()

    async def test_programs_are_told_to_come_again(self, client, no_database):
        answer = await client.get("/api/v1/session")
        assert (answer.status_code, well_formed(answer)["code"]) == (503, "database_unavailable")
        assert answer.headers["retry-after"] == "2" and SECRET not in answer.text

    async def test_people_see_a_page_that_tries_again_by_itself(self, client, no_database):
        answer = await client.get("/")
        assert answer.status_code == 503 and answer.headers["content-type"].startswith("text/html")
        assert '<meta http-equiv="refresh" content="5">' in answer.text
        assert "The database can't be reached at the moment." in answer.text.replace("&#x27;", "'")

    async def test_the_sign_in_page_still_stands(self, client, no_database):
        assert (await client.get("/signin", headers={"Cookie": ""})).status_code == 200


class TestCallbacks:
    PATH = "/_dash-update-component"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"x"',
            b"5",
            b"{}",
            b'{"output": 5}',
            b'{"output": "nothing.children"}',
            b'{"output": ["a"]}',
            b"[" * 200_000,
        ],
    )
    async def test_hostile_bodies_are_4xx(self, client, body):
        answer = await client.post(self.PATH, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, well_formed(answer)["code"]) == (400, "bad_callback")

    @pytest.mark.parametrize(
        "changed",
        [
            {"inputs": None},
            {"inputs": [5]},
            {"inputs": [{}]},
            {"inputs": []},
            {"inputs": [[[[]]]]},
            {"inputs": [{"id": 5, "property": "x"}]},
            {"changedPropIds": [5]},
            {"changedPropIds": None},
            {"outputs": 5},
            {"outputs": [5]},
            {"state": "x"},
            {"state": [{"id": "a", "property": "b"}]},
        ],
    )
    async def test_known_callbacks_with_values_of_a_wrong_form_are_4xx(self, client, changed):
        call = {**self.page_switch("/"), **changed}
        answer = await client.post(self.PATH, json=call)
        assert (answer.status_code, well_formed(answer)["code"]) == (400, "bad_callback")

    def page_switch(self, pathname: str) -> dict:
        import app as front_door

        output = next(key for key in front_door.dash_app.callback_map if "_pages_content" in key)
        return {
            "output": output,
            "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
            "inputs": [
                {"id": "_pages_location", "property": "pathname", "value": pathname},
                {"id": "_pages_location", "property": "search", "value": ""},
            ],
            "changedPropIds": ["_pages_location.pathname"],
        }

    async def test_a_page_that_cannot_be_made_is_replaced_by_one_that_says_so(self, client, monkeypatch, caplog):
        import dash

        async def broken(**_: str) -> None:
            raise Fault(SECRET)

        page = next(page for page in dash.page_registry.values() if page["path"] == "/")
        monkeypatch.setitem(page, "layout", broken)
        with caplog.at_level(logging.ERROR, "gridaudit.errors"):
            answer = await client.post(self.PATH, json=self.page_switch("/"))
        assert answer.status_code == 200 and SECRET not in answer.text
        shown = json.dumps(answer.json()["response"]["_pages_content"])
        assert "Something went wrong on our side" in shown and "data-desk" in shown, "with a way to try again"
        reference = caplog.records[-1].getMessage().split()[0]
        assert reference in shown and SECRET in caplog.text

    async def test_a_fault_in_a_part_becomes_a_notice_with_the_reference(self, client, monkeypatch, caplog):
        import sys

        async def broken(*_: object) -> None:
            raise Fault(SECRET)

        monkeypatch.setattr(sys.modules["pages.wall"], "list_of", broken)
        call = {
            "output": "drawer-body.children",
            "outputs": {"id": "drawer-body", "property": "children"},
            "inputs": [{"id": "wall-behind", "property": "data", "value": {"kind": "open"}}],
            "changedPropIds": ["wall-behind.data"],
        }
        with caplog.at_level(logging.ERROR, "gridaudit.errors"):
            answer = await client.post(self.PATH, json=call)
        assert answer.status_code == 200 and SECRET not in answer.text
        shown = json.dumps(answer.json()["sideUpdate"]["notice"])
        assert "Something went wrong on our side" in shown
        reference = caplog.records[-1].getMessage().split()[0]
        assert reference in shown and SECRET in caplog.text
