"""Rights taken away or changed reach open sockets within five seconds, and the next request at once."""

import asyncio
import time

import pytest

from api.identity import SESSION_COOKIE, WALL_COOKIE
from data_access import users
from tests.access.arrange import PASSWORD
from tests.asgi import Socket

PROMISE = 5.0
"""Seconds within which an open socket must hear of it."""
pytestmark = pytest.mark.usefixtures("people")


def cookie(client) -> dict[str, str]:
    return {"cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"}


async def account(login: str) -> None:
    await users.create_user(login, PASSWORD, display_name="Demo", role="manager", org_path="jibei")


async def test_signing_out_closes_the_screens_socket(app, signed_in):
    client = await signed_in("manager")
    async with Socket(app, "/ws/live", headers=cookie(client)) as socket:
        await socket.receive("snapshot")
        started = time.monotonic()
        await client.delete("/api/v1/session")
        assert await socket.closed(PROMISE) == 4401
        assert time.monotonic() - started < PROMISE
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_disabling_an_account_closes_all_its_sockets_and_no_others(app, signed_in):
    await account("two.screens")
    first, second, other = await signed_in("two.screens"), await signed_in("two.screens"), await signed_in("manager")
    async with (
        Socket(app, "/ws/live", headers=cookie(first)) as one,
        Socket(app, "/ws/live", headers=cookie(second)) as two,
        Socket(app, "/ws/live", headers=cookie(other)) as three,
    ):
        for socket in (one, two, three):
            await socket.receive("snapshot")
        await users.disable_user("two.screens")
        assert await asyncio.gather(one.closed(PROMISE), two.closed(PROMISE)) == [4401, 4401]
        assert (await three.receive("beat", 12))["database"] == "ok"


async def test_a_revoked_wall_token_closes_the_walls_socket(app):
    made = await users.make_wall_token("hall", "jibei.1302")
    async with Socket(app, "/ws/live", headers={"cookie": f"{WALL_COOKIE}={made.secret}"}) as socket:
        await socket.receive("snapshot")
        await users.revoke_token(made.id)
        assert await socket.closed(PROMISE) == 4401


async def test_the_wall_token_of_the_address_opens_the_socket(app):
    made = await users.make_wall_token("hall", "jibei.1302")
    async with Socket(app, f"/ws/live?token={made.secret}") as socket:
        await socket.receive("snapshot")


async def test_a_changed_unit_shows_in_the_open_socket(app, signed_in, owner):
    """The screen stays open and gets what its new unit may see, and only that."""
    await account("moved")
    for side, path in (("SOUTH", "jibei.1302.130202.13020201"), ("NORTH", "jibei.1307.130702.13070201")):
        owner.execute(
            "INSERT INTO inspector_position (employee_number, county_code, org_path, fixed_at, received_at, longitude,"
            " latitude, activity, on_shift) VALUES (%s, %s, %s, now(), now(), 118, 40, 'way', true)",
            (f"E-{side}", path.split(".")[2], path),
        )
    client = await signed_in("moved")
    async with Socket(app, "/ws/live", headers=cookie(client)) as socket:
        before = await socket.receive("snapshot")
        assert {row[0] for row in before["inspectors"]} == {"E-SOUTH", "E-NORTH"}
        await users.change_role("moved", "lead", org_path="jibei.1302")
        after = await socket.receive("snapshot", PROMISE)
        assert {row[0] for row in after["inspectors"]} == {"E-SOUTH"}
