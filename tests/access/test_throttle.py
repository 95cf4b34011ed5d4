"""Guessing passwords is slow: an account and an address have so many tries in ten minutes, and are told how long."""

import asyncio

import pytest

from data_access import users
from data_access.attempts import TooManyAttempts
from settings import get_settings
from tests.access.arrange import PASSWORD
from tests.asgi import browser

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture(autouse=True)
def clean(owner):
    owner.execute("DELETE FROM sign_in_attempt")


async def attempt(login: str, password: str, address: str = "192.0.2.1") -> str:
    try:
        await users.sign_in(login, password, address=address)
    except users.WrongPassword:
        return "wrong"
    except TooManyAttempts:
        return "wait"
    return "in"


async def test_an_account_has_eight_tries_from_wherever(people):
    tried = [await attempt("manager", "guess", f"192.0.2.{number}") for number in range(9)]
    assert tried == ["wrong"] * 8 + ["wait"]
    assert await attempt("manager", PASSWORD, "192.0.2.99") == "wait", "also the right one has to wait"
    assert await attempt("lead.south", PASSWORD) == "in", "other accounts don't"


async def test_an_address_has_forty_tries_whatever_the_names(monkeypatch):
    monkeypatch.setattr(get_settings().session, "attempts_per_address", 5)
    tried = [await attempt(f"name{number}", "guess") for number in range(6)]
    assert tried == ["wrong"] * 5 + ["wait"]
    assert await attempt("manager", PASSWORD, "192.0.2.2") == "in"


async def test_a_success_wipes_the_account_clean_but_not_the_address(monkeypatch):
    monkeypatch.setattr(get_settings().session, "attempts_per_address", 9)
    for _ in range(7):
        await attempt("manager", "guess")
    assert await attempt("manager", PASSWORD) == "in"
    assert [await attempt("manager", "guess") for _ in range(3)] == ["wrong", "wrong", "wait"]


async def test_parallel_guesses_get_no_more_tries(people):
    tried = await asyncio.gather(*(attempt("manager", "guess", f"192.0.2.{n}") for n in range(16)))
    assert sorted(tried) == ["wait"] * 8 + ["wrong"] * 8


async def test_the_wait_ends_with_the_window_however_often_somebody_knocks(owner, people):
    for _ in range(8):
        await attempt("manager", "guess")
    for _ in range(5):
        assert await attempt("manager", "guess") == "wait"
    owner.execute("UPDATE sign_in_attempt SET at = at - interval '10 minutes 1 second'")
    assert await attempt("manager", PASSWORD) == "in"


async def test_the_answer_says_how_long_to_wait(app, owner):
    async with browser(app) as visitor:
        visitor.headers["Accept-Language"] = "en-GB"
        for _ in range(8):
            await visitor.post("/api/v1/session", json={"login": "manager", "password": "guess"})
        owner.execute("UPDATE sign_in_attempt SET at = at - interval '5 minutes'")
        answer = await visitor.post("/api/v1/session", json={"login": "manager", "password": "guess"})
    assert answer.status_code == 429
    assert 200 < int(answer.headers["retry-after"]) <= 300
    assert answer.json()["error"]["message"] == "Too many attempts. Try again in 5 min."


async def test_an_unknown_name_takes_as_much_work_as_a_wrong_password(monkeypatch, people):
    """Both go through argon2 once: the time doesn't tell whether there is such an account."""
    from data_access import passwords

    checked: list[bool] = []
    verify = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda stored, given: checked.append(True) or verify(stored, given))
    await attempt("manager", "guess")
    await attempt("there is none", "guess")
    assert checked == [True, True]
