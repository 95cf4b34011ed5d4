"""What every answer says to the browser: what may run, who may embed us, what may be kept."""

import pytest

from api.headers import content_policy
from settings import MapSettings, Settings


@pytest.mark.parametrize(
    "path",
    ["/", "/signin", "/health", "/api/nowhere", "/assets/tokens.css", "/api/v1/session", "/_dash-dependencies"],
)
async def test_every_answer_carries_the_policy(visitor, path):
    headers = (await visitor.get(path)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in policy["script-src"] and "*" not in policy["script-src"]
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers, "only where the site is reached over https"


async def test_every_inline_script_of_the_page_is_allowed_by_its_hash(signed_in):
    import base64
    import hashlib
    import re

    answer = await (await signed_in("manager")).get("/")
    page = re.sub(r"<!--.*?-->", "", answer.text, flags=re.DOTALL)
    policy = answer.headers["content-security-policy"]
    assert "_dash-ws-callback" not in page, "Dash's own socket isn't offered: the guard keeps it shut"
    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>", page, re.DOTALL)
    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, script[:80]


def test_the_optional_map_source_may_be_loaded_and_nothing_else():
    tiles = Settings(map=MapSettings(tile_url="https://{s}.tiles.example/{z}/{x}/{y}.png?key=secret"))
    assert "img-src 'self' data: blob: https://*.tiles.example;" in content_policy([], tiles)
    assert "img-src 'self' data: blob:;" in content_policy([], Settings(map=MapSettings(tile_url=None)))


async def test_private_answers_are_not_kept(signed_in):
    client = await signed_in("manager")
    for path in ("/", "/api/v1/session", "/_dash-layout", "/_dash-dependencies", "/signin"):
        assert (await client.get(path)).headers["cache-control"] == "no-store", path


async def test_files_are_kept_as_long_as_their_name_says_which_version_they_are(signed_in):
    import re

    client = await signed_in("manager")
    page = (await client.get("/")).text
    suites = re.findall(r'src="(/_dash-component-suites/[^"]+)"', page)
    assert suites
    for path in suites[:3]:
        assert (await client.get(path)).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "immutable" in (await client.get("/assets/tokens.css?m=1")).headers["cache-control"]
    assert (await client.get("/assets/tokens.css")).headers["cache-control"] == "no-cache"
    assert (await client.get("/assets/nothing.css?m=1")).headers["cache-control"] == "no-store"


async def test_text_is_compressed_and_pictures_are_not(signed_in):
    client = await signed_in("manager")
    assert (await client.get("/assets/map/rivers.json")).headers.get("content-encoding") == "gzip"
    font = await client.get("/assets/fonts/noto-sans-sc-5.woff2")
    assert "content-encoding" not in font.headers and "max-age=2592000" in font.headers["cache-control"]


async def test_secure_cookies_and_strict_transport_go_together(monkeypatch):
    from api.headers import SecurityHeaders
    from api.identity import session_cookie
    from settings import get_settings

    monkeypatch.setattr(get_settings().web, "secure_cookies", True)
    assert session_cookie("x")[1].endswith(b"; Secure")

    async def nothing(*_: object) -> None: ...

    assert "Strict-Transport-Security" in SecurityHeaders(nothing, lambda: "", secure=True).fixed
