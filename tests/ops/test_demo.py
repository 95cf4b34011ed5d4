"""`./run demo` as a user meets it: the real parts with the small utility."""

import json
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from ops import accounts, smoke
from ops.cluster import PrivateCluster
from ops.processes import is_alive
from tests.ops.waiting import Beside, descendants, none_alive, wait_for

UP = "Ctrl-C stops it."


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data folder that the tests of this module share: the demo is loaded into it once."""
    made = Path(tempfile.mkdtemp(prefix="gridaudit-demo-test-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def demo(folder: Path) -> Iterator[Beside]:
    beside = run_demo(folder)
    try:
        beside.says(UP, 120)
        yield beside
    finally:
        stop(beside)


def run_demo(folder: Path, *more: str) -> Beside:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "WEB_DATABASE_URL")}
    return Beside(
        "cli.py", "demo", "--port", "0", "--size", "small", *more,
        environment={**clean, "GRIDAUDIT_DATA_DIR": str(folder)},
    )  # fmt: skip


def allowed(seconds: float) -> float:
    """The budget of a machine that does nothing else, stretched by what else runs on this one."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def stop(beside: Beside) -> None:
    if beside.process.poll() is None:
        beside.signal(signal.SIGINT)
        beside.ends(30)
    beside.close()


def address(beside: Beside) -> str:
    found = re.search(r"^gridaudit +(http://\S+)/$", beside.output, flags=re.MULTILINE)
    assert found, beside.output
    return found.group(1)


@contextmanager
def signed_in(beside: Beside, folder: Path) -> Iterator[httpx.Client]:
    access = accounts.saved(folder)
    assert access is not None
    manager = next(each for each in access.accounts if each.role == "manager")
    root = address(beside)
    with httpx.Client(base_url=root, trust_env=False, headers={"Origin": root}, timeout=20) as client:
        client.post("/api/v1/session", json={"login": manager.login, "password": manager.password}).raise_for_status()
        yield client


def test_it_prints_address_accounts_and_wall_and_they_work(demo: Beside, folder: Path) -> None:
    access = accounts.saved(folder)
    assert access is not None
    for account in access.accounts:
        assert account.login in demo.output
        assert account.password in demo.output
    assert {each.role for each in access.accounts} >= {"manager", "supervisor", "lead", "inspector"}
    assert f"/?kiosk=1&token={access.wall_token}" in demo.output
    assert "made-up people" in demo.output
    assert smoke.check_all(address(demo), access, look_after=lambda: None) == []


def test_secrets_are_readable_by_their_owner_alone(demo: Beside, folder: Path) -> None:
    assert (folder / accounts.FILE).stat().st_mode & 0o777 == 0o600
    assert (folder / accounts.DEVICES_FILE).stat().st_mode & 0o777 == 0o600
    assert (folder / "postgres").stat().st_mode & 0o777 == 0o700
    access = accounts.saved(folder)
    assert access is not None
    logged = "".join(log.read_text(errors="replace") for log in (folder / "logs").glob("*.log"))
    assert access.wall_token not in logged
    assert not [each.login for each in access.accounts if each.password in logged]


def test_the_web_does_not_get_the_owners_login(demo: Beside) -> None:
    for each in descendants(demo.process.pid):
        with Path(f"/proc/{each}/environ").open("rb") as handle:
            environment = handle.read()
        if b"ops.web" in Path(f"/proc/{each}/cmdline").read_bytes():
            assert b"postgresql://gridaudit_web@" in environment
            assert b"postgresql://gridaudit@" not in environment


def test_a_second_start_takes_under_ten_seconds_and_keeps_the_accounts(demo: Beside, folder: Path) -> None:
    before = accounts.saved(folder)
    demo.signal(signal.SIGINT)
    assert demo.ends(40) == 0
    begun = time.monotonic()
    second = run_demo(folder)
    try:
        second.says(UP, 60)
        assert time.monotonic() - begun < allowed(10)
        assert accounts.saved(folder) == before
        with signed_in(second, folder) as client:
            assert client.get("/api/v1/live/snapshot").json()["inspectors"]
    finally:
        stop(second)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_within_seconds_and_leaves_no_process(demo: Beside, number: signal.Signals) -> None:
    members = {demo.process.pid, *descendants(demo.process.pid)}
    assert len(members) > 6
    begun = time.monotonic()
    demo.signal(number)
    demo.ends(40)
    assert time.monotonic() - begun < allowed(10)
    assert none_alive(members)
    assert "Everything has ended" in demo.output


@pytest.mark.faults
def test_a_kill_of_the_supervisor_leaves_no_process_and_the_next_start_is_whole(demo: Beside, folder: Path) -> None:
    members = {demo.process.pid, *descendants(demo.process.pid)}
    demo.signal(signal.SIGKILL)
    demo.process.wait()
    wait_for(lambda: none_alive(members), 15, "the end of all parts")
    second = run_demo(folder)
    try:
        second.says(UP, 60)
    finally:
        stop(second)


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "name"), [(b"ops.web", "web"), (b"bin/postgres", "database")])
def test_a_killed_part_comes_back_and_the_sign_in_still_stands(
    demo: Beside, folder: Path, kind: bytes, name: str
) -> None:
    with signed_in(demo, folder) as client:

        def answers() -> bool:
            try:
                return client.get("/api/v1/live/snapshot").status_code == 200
            except httpx.TransportError:
                return False

        victim = min(
            each for each in descendants(demo.process.pid) if kind in Path(f"/proc/{each}/cmdline").read_bytes()
        )
        os.kill(victim, signal.SIGKILL)
        demo.says("was ended by SIGKILL; it is started again")
        wait_for(lambda: re.search(rf"^{name}.* runs again\.$", demo.output, flags=re.MULTILINE), 40, "a new start")
        wait_for(answers, 40, "an answer to the signed-in user")


def test_a_second_demo_in_the_same_folder_says_who_has_it(demo: Beside, folder: Path) -> None:
    second = run_demo(folder)
    try:
        assert second.ends(30) == 1
        assert f"process {demo.process.pid}" in second.output
        assert "GRIDAUDIT_DATA_DIR" in second.output
        assert "Traceback" not in second.output
    finally:
        second.close()
    assert httpx.get(f"{address(demo)}/health", trust_env=False).status_code == 200


def test_a_taken_port_is_said_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        beside = run_demo(folder, "--port", str(port))
        try:
            assert beside.ends(30) == 1
        finally:
            beside.close()
    assert f"Port {port} on 127.0.0.1 is taken by another program" in beside.output
    assert "--port" in beside.output
    assert "Traceback" not in beside.output
    assert "Database" not in beside.output


@pytest.mark.faults
def test_an_interrupted_load_is_done_again() -> None:
    folder = Path(tempfile.mkdtemp(prefix="gridaudit-demo-test-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        first = run_demo(folder)
        try:
            first.says("Writing customers", 60)
            members = {first.process.pid, *descendants(first.process.pid)}
            first.signal(signal.SIGKILL)
            first.process.wait()
            wait_for(lambda: none_alive(members), 15)
        finally:
            first.close()
        second = run_demo(folder)
        try:
            second.says("An earlier load was interrupted: it is done again", 60)
            second.says(UP, 120)
            with signed_in(second, folder) as client:
                assert len(client.get("/api/v1/live/snapshot").json()["inspectors"]) > 10
        finally:
            stop(second)
        cluster = PrivateCluster.under(folder)
        cluster.start()
        try:
            with psycopg.connect(cluster.address("gridaudit")) as connection:
                loads = connection.execute("SELECT name, finished_at IS NOT NULL FROM data_load").fetchall()
                stations = connection.execute("SELECT count(*), count(DISTINCT code) FROM substation").fetchone()
        finally:
            cluster.stop()
        assert loads == [("demo", True)]
        assert stations is not None
        assert stations[0] == stations[1] > 0
    finally:
        shutil.rmtree(folder)


def test_reset_begins_anew_with_new_accounts(folder: Path) -> None:
    before = accounts.saved(folder)
    beside = run_demo(folder, "--reset")
    try:
        beside.says(UP, 120)
        after = accounts.saved(folder)
        assert after is not None
        assert before is None or after.wall_token != before.wall_token
        with signed_in(beside, folder) as client:
            assert client.get("/api/v1/live/snapshot").status_code == 200
    finally:
        stop(beside)


def test_a_server_of_ones_own_is_used_and_foreign_data_on_it_is_left_alone(database_url: str, folder: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO organisation (code, name_zh, name_en, level, org_path)"
            " VALUES ('other', '别的公司', 'Another company', 0, 'other')"
        )
    beside = Beside(
        "cli.py", "demo", "--port", "0", "--reset",
        environment={**os.environ, "DATABASE_URL": database_url, "GRIDAUDIT_DATA_DIR": str(folder)},
    )  # fmt: skip
    try:
        assert beside.ends(60) == 1
    finally:
        beside.close()
    assert "none is started here" in beside.output
    assert "Nothing was changed" in beside.output
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT code FROM organisation").fetchall() == [("other",)]


class TestSmoke:
    """The check that CI and a new user run."""

    def test_it_names_what_does_not_answer(self) -> None:
        """Against a port where nothing listens every check fails with its name."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        access = accounts.DemoAccess((accounts.DemoAccount("a", "b", "manager", "jibei"),), "token", Path("/nowhere"))
        failures = smoke.check_all(f"http://127.0.0.1:{port}", access, look_after=lambda: None)
        assert [each.split(":")[0] for each in failures][:3] == ["/signin", "a stranger is kept out", "sign-in"]
        assert len(failures) == 11

    def test_it_fails_when_nothing_moves(self, demo: Beside, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The simulator is stopped; the picture stands still and the check says so."""
        access = accounts.saved(folder)
        assert access is not None
        simulator = next(
            each
            for each in descendants(demo.process.pid)
            if b"demo.simulator" in Path(f"/proc/{each}/cmdline").read_bytes()
        )
        os.kill(simulator, signal.SIGSTOP)
        monkeypatch.setattr(smoke, "MOVES_WITHIN_SECONDS", 4.0)
        assert is_alive(simulator)
        failures = smoke.check_all(address(demo), access, look_after=lambda: None)
        os.kill(simulator, signal.SIGCONT)
        assert [each.split(":")[0] for each in failures] == [
            "/ws/live as a signed-in user",
            "/ws/live as a wall screen",
        ]


def test_the_accounts_file_survives_a_reader_in_the_middle_of_writing(tmp_path: Path) -> None:
    accounts.save(tmp_path, [("a", "b", "manager", "jibei")], "token")
    assert json.loads((tmp_path / accounts.FILE).read_text())["wall_token"] == "token"
    assert accounts.saved(tmp_path) is None  # the phones' file is missing: not usable
    (tmp_path / accounts.DEVICES_FILE).write_text("{}")
    found = accounts.saved(tmp_path)
    assert found is not None
    assert found.accounts[0].login == "a"
    (tmp_path / accounts.FILE).write_text('{"accounts": [["a"')
    assert accounts.saved(tmp_path) is None
