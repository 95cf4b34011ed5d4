"""Default deny: whoever hasn't signed in gets nothing but the doors named public, by whatever path or method."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, WebSocketRoute

from api import doors
from api.identity import SESSION_COOKIE, WALL_COOKIE
from data_access import users
from pages.signin import safe_next
from tests.asgi import ORIGIN, Socket

pytestmark = pytest.mark.usefixtures("people")


def walk_routes(server: Any) -> Iterator[Any]:
    """Every route of the application, also those inside included routers."""

    def walk(found: Any) -> Iterator[Any]:
        for route in found:
            inner = getattr(route, "original_router", None)
            if inner is None:
                yield route
            else:
                yield from walk(inner.routes)

    yield from walk(server.router.routes)


def addresses(server: Any) -> Iterator[tuple[str, str]]:
    """Method and path of everything that the application routes, path parameters filled in."""
    for route in walk_routes(server):
        if isinstance(route, Mount):
            yield "GET", f"{route.path}/thing"
        elif isinstance(route, WebSocketRoute) or not hasattr(route, "methods"):
            continue
        else:
            path = re.sub(r"\{\w+:path\}", "/nowhere", route.path).replace("{language}", "zh")
            path = re.sub(r"\{\w+\}", "1", path)
            yield from ((method, path) for method in sorted(route.methods or {"GET"}))


async def test_no_route_answers_without_sign_in_unless_it_is_named_public(app, visitor):
    asked = sorted(set(addresses(app)))
    assert len(asked) > 25, "the walk over the routes finds them"
    let_in = []
    for method, path in asked:
        answer = await visitor.request(method, path, json={} if method in ("POST", "PUT", "PATCH") else None)
        refused = answer.status_code == 401 or (
            answer.status_code == 303 and answer.headers["location"].startswith("/signin")
        )
        if not refused:
            let_in.append((method, path))
    assert [(method, path) for method, path in let_in if not doors.is_public(method, path)] == []
    assert ("GET", "/signin") in let_in and ("GET", "/health") in let_in


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_dash-layout"),
        ("GET", "/_dash-dependencies"),
        ("POST", "/_dash-update-component"),
        ("GET", "/_reload-hash"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/positions/rejections"),
        ("PUT", "/api/v1/positions"),
        ("GET", "/api/v1/positions/osmand/"),
        ("GET", "/api"),
        ("GET", "/tiles/heat/5/1/1.png"),
        ("DELETE", "/api/v1/session"),
        ("GET", "//signin"),
        ("GET", "/signin/x"),
        ("POST", "/health"),
        ("GET", "/assets"),
    ],
)
async def test_doors_that_look_alike_stay_shut(visitor, method, path):
    answer = await visitor.request(method, path)
    assert answer.status_code in (401, 303), answer.text
    if answer.status_code == 401:
        assert answer.json()["error"]["code"] == "not_signed_in"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_page_leads_to_the_sign_in_page_and_back(visitor):
    answer = await visitor.get("/ticket/T2026-1?tab=bills&x=%26y")
    assert answer.status_code == 303
    location = httpx.URL(answer.headers["location"])
    assert (location.path, location.params["next"]) == ("/signin", "/ticket/T2026-1?tab=bills&x=%26y")
    page = await visitor.get(answer.headers["location"])
    assert 'data-next="/ticket/T2026-1?tab=bills&amp;x=%26y"' in page.text


@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        ("/ticket/1?a=b", "/ticket/1?a=b"),
        (None, "/"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("javascript:alert(1)", "/"),
        ("/signin?next=/signin", "/"),
        ("/" + "x" * 3_000, "/"),
    ],
)
def test_where_to_go_after_signing_in_is_an_address_of_ours(wanted, used):
    assert safe_next(wanted) == used


async def test_somebody_signed_in_passes_the_sign_in_page(signed_in):
    answer = await (await signed_in("manager")).get("/signin?next=/ticket/1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ticket/1")


@pytest.mark.parametrize("cookie", ["", "x", "gas_" + "x" * 43, "é" * 30, "gas_" + "x" * 4_000, "null"])
async def test_a_made_up_cookie_opens_nothing(visitor, cookie):
    answer = await visitor.get("/api/v1/session", headers={"Cookie": f"{SESSION_COOKIE}={cookie}".encode("latin-1")})
    assert answer.status_code == 401


class TestForgedRequests:
    """Requests that another site makes a signed-in browser send."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://elsewhere.example"},
            {"Origin": "null"},
            {"Origin": "http://gridaudit.test.elsewhere.example"},
            {"Origin": "http://gridaudit.test:8080"},
            {"Origin": "", "Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
        ],
    )
    async def test_they_are_refused(self, signed_in, headers):
        client = await signed_in("manager")
        for method, path in (("POST", "/_dash-update-component"), ("DELETE", "/api/v1/session")):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")
        assert (await client.get("/api/v1/session")).status_code == 200

    async def test_signing_somebody_in_from_elsewhere_is_refused(self, visitor):
        answer = await visitor.post(
            "/api/v1/session", json={"login": "a", "password": "b"}, headers={"Origin": "https://elsewhere.example"}
        )
        assert answer.json()["error"]["code"] == "wrong_origin"

    async def test_without_origin_only_what_a_form_cannot_send(self, signed_in):
        client = await signed_in("manager")
        del client.headers["Origin"]
        form = await client.post("/_dash-update-component", data={"a": "b"})
        assert form.json()["error"]["code"] == "wrong_origin"
        script = await client.post("/_dash-update-component", json={})
        assert script.json()["error"]["code"] == "bad_callback", "past the check of origin"
        foreign = await client.post("/_dash-update-component", json={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.json()["error"]["code"] == "wrong_origin"

    async def test_further_origins_of_the_settings_are_ours_too(self, signed_in, monkeypatch):
        from settings import get_settings

        client = await signed_in("manager")
        monkeypatch.setattr(get_settings().web, "public_origins", ("https://audit.example",))
        answer = await client.delete("/api/v1/session", headers={"Origin": "https://audit.example"})
        assert answer.status_code == 204

    async def test_sockets_from_elsewhere_are_refused(self, app, signed_in):
        client = await signed_in("manager")
        headers = {
            "cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}",
            "origin": "https://elsewhere.example",
        }
        async with Socket(app, "/ws/live", headers=headers) as socket:
            assert await socket.closed() == 4403
            assert not socket.accepted


class TestSockets:
    @pytest.mark.parametrize("headers", [{}, {"cookie": f"{SESSION_COOKIE}=gas_{'x' * 43}"}])
    async def test_without_sign_in_they_close_with_a_code_that_the_browser_sees(self, app, headers):
        async with Socket(app, "/ws/live", headers=headers) as socket:
            assert await socket.closed() == 4401
            assert socket.accepted, "a browser learns the code only of a socket that was open"

    @pytest.mark.parametrize("path", ["/_dash-ws-callback", "/ws/other", "/", "/ws/live/"])
    async def test_no_other_socket_exists_even_for_somebody_signed_in(self, app, signed_in, path):
        client = await signed_in("manager")
        async with Socket(
            app, path, headers={"cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"}
        ) as socket:
            assert await socket.closed() == 4403


class TestWallScreens:
    @pytest.fixture
    async def token(self, people) -> str:
        return (await users.make_wall_token("hall", "jibei.1302")).secret

    async def test_the_token_moves_from_the_address_into_a_cookie(self, visitor, token):
        answer = await visitor.get(f"/?kiosk=1&token={token}")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/?kiosk=1", "it stays neither in the address bar nor in the log"
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert visitor.cookies[WALL_COOKIE] == token
        page = await visitor.get("/?kiosk=1")
        assert page.status_code == 200 and "_dash-renderer" in page.text
        me = await visitor.get("/_dash-layout")
        assert me.status_code == 200

    async def test_it_opens_the_wall_and_nothing_else(self, visitor, token):
        visitor.cookies.set(WALL_COOKIE, token)
        for path in ("/api/v1/session", "/api/v1/openapi.json", "/tickets", "/api/v1/tracks/E-SOUTH?day=2026-01-01"):
            answer = await visitor.get(path)
            assert answer.status_code == 403, path
        assert (await visitor.delete("/api/v1/session/all")).status_code == 403

    async def test_it_runs_the_walls_callbacks_and_no_others(self, visitor, token, app):
        import app as front_door

        visitor.cookies.set(WALL_COOKIE, token)
        pathname = {"id": "_pages_location", "property": "pathname", "value": "/"}
        search = {"id": "_pages_location", "property": "search", "value": ""}
        switch = next(key for key in front_door.dash_app.callback_map if "_pages_content" in key)
        call = {
            "output": switch,
            "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
            "inputs": [pathname, search],
            "changedPropIds": ["_pages_location.pathname"],
        }
        assert (await visitor.post("/_dash-update-component", json=call)).status_code == 200
        pathname["value"] = "/tickets"
        refused = await visitor.post("/_dash-update-component", json=call)
        assert refused.json()["error"]["code"] == "forbidden"

    async def test_a_revoked_or_expired_token_is_worth_nothing(self, visitor, owner, people):
        made = await users.make_wall_token("hall", "jibei")
        visitor.cookies.set(WALL_COOKIE, made.secret)
        assert (await visitor.get("/_dash-layout")).status_code == 200
        await users.revoke_token(made.id)
        assert (await visitor.get("/_dash-layout")).status_code == 401
        expired = await users.make_wall_token("old", "jibei")
        owner.execute("UPDATE api_token SET expires_at = now() - interval '1 second' WHERE id = %s", (expired.id,))
        answer = await visitor.get(f"/?kiosk=1&token={expired.secret}")
        assert answer.headers["location"].startswith("/signin") and "token" not in answer.headers["location"]

    async def test_the_access_log_never_sees_the_token(self, app, token):
        """Servers log the query of the scope they gave us: the token is taken out of that very scope."""
        scopes = []

        async def server(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)
            await app(scope, receive, send)

        transport = httpx.ASGITransport(app=server)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            await client.get(f"/?kiosk=1&token={token}")
        assert scopes[0]["query_string"] == b"kiosk=1"


async def test_an_api_token_reads_the_api_and_no_pages(visitor, people):
    made = await users.make_api_token("reporting", "jibei.1302", role="lead")
    visitor.headers["Authorization"] = f"Bearer {made.secret}"
    me = (await visitor.get("/api/v1/session")).json()
    assert (me["kind"], me["role"], me["org_path"]) == ("api", "lead", "jibei.1302")
    for method, path in (("GET", "/"), ("GET", "/_dash-layout"), ("POST", "/_dash-update-component"),
                         ("DELETE", "/api/v1/session")):  # fmt: skip
        assert (await visitor.request(method, path)).status_code == 403


async def test_a_wrong_token_is_not_made_good_by_a_cookie(signed_in):
    client = await signed_in("manager")
    assert (await client.get("/api/v1/session", headers={"Authorization": "Bearer gaa_wrong"})).status_code == 401


async def test_the_language_chosen_on_a_screen_counts_before_the_accounts(signed_in):
    client = await signed_in("manager")
    assert (await client.get("/api/v1/session")).json()["language"] == "zh"
    client.cookies.set("gridaudit_language", "en")
    assert (await client.get("/api/v1/session")).json()["language"] == "en"
    assert (await client.get("/api/nowhere")).json()["error"]["message"].startswith("There is nothing here")


def test_public_doors_are_named_with_a_reason():
    assert all(door.reason for door in doors.PUBLIC)
