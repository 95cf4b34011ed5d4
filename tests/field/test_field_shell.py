"""The shell of the phone's page: small, in both languages, without data, kept for good by its name."""

import json
import re

from i18n import catalogue
from pages.field import FOLDER, version
from pages.signin import safe_next
from settings import ROOT
from tests.access.arrange import PASSWORD
from tests.asgi import browser


async def test_the_shell_holds_no_data_and_no_inline_script(me):
    answer = await me.get("/field")
    assert answer.status_code == 200
    assert [word for word in ("Demo", "F-CHECKING", "inspector.south") if word in answer.text] == []
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert all('src="/field/files/' in one or 'type="application/json"' in one for one in scripts)
    assert len(answer.content) < 60_000


async def test_the_language_is_the_one_chosen_on_this_phone(me):
    switched = await me.get("/field?language=zh")
    assert switched.status_code == 303 and switched.headers["location"] == "/field"
    assert "我的工单" in (await me.get("/field")).text
    await me.get("/field?language=en")
    assert "My tickets" in (await me.get("/field")).text


async def test_every_text_that_a_script_asks_for_is_there(me):
    page = (await me.get("/field")).text
    texts = json.loads(re.search(r'<script id="texts" type="application/json">(.*?)</script>', page, re.S).group(1))
    missing = []
    for path in FOLDER.glob("*.js"):
        for key in re.findall(r'\bsay\("([\w.]+)"', path.read_text(encoding="utf-8")):
            full = key if "." in key else f"field.{key}"
            if full not in texts:
                missing.append((path.name, full))
    assert missing == []
    assert not [key for key in catalogue("en") if key.startswith("field.") and key not in texts]


async def test_files_are_kept_for_good_under_the_name_of_their_content_only(me):
    named = await me.get(f"/field/files/{version()}/main.js")
    other = await me.get("/field/files/0123/main.js")
    assert "immutable" in named.headers["cache-control"] and other.headers["cache-control"] == "no-store"
    assert named.headers["content-type"].startswith("text/javascript")
    assert (await me.get(f"/field/files/{version()}/nothing.js")).status_code == 404
    for wrong in ("..%2Ftokens.css", "%2e%2e%2f%2e%2e%2fapp.py"):
        answer = await me.get(f"/field/files/{version()}/{wrong}")
        assert "--ground" not in answer.text and "FastAPI" not in answer.text, wrong


async def test_the_worker_keeps_the_shell_and_never_an_answer_with_data(me):
    answer = await me.get("/field/worker.js")
    assert answer.headers["service-worker-allowed"] == "/field"
    files = json.loads(re.search(r"const FILES = (.*?);\n", answer.text).group(1))
    assert not [path for path in files if path.startswith("/api")]
    for path in files:
        assert (await me.get(path)).status_code == 200, path


async def test_the_page_can_be_put_beside_a_phones_apps(me):
    answer = await me.get("/field/manifest.webmanifest?language=zh")
    manifest = answer.json()
    assert answer.headers["content-type"].startswith("application/manifest+json")
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/field", "/field", "standalone")
    assert manifest["lang"] == "zh-CN"
    for icon in manifest["icons"]:
        picture = await me.get(icon["src"])
        assert picture.content.startswith(b"\x89PNG"), icon
        width = int.from_bytes(picture.content[16:20], "big")
        assert f"{width}x{width}" == icon["sizes"]


async def test_somebody_who_is_no_inspector_gets_a_clear_page_with_a_way_out(clients):
    answer = await clients["lead.south"].get("/field")
    assert answer.status_code == 403 and "for inspectors" in answer.text and 'href="/"' in answer.text


async def test_inspectors_who_sign_in_land_on_their_tickets_and_others_at_the_wall(app):
    for login, home in (("inspector.south", "/field"), ("lead.south", "/")):
        async with browser(app) as client:
            answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            assert answer.json()["home"] == home
            assert (await client.get("/signin")).headers["location"] == home
            assert (await client.get("/signin?next=/field")).headers["location"] == "/field"
    assert safe_next(None) == "/"


def test_the_scripts_of_the_page_stay_small():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "assets" / "field").glob("*.js")}
    assert sum(sizes.values()) < 90_000, sizes
