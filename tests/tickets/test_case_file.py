"""The printed case file: every fact, event and hash of a ticket, in both languages, for whoever may see the ticket."""

import io
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from PIL import Image

from data_access import users
from data_access.engine import counting_statements
from data_access.object_store import object_store
from data_access.ticket_chain import chain_of
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, PROVINCE
from tests.printed import pages_of, pictures_in
from tests.tickets.arrange import DISPATCHER, Case, utility

CUSTOMER = "1302020001"


@pytest.fixture(scope="module")
async def app(database: str):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        utility(owner)
    for login, role, path in (
        ("supervisor", "supervisor", PROVINCE), ("north", "supervisor", NORTH), ("boss", "admin", PROVINCE),
    ):  # fmt: skip
        await users.create_user(login, PASSWORD, display_name="示例主管", role=role, org_path=path, language="zh")
    users.forget()
    async with running(front_door.server) as server:
        yield server


@asynccontextmanager
async def entered(app: Any, login: str):
    async with browser(app) as client:
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield client


@pytest.fixture(scope="module")
async def archived(app, database: str, tmp_path_factory):
    """A ticket that went all its way, with a photo whose shown copy is in the store."""
    with psycopg.connect(database, autocommit=True) as owner:
        case = Case(owner)
        await case.create(customer_number=CUSTOMER, description="一户多表，疑似经营用电")
        await case.until("pass_review")
        await case.act(_city(), "pass_review")
        written = io.BytesIO()
        Image.new("RGB", (800, 600), (90, 120, 60)).save(written, "JPEG")
        photo = tmp_path_factory.mktemp("photo") / "shown.jpg"
        photo.write_bytes(written.getvalue())
        await object_store().put("c" * 64, photo, "image/jpeg")
        owner.execute(
            "UPDATE evidence SET shown_sha256 = %s, shown_media_type = 'image/jpeg', file_name = 'site.jpg'"
            " WHERE ticket_number = %s AND purpose = 'finding'",
            ("c" * 64, case.number),
        )
        owner.execute(
            "UPDATE evidence SET shown_sha256 = %s, shown_media_type = 'image/jpeg' WHERE ticket_number = %s"
            " AND purpose = 'rectification'",
            ("d" * 64, case.number),
        )
        yield case


def _city() -> Any:
    from tests.tickets.arrange import CITY_SUPERVISOR

    return CITY_SUPERVISOR


async def paper(app: Any, number: str, language: str, login: str = "supervisor") -> bytes:
    async with entered(app, login) as client:
        answer = await client.get(f"/api/v1/tickets/{number}/case-file.pdf", params={"lang": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def words(content: bytes) -> str:
    return "".join(pages_of(content)).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ("营销稽查工单案卷", "查实", "电价执行错误", "整改", "办理过程", "签字", "违约使用电费")),
        ("en", ("Marketingaudit·casefile", "confirmed", "Wrongpricecategory", "Pricecorrected.", "Whathappened")),
    ],
)
async def test_the_paper_says_everything_in_the_language_that_was_asked_for(app, archived, language, expected):
    text = words(await paper(app, archived.number, language))
    for part in (archived.number, CUSTOMER, "一户多表，疑似经营用电", "Commercialuseataresidentialprice.", *expected):
        assert part in text, part
    assert "示**" in text and "示例客户" not in text, "names of customers are masked on paper too"
    assert "示例路1号" not in text


async def test_the_paper_carries_each_hash_the_seal_and_that_the_chain_holds(app, archived):
    chain = await chain_of(DISPATCHER, archived.number)
    text = words(await paper(app, archived.number, "en"))
    assert len(chain.rows) == archived.version
    for row in chain.rows:
        assert row["hash"] in text
    assert f"All{len(chain.rows)}eventshold" in text and text.count(chain.seal) == 2


async def test_pictures_are_on_the_paper_with_their_hashes_and_one_that_is_lost_is_named(app, archived):
    content = await paper(app, archived.number, "en")
    assert pictures_in(content) == 1
    text = words(content)
    assert "a" * 64 in text and "b" * 64 in text and "site.jpg" in text


async def test_printing_is_written_down(app, archived, owner):
    await paper(app, archived.number, "en")
    row = owner.execute(
        "SELECT action, object_kind FROM audit_log WHERE object_key = %s ORDER BY at DESC LIMIT 1", (archived.number,)
    ).fetchone()
    assert row == ("print", "ticket")


async def test_nobody_of_another_county_gets_the_paper(app, archived):
    async with entered(app, "north") as client:
        answer = await client.get(f"/api/v1/tickets/{archived.number}/case-file.pdf")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


async def test_a_chain_that_was_tampered_with_says_so_on_paper(app, archived, owner):
    owner.execute("ALTER TABLE ticket_event DISABLE TRIGGER USER")
    owner.execute(
        "UPDATE ticket_event SET actor = 'somebody' WHERE ticket_number = %s AND sequence = 3", (archived.number,)
    )
    try:
        assert "断开" in words(await paper(app, archived.number, "zh"))
    finally:
        owner.execute(
            "UPDATE ticket_event SET actor = 'O-PROVINCE' WHERE ticket_number = %s AND sequence = 3", (archived.number,)
        )
        owner.execute("ALTER TABLE ticket_event ENABLE TRIGGER USER")
    assert "断开" not in words(await paper(app, archived.number, "zh"))


async def test_the_page_and_the_paper_read_a_ticket_in_nine_statements(app, archived):
    from components.ticket_case import case_of

    async with counting_statements() as statements:
        case = await case_of(DISPATCHER, archived.number, archived.now)
    assert case is not None and len(statements) <= 9
    assert [stage.phase for stage in case.stages] == ["done"] * 10
    assert case.names.person("I-SOUTH", "en") == "Demo I-SOUTH"
