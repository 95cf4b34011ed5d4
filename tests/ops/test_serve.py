"""`./run serve` on a server of one's own, and accounts and tokens from the command line."""

import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import psycopg
import pytest

from settings import ROOT
from tests.ops.waiting import Beside, descendants, none_alive


@pytest.fixture
def unit(database_url: str) -> str:
    """A unit to which accounts can belong."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO organisation (code, name_zh, name_en, level, org_path)"
            " VALUES ('1302', '唐山', 'Tangshan', 1, 'jibei.1302') ON CONFLICT DO NOTHING"
        )
    return "1302"


def command(database_url: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_serves_until_it_is_stopped(database_url: str, unit: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = command(database_url, "user", "add", "served", "--role", "manager", "--unit", unit)
    password = re.search(r"password (\S+)", made.stdout)
    assert password, made.stderr
    environment = {**os.environ, "DATABASE_URL": database_url, "GRIDAUDIT_PORT": str(port), "GRIDAUDIT_WORKERS": "2"}
    beside = Beside("cli.py", "serve", environment=environment)
    try:
        beside.says(f"gridaudit serves http://127.0.0.1:{port}/ with 2 web processes.", 90)
        root = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=root, trust_env=False, headers={"Origin": root}, timeout=20) as client:
            assert client.get("/health").json() == {"status": "ready"}
            answer = client.post("/api/v1/session", json={"login": "served", "password": password.group(1)})
            assert answer.is_success, answer.text
            assert client.get("/api/v1/live/snapshot").status_code == 200
        members = {beside.process.pid, *descendants(beside.process.pid)}
        beside.signal(signal.SIGTERM)
        assert beside.ends(20) == 0
        assert none_alive(members)
    finally:
        beside.close()


def test_a_database_that_does_not_answer_is_said_in_a_sentence() -> None:
    answer = command("postgresql://nobody@127.0.0.1:1/nothing", "serve")
    assert answer.returncode == 1
    assert "The database can't be prepared" in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


def test_accounts_are_made_renewed_and_shut(database_url: str, unit: str, owner: psycopg.Connection) -> None:
    assert command(database_url, "user", "add", "li.na", "--role", "supervisor", "--unit", unit).returncode == 0
    renewed = command(database_url, "user", "password", "li.na", "--password-stdin", given="a long enough sentence\n")
    assert renewed.returncode == 0, renewed.stderr
    assert "a long enough sentence" not in renewed.stdout
    assert command(database_url, "user", "disable", "li.na").returncode == 0
    row = owner.execute("SELECT role, org_path::text, disabled_at IS NOT NULL FROM app_user WHERE login = 'li.na'")
    assert row.fetchone() == ("supervisor", "jibei.1302", True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("user", "add", "x", "--role", "supervisor", "--unit", "9999"), "9999"),
        (("user", "add", "x", "--role", "emperor", "--unit", "1302"), "emperor"),
        (("user", "disable", "nobody-here"), "nobody-here"),
        (("token", "device", "--employee", "404"), "404"),
    ],
)
def test_what_can_not_be_done_is_said(database_url: str, unit: str, arguments: tuple[str, ...], reason: str) -> None:
    answer = command(database_url, *arguments)
    assert answer.returncode != 0
    assert reason in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_wall_token_is_shown_once_and_stored_hashed(database_url: str, unit: str, owner: psycopg.Connection) -> None:
    answer = command(database_url, "token", "wall", "--unit", unit, "--label", "hall")
    identity, token = re.findall(r"^(?:id|token) (\S+)$", answer.stdout, flags=re.MULTILINE)
    stored = owner.execute("SELECT token_hash FROM api_token WHERE id = %s", [identity]).fetchone()
    assert stored is not None
    assert token not in stored[0]
    assert command(database_url, "token", "revoke", identity).returncode == 0
    gone = owner.execute("SELECT revoked_at IS NOT NULL FROM api_token WHERE id = %s", [identity]).fetchone()
    assert gone == (True,)
