"""Evidence over HTTP: taken in whole or refused with a reason, shown without metadata, originals logged."""

import asyncio
import hashlib
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image

import settings as settings_module
from data_access import users
from data_access.check_ins import NewCheckIn, check_in
from data_access.evidence import collect_orphans
from data_access.object_store import object_store
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, PLACES, PROVINCE, SOUTH, SOUTH_STATION
from tests.evidence import pictures
from tests.tickets.arrange import CITY, INSPECTOR, Case, customer, utility

ACCOUNTS = {
    "dispatcher": ("supervisor", PROVINCE, "O-PROVINCE"),
    "county": ("supervisor", SOUTH, "O-COUNTY"),
    "city": ("supervisor", CITY, "O-CITY"),
    "inspector": ("inspector", SOUTH, "I-SOUTH"),
    "north": ("supervisor", NORTH, "O-NORTH"),
    "manager": ("manager", PROVINCE, None),
}


@pytest.fixture(scope="module")
async def app(database: str, tmp_path_factory: pytest.TempPathFactory):
    patch = pytest.MonkeyPatch()
    patch.setenv("GRIDAUDIT_OBJECTS_FOLDER", str(tmp_path_factory.mktemp("objects")))
    patch.setenv("GRIDAUDIT_EVIDENCE_MAX_MEGABYTES", "10")
    settings_module.get_settings.cache_clear()
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
    patch.undo()
    settings_module.get_settings.cache_clear()


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
async def case(app, owner: psycopg.Connection) -> Case:
    case = Case(owner, now=datetime.now(UTC) - timedelta(hours=1))
    await case.create(customer_number=customer(owner, f"13020{uuid.uuid4().int % 10**9:09d}", "D13020201"))
    return await case.until("start_check")


async def upload(
    client: httpx.AsyncClient, number: str, body: bytes, name: str = "photo.jpg", kind: str = "image/jpeg", **form: Any
) -> httpx.Response:
    data = {"change_id": str(uuid.uuid4()), **form}
    return await client.post(f"/api/v1/tickets/{number}/evidence", data=data, files={"file": (name, body, kind)})


async def test_a_photo_is_stored_as_it_came_and_shown_without_its_metadata(people, case, owner):
    body = pictures.jpeg(orientation=6)
    answer = await upload(people["inspector"], case.number, body, "表计.JPG", note="Meter, left seal.")
    assert answer.status_code == 201, answer.text
    told = answer.json()["evidence"]
    assert told["sha256"] == hashlib.sha256(body).hexdigest()
    assert (told["width"], told["height"], told["file_name"]) == (480, 640, "表计.jpg")
    assert told["metadata"]["camera"] == "Demo Phone 1"
    assert told["longitude"] == pytest.approx(pictures.PLACE[0], abs=1e-4)
    assert case.kinds()[-1] == "add_evidence"
    path = f"/api/v1/tickets/{case.number}/evidence/{told['sha256']}"
    shown = await people["county"].get(path)
    assert shown.status_code == 200 and shown.headers["content-type"] == "image/jpeg"
    copy = Image.open(io.BytesIO(shown.content))
    assert copy.size == (480, 640) and not copy.getexif()
    original = await people["county"].get(path, params={"original": "1"})
    assert original.content == body


async def test_files_go_out_so_that_no_browser_takes_them_for_a_page(people, case):
    sha256 = (await upload(people["inspector"], case.number, pictures.jpeg())).json()["evidence"]["sha256"]
    path = f"/api/v1/tickets/{case.number}/evidence/{sha256}"
    for query, disposition in (({}, "inline"), ({"original": "1"}, "attachment")):
        headers = (await people["county"].get(path, params=query)).headers
        assert headers["content-disposition"].startswith(disposition)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    first = await people["county"].get(path)
    again = await people["county"].get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_each_download_of_an_original_is_written_down(people, case, owner):
    sha256 = (await upload(people["inspector"], case.number, pictures.jpeg())).json()["evidence"]["sha256"]
    path = f"/api/v1/tickets/{case.number}/evidence/{sha256}"
    await people["county"].get(path)
    await people["county"].get(path, params={"original": "1"})
    lines = owner.execute(
        "SELECT subject, detail->>'sha256', address FROM audit_log WHERE action = 'download' AND object_key = %s",
        (case.number,),
    ).fetchall()
    assert lines == [("county", sha256, "192.0.2.7")]


async def test_the_same_file_twice_is_the_same_evidence(people, case):
    first = await upload(people["inspector"], case.number, pictures.jpeg())
    events = len(case.kinds())
    again = await upload(people["inspector"], case.number, pictures.jpeg(), "other name.jpg")
    assert (first.json()["known"], again.json()["known"], again.status_code) == (False, True, 201)
    assert again.json()["evidence"] == first.json()["evidence"]
    assert len(case.kinds()) == events


async def test_two_at_once_are_one(people, case, owner):
    answers = await asyncio.gather(*(upload(people["inspector"], case.number, pictures.jpeg()) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {201}
    rows = owner.execute("SELECT count(*) FROM evidence WHERE ticket_number = %s", (case.number,)).fetchone()
    assert rows == (1,)


@pytest.mark.parametrize(
    ("body", "name", "why"),
    [
        (b"", "empty.jpg", "empty"),
        (pictures.HTML, "photo.jpg", "kind"),
        (pictures.SVG, "photo.png", "kind"),
        (pictures.EXECUTABLE, "photo.jpg", "kind"),
        (pictures.jpeg()[:700], "photo.jpg", "damaged"),
        (pictures.png_bomb(), "photo.png", "too_many_pixels"),
    ],
)
async def test_what_is_no_evidence_is_refused_with_the_reason_and_leaves_nothing(people, case, owner, body, name, why):
    events = len(case.kinds())
    answer = await upload(people["inspector"], case.number, body, name)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["details"][0]["why"]) == ("not_evidence", why)
    assert len(case.kinds()) == events
    assert owner.execute("SELECT count(*) FROM evidence WHERE ticket_number = %s", (case.number,)).fetchone() == (0,)


async def test_a_file_above_the_limit_is_refused_and_other_doors_keep_their_own_limit(people, case):
    large = pictures.jpeg() + b"\0" * (10 * 1024 * 1024)
    assert (await upload(people["inspector"], case.number, large)).json()["error"]["details"][0]["why"] == "too_large"
    answer = await upload(people["inspector"], case.number, large + b"\0" * 1024 * 1024)
    assert answer.status_code == 413
    nine = {"note": "x" * (9 * 1024 * 1024)}
    assert (await people["inspector"].post(f"/api/v1/tickets/{case.number}/actions", json=nine)).status_code == 413


async def test_files_that_are_only_downloaded_have_no_copy(people, case):
    for body, kind in ((pictures.PDF, "application/pdf"), (pictures.HEIC, "image/heic"), (pictures.MP4, "video/mp4")):
        told = (await upload(people["inspector"], case.number, body, "file.bin", "text/html")).json()["evidence"]
        assert (told["media_type"], told["shown_sha256"], told["comparison"]["verdict"]) == (kind, None, "no_check_in")
        path = f"/api/v1/tickets/{case.number}/evidence/{told['sha256']}"
        assert (await people["county"].get(path)).status_code == 404
        original = await people["county"].get(path, params={"original": "1"})
        assert original.headers["content-type"] == kind


async def test_a_photo_is_compared_with_the_uploaders_check_in(people, case, app):
    lon, lat = PLACES[SOUTH_STATION]
    taken = datetime(2026, 7, 6, 2, 0, tzinfo=UTC)
    here = NewCheckIn(longitude=lon, latitude=lat, accuracy_m=5)
    await check_in(INSPECTOR, case.number, here, change_id=uuid.uuid4(), now=taken + timedelta(minutes=5))
    fitting = (await upload(people["inspector"], case.number, pictures.jpeg())).json()["evidence"]["comparison"]
    assert (fitting["verdict"], fitting["seconds"]) == ("matches", -300)
    elsewhere = pictures.jpeg(place=(lon + 0.1, lat), taken="2026:07:05 10:00:00")
    comparison = (await upload(people["inspector"], case.number, elsewhere)).json()["evidence"]["comparison"]
    assert comparison["verdict"] == "both_differ" and comparison["metres"] == pytest.approx(8_560, abs=50)


async def test_who_may_not_add(people, case):
    for who, status in (("manager", 403), ("north", 404)):
        answer = await upload(people[who], case.number, pictures.jpeg())
        assert answer.status_code == status, (who, answer.text)
    wrong = await upload(people["inspector"], case.number, pictures.jpeg(), purpose="holiday")
    assert wrong.json()["error"]["details"][0]["where"] == "purpose"


async def test_nobody_of_another_county_sees_file_or_amounts_and_no_wall_either(people, case):
    sha256 = (await upload(people["inspector"], case.number, pictures.jpeg())).json()["evidence"]["sha256"]
    for query in ({}, {"original": "1"}):
        path = f"/api/v1/tickets/{case.number}/evidence/{sha256}"
        assert (await people["north"].get(path, params=query)).status_code == 404
    assert (await people["north"].get(f"/api/v1/tickets/{case.number}/amounts")).status_code == 404
    assert (await people["inspector"].get(f"/api/v1/tickets/T-NONE/evidence/{sha256}")).status_code == 404


async def test_a_store_that_lost_an_object_says_so(people, case):
    told = (await upload(people["inspector"], case.number, pictures.jpeg())).json()["evidence"]
    assert await object_store().delete_older(told["shown_sha256"], datetime(2100, 1, 1, tzinfo=UTC))
    answer = await people["county"].get(f"/api/v1/tickets/{case.number}/evidence/{told['sha256']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")


async def test_orphans_are_collected_and_evidence_is_kept(people, case, tmp_path: Path):
    told = (await upload(people["inspector"], case.number, pictures.jpeg(colour="green"))).json()["evidence"]
    path = tmp_path / "orphan"
    path.write_bytes(uuid.uuid4().bytes)
    key = hashlib.sha256(path.read_bytes()).hexdigest()
    store = object_store()
    await store.put(key, path, "image/jpeg")
    assert await collect_orphans(datetime.now(UTC)) == 0, "nothing is old enough"
    assert await collect_orphans(datetime.now(UTC) + timedelta(hours=25)) >= 1
    assert not await store.exists(key)
    assert await store.exists(told["sha256"]) and await store.exists(told["shown_sha256"])


async def test_a_check_in_over_http_tells_score_and_parts(people, case):
    lon, lat = PLACES[SOUTH_STATION]
    path = f"/api/v1/tickets/{case.number}/check-ins"
    sent = {"change_id": str(uuid.uuid4()), "lon": lon, "lat": lat, "accuracy_m": 8}
    told = (await people["inspector"].post(path, json=sent)).json()
    assert (told["score"], told["verdict"], told["parts"]["distance"]["points"]) == (70, "present", 50)
    assert (await people["inspector"].post(path, json=sent)).json()["repeated"]
    for wrong in ({"lon": 200}, {"lat": None}, {"accuracy_m": -1}, {"at": "2026-07-06T10:00:00"}, {"extra": 1}):
        assert (await people["inspector"].post(path, json={**sent, **wrong})).status_code == 422, wrong
    other = await people["inspector"].post(path, json={**sent, "lon": lon + 1})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "change_id_reused")


async def test_amounts_over_http_say_the_forms_and_why_nothing_can_be_computed(people, case):
    path = f"/api/v1/tickets/{case.number}/amounts"
    told = (await people["inspector"].get(path)).json()
    assert [form["code"] for form in told["forms"]] == ["wrong_class", "rebilling", "records"]
    assert told["preview"] is None and told["stored"]["recovered_yuan"] is None
    span = {"from_day": "2026-01-01", "until_day": "2026-02-01", "right_scheme": "single_part", "fault_of": "customer"}
    answer = await people["county"].get(path, params={"form": "wrong_class", **span})
    assert (answer.status_code, answer.json()["error"]["details"][0]["why"]) == (422, "no_terms")
    answer = await people["county"].get(path, params={"form": "wrong_class", "from_day": "soon"})
    assert {one["where"]: one["problem"] for one in answer.json()["error"]["details"]}["from_day"] == "not_a_date"
    assert (await people["county"].get(path, params={"form": "theft"})).json()["error"]["code"] == "fields_wrong"
    given = {"on_file": "home", "on_site": "home", "corrected": True}
    sent = {"change_id": str(uuid.uuid4()), "based_on": case.version, "form": "records", "values": given}
    early = await people["county"].post(path, json=sent)
    assert (early.status_code, early.json()["error"]["code"]) == (403, "not_allowed"), "no finding yet"
    await upload(people["inspector"], case.number, pictures.jpeg())
    case.version += 1
    found = {"finding": "true", "report": "Seen.", "presence_reason": "No signal."}
    await case.act(INSPECTOR, "submit_finding", form="records", form_values=given, **found)
    done = await people["county"].post(path, json={**sent, "based_on": case.version, "change_id": str(uuid.uuid4())})
    assert done.status_code == 200, done.text
    told = (await people["county"].get(path)).json()
    assert told["stored"]["recovered_yuan"] == "0.00" and told["reported_form"] == "records"
    assert json.dumps(told["reported_values"], sort_keys=True) == json.dumps(given, sort_keys=True)
