"""A session begins at sign-in, changes its secret, and ends when it should: at once, everywhere."""

import asyncio

import psycopg
import pytest

from api.identity import SESSION_COOKIE
from data_access import users
from data_access.engine import counting_statements
from tests.access.arrange import PASSWORD
from tests.asgi import browser

pytestmark = pytest.mark.usefixtures("people")


async def who(client) -> int:
    """Status of "who am I", asked afresh."""
    users.forget()
    return (await client.get("/api/v1/session")).status_code


async def test_signing_in_opens_a_session_with_a_cookie_out_of_reach_of_scripts(visitor):
    answer = await visitor.post("/api/v1/session", json={"login": " MANAGER ", "password": PASSWORD})
    assert answer.json() == {
        "login": "manager",
        "display_name": "Demo manager",
        "role": "manager",
        "language": "zh",
        "home": "/",
    }
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert PASSWORD not in answer.text
    me = (await visitor.get("/api/v1/session")).json()
    assert (me["subject"], me["role"], me["org_path"], me["kind"]) == ("manager", "manager", "jibei", "user")


async def test_only_the_hash_of_a_secret_is_stored(signed_in, owner):
    client = await signed_in("manager")
    secret = client.cookies[SESSION_COOKIE]
    stored = owner.execute("SELECT token_hash FROM user_session").fetchall()
    assert all(len(row[0]) == 64 and secret not in row[0] for row in stored)


@pytest.mark.parametrize(
    "given",
    [
        {"login": "manager", "password": "not the password"},
        {"login": "nobody at all", "password": PASSWORD},
        {"login": "manager' OR 1=1 --", "password": PASSWORD},
    ],
)
async def test_wrong_name_and_wrong_password_are_told_alike(app, given):
    async with browser(app, address=f"198.51.100.{len(given['login'])}") as visitor:
        answer = await visitor.post("/api/v1/session", json=given)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "wrong_password"
    assert "set-cookie" not in answer.headers


async def test_signing_in_again_replaces_the_session_that_the_browser_had(signed_in):
    """A session that somebody planted in the browser before sign-in isn't the one that is signed in."""
    client = await signed_in("manager")
    before = client.cookies[SESSION_COOKIE]
    await client.post("/api/v1/session", json={"login": "manager", "password": PASSWORD})
    assert client.cookies[SESSION_COOKIE] != before
    assert await users.by_cookie(before) is None


async def test_signing_out_ends_this_session_only(signed_in):
    here, there = await signed_in("manager"), await signed_in("manager")
    secret = here.cookies[SESSION_COOKIE]
    answer = await here.delete("/api/v1/session")
    assert answer.status_code == 204 and SESSION_COOKIE not in here.cookies
    assert await users.by_cookie(secret) is None
    assert await who(there) == 200


async def test_signing_out_everywhere_ends_all_of_them(signed_in):
    here, there = await signed_in("lead.south"), await signed_in("lead.south")
    assert (await here.delete("/api/v1/session/all")).status_code == 204
    assert (await there.get("/api/v1/session")).status_code == 401


async def test_a_session_ends_when_idle_too_long(signed_in, owner):
    client = await signed_in("manager")
    owner.execute("UPDATE user_session SET seen_at = now() - interval '61 minutes'")
    assert await who(client) == 401


async def test_a_session_ends_at_its_absolute_limit_however_busy(signed_in, owner):
    client = await signed_in("manager")
    owner.execute("UPDATE user_session SET created_at = now() - interval '12 hours 1 second', seen_at = now()")
    assert await who(client) == 401


async def test_use_is_noted_once_a_minute_not_each_time(signed_in, owner):
    client = await signed_in("manager")
    owner.execute("UPDATE user_session SET seen_at = now() - interval '30 seconds'")
    await who(client)
    assert owner.execute("SELECT max(seen_at) < now() - interval '25 seconds' FROM user_session").fetchone()[0]
    owner.execute("UPDATE user_session SET seen_at = now() - interval '90 seconds'")
    await who(client)
    assert owner.execute("SELECT max(seen_at) > now() - interval '25 seconds' FROM user_session").fetchone()[0]


async def test_many_requests_ask_the_database_once(signed_in):
    """Fifty tiles of one screen within the cache's two seconds cost one look at the session."""
    client = await signed_in("manager")
    users.forget()
    async with counting_statements() as statements:
        answers = await asyncio.gather(*(client.get("/api/v1/session") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(statements) == 1, statements


class TestRotation:
    async def test_the_secret_changes_and_the_session_goes_on(self, signed_in, owner):
        client = await signed_in("manager")
        before = client.cookies[SESSION_COOKIE]
        owner.execute("UPDATE user_session SET rotated_at = now() - interval '16 minutes'")
        assert await who(client) == 200
        assert client.cookies[SESSION_COOKIE] != before
        assert await who(client) == 200

    async def test_requests_on_their_way_with_the_old_secret_still_pass(self, signed_in, owner, app):
        client = await signed_in("manager")
        before = client.cookies[SESSION_COOKIE]
        owner.execute("UPDATE user_session SET rotated_at = now() - interval '16 minutes'")
        users.forget()
        answers = await asyncio.gather(*(client.get("/api/v1/session") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        changed = [answer for answer in answers if "set-cookie" in answer.headers]
        assert len(changed) == 1, "exactly one answer brings the new secret"
        async with browser(app) as late:
            late.cookies.set(SESSION_COOKIE, before)
            assert await who(late) == 200
            owner.execute("UPDATE user_session SET rotated_at = rotated_at - interval '31 seconds'")
            assert await who(late) == 401, "after the grace the old secret is worth nothing"
        assert await who(client) == 200

    async def test_tiles_never_carry_a_cookie(self, signed_in, owner):
        client = await signed_in("manager")
        owner.execute("UPDATE user_session SET rotated_at = now() - interval '16 minutes'")
        users.forget()
        assert "set-cookie" not in (await client.get("/tiles/nothing")).headers


class TestRightsTakenAway:
    async def test_a_disabled_account_is_out_at_once(self, signed_in, owner, people):
        await users.create_user("leaver", PASSWORD, display_name="Demo leaver", role="lead", org_path="jibei")
        client = await signed_in("leaver")
        await users.disable_user("leaver")
        assert (await client.get("/api/v1/session")).status_code == 401
        again = await client.post("/api/v1/session", json={"login": "leaver", "password": PASSWORD})
        assert again.json()["error"]["code"] == "wrong_password"

    async def test_a_new_password_ends_all_sessions(self, signed_in, visitor):
        await users.create_user("changer", PASSWORD, display_name="Demo changer", role="lead", org_path="jibei")
        client = await signed_in("changer")
        await users.set_password("changer", "another long password")
        assert (await client.get("/api/v1/session")).status_code == 401
        answer = await visitor.post("/api/v1/session", json={"login": "changer", "password": "another long password"})
        assert answer.status_code == 200

    async def test_a_changed_role_shows_in_the_next_request_and_to_open_sockets(self, signed_in):
        await users.create_user("mover", PASSWORD, display_name="Demo mover", role="manager", org_path="jibei")
        client = await signed_in("mover")
        entry = await users.by_cookie(client.cookies[SESSION_COOKIE])
        assert entry is not None
        await users.change_role("mover", "lead", org_path="jibei.1302")
        now = await users.still_valid(entry.viewer)
        assert now is not None and (now.role, now.org_path) == ("lead", "jibei.1302")
        assert now.session_key == entry.viewer.session_key and now.scope_key != entry.viewer.scope_key
        assert (await client.get("/api/v1/session")).json()["role"] == "lead"

    async def test_other_processes_hear_of_it_through_the_change_feed(self, owner, people):
        user_id = await users.create_user("told", PASSWORD, display_name="Demo", role="lead", org_path="jibei")
        await users.change_role("told", "supervisor")
        await users.disable_user("told")
        rows = owner.execute(
            "SELECT body ->> 'what' FROM change_feed WHERE kind = 'access' AND key = %s ORDER BY sequence", (user_id,)
        ).fetchall()
        assert [row[0] for row in rows] == ["created", "role_changed", "disabled"]


async def test_a_thousand_open_sockets_are_checked_with_two_statements(signed_in):
    entry = await users.by_cookie((await signed_in("manager")).cookies[SESSION_COOKIE])
    wall = await users.by_token((await users.make_wall_token("hall", "jibei")).secret)
    assert entry and wall
    async with counting_statements() as statements:
        standing = await users.still_valid_all([entry.viewer, wall.viewer] * 500)
    assert len(standing) == 2 and len(statements) == 2


async def test_ended_sessions_and_old_attempts_are_cleared_away(signed_in, owner):
    await signed_in("manager")
    owner.execute("UPDATE user_session SET created_at = now() - interval '60 days'")
    owner.execute("UPDATE sign_in_attempt SET at = now() - interval '2 days'")
    assert await users.prune_access() > 0
    assert owner.execute("SELECT count(*) FROM user_session").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM sign_in_attempt").fetchone() == (0,)


class TestTheLogOfAccess:
    async def test_sign_ins_failures_and_sign_outs_are_written_down(self, app, owner, signed_in):
        client = await signed_in("manager")
        await client.delete("/api/v1/session")
        async with browser(app, address="203.0.113.9") as visitor:
            await visitor.post("/api/v1/session", json={"login": "lead.north", "password": "wrong"})
            await visitor.post("/api/v1/session", json={"login": "who is this", "password": "wrong"})
        rows = owner.execute(
            "SELECT action, subject, address, org_path::text FROM audit_log ORDER BY id DESC LIMIT 4"
        ).fetchall()
        assert rows[::-1] == [
            ("sign_in", "manager", "192.0.2.7", "jibei"),
            ("sign_out", "manager", "192.0.2.7", "jibei"),
            ("sign_in_failed", "lead.north", "203.0.113.9", "jibei.1307.130702"),
            ("sign_in_failed", "who is this", "203.0.113.9", "jibei"),
        ]

    async def test_no_secret_is_written_down(self, owner):
        await users.make_wall_token("logged", "jibei")
        text = str(owner.execute("SELECT * FROM audit_log").fetchall())
        assert PASSWORD not in text and "gaw_" not in text and "gas_" not in text

    async def test_it_can_only_be_added_to(self, owner, people):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            owner.execute("DELETE FROM audit_log")


@pytest.mark.parametrize("password", ["short", "x" * 300, "aaaaaaaaaaaaaaaa", "fitting.name"])
async def test_unfit_passwords_are_refused(password, people):
    with pytest.raises(users.UnfitPassword):
        await users.create_user("fitting.name", password, display_name="x", role="lead", org_path="jibei")


async def test_accounts_with_impossible_properties_are_refused(people):
    async def make(**changed: str) -> None:
        wanted = {"login": "new.one", "role": "lead", "org_path": "jibei", **changed}
        login = wanted.pop("login")
        await users.create_user(login, PASSWORD, display_name="x", **wanted)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="role"):
        await make(role="wall")
    with pytest.raises(ValueError, match="taken"):
        await make(login="MANAGER")
    with pytest.raises(ValueError, match="login"):
        await make(login="a b")
    with pytest.raises(users.UnknownObject, match="unit"):
        await make(org_path="jibei.9999")
    with pytest.raises(users.UnknownObject, match="employee"):
        await make(employee_number="E-NOBODY")
