"""The Excel file of a view: it opens, holds the rows shown in both languages, and no text in it is a formula."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from python_calamine import CalamineWorkbook

from data_access import users
from tests import builders
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH_STATION, SOUTH

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime.now(UTC).replace(microsecond=0, second=0)


@pytest.fixture(scope="module")
async def client(database: str):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        builders.inspector(owner, "E-1")
        for number in range(1, 6):
            builders.ticket(
                owner,
                f"T-{number}",
                status=80 if number < 4 else 50,
                handler="E-1",
                due_at=NOW + timedelta(days=number),
            )
        builders.ticket(owner, "T-N", NORTH_STATION)
        # Somebody names themselves so that a careless file would run it.
        owner.execute("UPDATE employee SET name = '=HYPERLINK(\"http://x\",\"y\")' WHERE number = 'E-1'")
        owner.execute("UPDATE audit_ticket SET customer_number = '+1', recovered_yuan = 1234.50 WHERE number = 'T-1'")
    await users.create_user(
        "south", PASSWORD, display_name="Demo", role="supervisor", org_path=SOUTH, employee_number=None, language="en"
    )
    async with running(front_door.server) as server, browser(server) as found:
        answer = await found.post("/api/v1/session", json={"login": "south", "password": PASSWORD})
        assert answer.status_code == 200
        yield found


async def sheets(client: httpx.AsyncClient, query: str) -> tuple[list[list], list[list]]:
    answer = await client.get(f"/api/v1/tickets.xlsx?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="tickets-')
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return tuple(book.get_sheet_by_index(n).to_python() for n in (0, 1))  # type: ignore[return-value]


async def test_the_file_holds_the_rows_of_the_view_in_its_order(client):
    rows, about = await sheets(client, "status=80&sort=-due")
    assert [row[0] for row in rows[1:]] == ["T-3", "T-2", "T-1"]
    assert rows[0][:2] == ["Number", "Level"]
    assert any("in review" in str(line[0]) for line in about)
    assert "3 rows" in [line[0] for line in about]


async def test_the_head_is_in_the_language_of_the_reader(client):
    rows, _ = await sheets(client, "lang=zh")
    assert rows[0][0] == "工单号"
    assert rows[1][4] == "审核中"


async def test_money_is_a_number_and_a_deadline_is_a_moment_of_shanghai(client):
    rows, _ = await sheets(client, "q=T-1")
    cells = dict(zip(rows[0], rows[1], strict=True))
    assert cells["Recovered yuan"] == 1234.5
    assert cells["Due at"] == (NOW + timedelta(days=1, hours=8)).replace(tzinfo=None)


async def test_no_text_of_anybody_becomes_a_formula_or_a_link(client):
    rows, _ = await sheets(client, "q=T-1")
    assert '=HYPERLINK("http://x","y")' in rows[1] and "+1" in rows[1]
    answer = await client.get("/api/v1/tickets.xlsx?q=T-1")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml and "<hyperlink" not in xml


async def test_a_long_view_is_cut_off_and_says_so(client, monkeypatch):
    monkeypatch.setattr("api.ticket_export.ROWS", 2)
    rows, about = await sheets(client, "")
    assert len(rows) == 3
    assert any("first 2 rows" in str(line[0]) for line in about)


async def test_an_export_of_another_county_is_empty_and_a_wrong_address_says_what_is_wrong(client):
    rows, _ = await sheets(client, "unit=1307&state=all")
    assert len(rows) == 1
    answer = await client.get("/api/v1/tickets.xlsx?status=31")
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["where"] == "status"


async def test_every_export_is_written_down(client, owner):
    await client.get("/api/v1/tickets.xlsx?level=1")
    line = owner.execute("SELECT subject, object_key, detail FROM audit_log ORDER BY id DESC LIMIT 1").fetchone()
    assert line == ("south", "level=1", {"rows": 0})
