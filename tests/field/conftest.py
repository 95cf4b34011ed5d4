"""The application over two counties with the same things; an inspector of the south has a ticket of each kind."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import httpx
import psycopg
import pytest

from data_access import users
from tests import builders
from tests.access.arrange import PASSWORD
from tests.asgi import browser, running
from tests.builders import NORTH, PLACES, SOUTH, SOUTH_STATION
from tests.isolation.twins import build

CUSTOMER = "130202000001"


def customer(owner: psycopg.Connection) -> None:
    """A customer of the southern district with a manager, a meter, two months of use and a bill's month."""
    lon, lat = PLACES[SOUTH_STATION]
    owner.execute(
        "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, phone, is_demo)"
        " VALUES ('M-SOUTH', 'Demo Manager', 'district_manager', '13020201', '130202', %s, '00012345678', true)",
        (SOUTH_STATION,),
    )
    owner.execute("UPDATE transformer_district SET manager_number = 'M-SOUTH' WHERE code = 'D-SOUTH'")
    owner.execute(
        "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code, phone,"
        " address, district_code, opened_on, org_path, is_demo, location) VALUES ('130202', %s, 'Demo Customer',"
        " 'residential', '<1kV', 8, 'tiered', '00098765432', 'Demo Street 7', 'D-SOUTH', '2020-01-01', %s, true, %s)",
        (CUSTOMER, SOUTH_STATION, f"SRID=4326;POINT({lon} {lat})"),
    )
    owner.execute(
        "INSERT INTO meter (county_code, number, customer_number, multiplier, digits, installed_on, org_path)"
        " VALUES ('130202', 'M1', %s, 30, 6, '2020-01-01', %s)",
        (CUSTOMER, SOUTH_STATION),
    )


def ticket(owner: psycopg.Connection, number: str, *, status: int, handler: str | None, due_days: float = 3) -> None:
    """A ticket of the customer, assigned to the southern county; each of another topic, as the database wants."""
    builders.ticket(owner, number, SOUTH_STATION, status=status, handler=handler,
                    due_at=datetime.now(UTC) + timedelta(days=due_days))  # fmt: skip
    owner.execute("INSERT INTO anomaly_type VALUES (%s, %s, 'DJ', %s, %s, 2) ON CONFLICT DO NOTHING",
                  (f"X{number}", 200 + sum(map(ord, number)) % 20_000, number, number))  # fmt: skip
    owner.execute(
        "UPDATE audit_ticket SET anomaly_code = %s, customer_number = %s, district_code = 'D-SOUTH',"
        " assigned_unit = '130202', assigned_path = %s, created_by = 'test' WHERE number = %s",
        (f"X{number}", CUSTOMER, SOUTH, number),
    )


def first_of(today: date, months: int) -> date:
    """The first day of a month so many months before."""
    whole = today.year * 12 + today.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)


@pytest.fixture(scope="module")
async def app(database: str):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        build(owner)
        customer(owner)
        ticket(owner, "F-CHECKING", status=50, handler="E-SOUTH", due_days=2)
        ticket(owner, "F-DISPATCHED", status=30, handler="E-SOUTH", due_days=1)
        ticket(owner, "F-FREE", status=30, handler=None)
        builders.inspector(owner, "E-SOUTH-2")
        ticket(owner, "F-COLLEAGUES", status=50, handler="E-SOUTH-2")
    people = (
        ("inspector.south", "inspector", SOUTH, "E-SOUTH"),
        ("colleague.south", "inspector", SOUTH, "E-SOUTH-2"),
        ("inspector.north", "inspector", NORTH, "E-NORTH"),
        ("lead.south", "lead", SOUTH, None),
    )
    for login, role, path, employee in people:
        await users.create_user(
            login, PASSWORD, display_name=f"Demo {login}", role=role, org_path=path, employee_number=employee,
            language="en",
        )  # fmt: skip
    users.forget()
    async with running(front_door.server) as server:
        yield server


@pytest.fixture(scope="module")
async def clients(app) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A signed-in browser for everybody."""
    found = {}
    for login in ("inspector.south", "colleague.south", "inspector.north", "lead.south"):
        found[login] = browser(app)
        answer = await found[login].post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
    yield found
    for client in found.values():
        await client.aclose()


@pytest.fixture
def me(clients) -> httpx.AsyncClient:
    return clients["inspector.south"]
