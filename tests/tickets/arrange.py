"""A utility of two counties with the people who work on tickets: a supervisor a level, inspectors, customers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from data_access import tickets
from data_access.scope import Viewer
from data_access.ticket_reads import TicketPage, ticket_page
from tests import builders
from tests.builders import NORTH, NORTH_STATION, PLACES, PROVINCE, SOUTH, SOUTH_STATION, county_of

CITY = "jibei.1302"
MONDAY = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
"""Monday 2026-06-01, 10:00 in Shanghai: no holiday in the weeks after it but the Dragon Boat Festival (19 June)."""


def _person(number: str, role: Any, path: str) -> Viewer:
    return Viewer(subject=f"login.{number}", role=role, org_path=path, employee_number=number, language="en")


DISPATCHER = _person("O-PROVINCE", "supervisor", PROVINCE)
DEPUTY = _person("O-DEPUTY", "supervisor", PROVINCE)
CITY_SUPERVISOR = _person("O-CITY", "supervisor", CITY)
COUNTY_SUPERVISOR = _person("O-COUNTY", "supervisor", SOUTH)
NORTHERN_SUPERVISOR = _person("O-NORTH", "supervisor", NORTH)
INSPECTOR = _person("I-SOUTH", "inspector", SOUTH)
COLLEAGUE = _person("I-SOUTH-2", "inspector", SOUTH)
NORTHERNER = _person("I-NORTH", "inspector", NORTH)
MANAGER = Viewer(subject="manager", role="manager", org_path=PROVINCE, language="en")


def utility(owner: psycopg.Connection) -> None:
    """Units, topics, people, a district and ten customers at each station."""
    builders.organisations(owner)
    builders.catalogue(owner)
    for number, kind, path in (
        ("O-PROVINCE", "officer", PROVINCE), ("O-DEPUTY", "officer", PROVINCE), ("O-CITY", "officer", CITY),
        ("O-COUNTY", "officer", SOUTH), ("O-NORTH", "officer", NORTH), ("I-SOUTH", "inspector", SOUTH),
        ("I-SOUTH-2", "inspector", SOUTH), ("I-NORTH", "inspector", NORTH),
    ):  # fmt: skip
        labels = path.split(".")
        owner.execute(
            "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, is_demo)"
            " VALUES (%s, %s, %s, %s, %s, %s, true)",
            (number, f"Demo {number}", kind, labels[-1], labels[2] if len(labels) > 2 else None, path),
        )
    for station in (SOUTH_STATION, NORTH_STATION):
        district(owner, f"D{station[-8:]}", station)
        for number in range(10):
            customer(owner, f"{county_of(station)}{number:04d}", f"D{station[-8:]}", station)


def district(owner: psycopg.Connection, code: str, station: str = SOUTH_STATION) -> str:
    """A district at the station's place."""
    owner.execute(
        "INSERT INTO transformer_district"
        " (county_code, code, name, kind, capacity_kva, feeder_code, org_path, location)"
        " VALUES (%s, %s, %s, 'public', 400, 'F1', %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (county_of(station), code, f"District {code}", station, *PLACES[station]),
    )
    return code


def customer(owner: psycopg.Connection, number: str, in_district: str, station: str = SOUTH_STATION) -> str:
    """A customer of a district."""
    owner.execute(
        "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code, phone,"
        " address, district_code, opened_on, org_path, is_demo, location)"
        " VALUES (%s, %s, '示例客户', 'residential', '<1kV', 8, 'tiered', '00012345678', '示例路1号', %s,"
        " '2020-01-01', %s, true, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (county_of(station), number, in_district, station, *PLACES[station]),
    )
    return number


def evidence(owner: psycopg.Connection, number: str, digit: str = "a", purpose: str = "finding") -> str:
    """A photo of a ticket, as an upload leaves it behind; returns its SHA-256."""
    sha256 = digit * 64
    owner.execute(
        "INSERT INTO evidence"
        " (county_code, sha256, ticket_number, media_type, size_bytes, uploaded_by, purpose, org_path)"
        " SELECT county_code, %s, number, 'image/jpeg', 1000, 'test', %s, org_path FROM audit_ticket WHERE number = %s",
        (sha256, purpose, number),
    )
    return sha256


@dataclass
class Case:
    """One ticket and a clock that goes forward a minute with each action."""

    owner: psycopg.Connection
    number: str = ""
    now: datetime = MONDAY
    version: int = 0
    seen: list[str] = field(default_factory=list)

    async def create(self, viewer: Viewer = DISPATCHER, change_id: UUID | None = None, **given: Any) -> tickets.Outcome:
        """A new ticket about a customer."""
        new = tickets.NewTicket(**{"anomaly_code": "DJ01", **given})
        outcome = await tickets.create(viewer, new, change_id or uuid4(), self.now)
        self.number, self.version = outcome.number, outcome.version
        return outcome

    async def act(
        self, viewer: Viewer, action: str, *, based_on: int | None = None, change_id: UUID | None = None,
        computed: dict[str, Any] | None = None, **fields: Any,
    ) -> tickets.Outcome:  # fmt: skip
        """An action on the newest version, a minute later."""
        self.now += timedelta(minutes=1)
        command = tickets.Command(
            change_id=change_id or uuid4(), number=self.number, action=action, based_on=based_on or self.version,
            fields=fields, computed=computed,
        )  # fmt: skip
        outcome = await tickets.act(viewer, command, self.now)
        self.version = max(self.version, outcome.version)
        return outcome

    async def until(self, stage: str) -> "Case":
        """Walks the usual way of a TRUE finding up to and with an action."""
        photo = {}
        for action, viewer, fields in USUAL:
            if action == "submit_finding":
                photo["finding"] = evidence(self.owner, self.number, "a")
            if action == "submit_rectification":
                fields = {**fields, "evidence": [evidence(self.owner, self.number, "b", "rectification")]}
            computed = {"recovered_kwh": 10, "recovered_yuan": 5, "breach_yuan": 0} if action == "set_amounts" else None
            await self.act(viewer, action, computed=computed, **fields)
            if action == stage:
                return self
        raise AssertionError(f"{stage} is no stage of the usual way")

    async def page(self, viewer: Viewer = DISPATCHER) -> TicketPage:
        """The ticket as somebody reads it."""
        found = await ticket_page(viewer, self.number, self.now)
        assert found is not None
        return found

    def row(self, columns: str) -> Any:
        """Columns of the ticket behind the scenes."""
        return self.owner.execute(f"SELECT {columns} FROM audit_ticket WHERE number = %s", (self.number,)).fetchone()

    def kinds(self) -> list[str]:
        """Kinds of its events in order."""
        rows = self.owner.execute(
            "SELECT kind FROM ticket_event WHERE ticket_number = %s ORDER BY sequence", (self.number,)
        )
        return [row[0] for row in rows]


FOUND = {"finding": "true", "report": "Commercial use at a residential price.", "presence_reason": "Phone was empty."}
RESPONSIBLE = {"cause": "wrong_tariff", "responsible_unit": "13020201", "responsible_person": "Demo manager"}
USUAL: list[tuple[str, Viewer, dict[str, Any]]] = [
    ("prescreen", DISPATCHER, {}),
    ("dispatch", DISPATCHER, {"unit": "130202"}),
    ("accept", INSPECTOR, {}),
    ("start_check", INSPECTOR, {}),
    ("submit_finding", INSPECTOR, FOUND),
    ("fix_responsibility", COUNTY_SUPERVISOR, RESPONSIBLE),
    ("set_amounts", COUNTY_SUPERVISOR, {}),
    ("start_rectification", INSPECTOR, {}),
    ("submit_rectification", INSPECTOR, {"rectification": "Price corrected."}),
    ("pass_review", COUNTY_SUPERVISOR, {}),
    ("pass_review", CITY_SUPERVISOR, {}),
]
"""The usual way of a ticket of level II whose suspicion is confirmed."""
