"""Every door of the OpenAPI document is asked whatever the document allows, and what it doesn't: never a 5xx, and every
answer as documented. Against a real server, as a signed-in user and with a device's token.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    status_code_conformance,
)

import app as front_door
from api.identity import SESSION_COOKIE
from api.openapi import DEVICE_DOORS
from data_access import users
from data_access.engine import dispose_engines
from tests.access.arrange import PASSWORD, People, accounts
from tests.isolation.twins import build
from tests.serving import serving

EXAMPLES = 12
"""For each door. The whole stays below half a minute."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
]


@dataclass(frozen=True)
class Server:
    """A running server and what opens its doors."""

    address: str
    sessions: dict[str, str]
    device: str

    def headers(self, method: str, path: str) -> dict[str, str]:
        """Of a request to this door. Signing out gets sessions of its own, so that the others stay."""
        if path in DEVICE_DOORS:
            return {"Authorization": f"Bearer {self.device}"}
        # Whoever may change tickets tries to: for others every answer would be a refusal.
        usual = "tickets" if path.startswith("/api/v1/tickets") else "any"
        secret = self.sessions.get(f"{method} {path}", self.sessions[usual])
        return {"Cookie": f"{SESSION_COOKIE}={secret}", "Origin": self.address}


async def _arrange() -> tuple[dict[str, str], str]:
    await accounts()
    sessions = {}
    for door in ("any", "tickets", "DELETE /api/v1/session", "DELETE /api/v1/session/all"):
        login = {"any": People.manager, "tickets": People.admin}.get(door, People.south)
        sessions[door] = (await users.sign_in(login, PASSWORD, address="192.0.2.1")).secret
    device = (await users.make_device("E-SOUTH")).secret
    await dispose_engines()
    return sessions, device


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[Server]:
    with psycopg.connect(database_url, autocommit=True) as owner:
        build(owner)
    sessions, device = asyncio.run(_arrange())
    users.forget()
    with serving(front_door.server) as address:
        yield Server(address, sessions, device)


DOCUMENT = front_door.server.openapi()
ANY_ERROR = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
schema = schemathesis.openapi.from_dict(DOCUMENT)


def schema_faults(method: str, path: str, answer: Any) -> list[str]:
    """Where a JSON answer differs from the document. Asked of JSON Schema itself: schemathesis stumbles over tuples
    inside lists (`prefixItems` below `items`).
    """
    documented = DOCUMENT["paths"][path].get(method.lower(), {"responses": {"default": ANY_ERROR}})["responses"]
    content = documented.get(str(answer.status_code), documented["default"]).get("content", {})
    kind = answer.headers.get("content-type", [""])[0].split(";")[0]
    if not kind.endswith("json") or not answer.content:
        return []
    wanted = {"components": DOCUMENT["components"], **content[kind]["schema"]}
    return [str(fault) for fault in jsonschema_rs.Draft202012Validator(wanted).iter_errors(answer.json())]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_door_stumbles(case, server: Server):
    headers = server.headers(case.method, case.path)
    answer = case.call(base_url=server.address, headers=headers, timeout=20)
    case.validate_response(answer, checks=CHECKS)
    assert schema_faults(case.method, case.path, answer) == []
    if answer.status_code >= 400 and case.path != "/health":
        assert set(answer.json()) == {"error"}
