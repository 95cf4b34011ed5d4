"""What is measured: a private cluster with the demo utility grown to a size, and real web processes before it.

The data of a size is made once and kept under `.data/bench`; `--reset` makes it anew.
"""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

import settings as settings_module
from bench.fill import Size, fill
from data_access.migrate import migrate
from demo.load import load
from ops.cluster import PrivateCluster
from ops.parts import answers_ready, web_processes
from ops.port import listen
from settings import ROOT

FOLDER = ROOT / ".data" / "bench"
PASSWORD = "bench-only-password"
MARK = "bench"


@dataclass(frozen=True, slots=True)
class Target:
    """A running server of one size."""

    base_url: str
    owner_url: str
    pids: tuple[int, ...]

    def client(self) -> httpx.Client:
        """A client signed in as the province's manager.

        Raises:
            httpx.HTTPStatusError: the sign-in failed.
        """
        client = httpx.Client(base_url=self.base_url, timeout=60, trust_env=False)
        answer = client.post(
            "/api/v1/session", json={"login": "manager", "password": PASSWORD}, headers={"Origin": self.base_url}
        )
        answer.raise_for_status()
        return client

    def inspectors(self) -> tuple[dict[str, str], dict[str, tuple[float, float]]]:
        """Device tokens and places of the bench's inspectors, by employee number."""
        with psycopg.connect(self.owner_url) as connection:
            rows = connection.execute(
                "SELECT employee_number, longitude, latitude FROM inspector_position WHERE employee_number LIKE 'B%'"
            ).fetchall()
        return {row[0]: f"bench-{row[0]}" for row in rows}, {row[0]: (row[1], row[2]) for row in rows}


def _ready_database(cluster: PrivateCluster, size: str, filled: Size, *, reset: bool) -> str:
    name = f"gridaudit_bench_{size}"
    if reset:
        cluster.drop_database(name)
    cluster.ensure_database(name)
    address = cluster.address(name)
    migrate(address)
    with psycopg.connect(address, autocommit=True) as connection:
        done = connection.execute("SELECT finished_at FROM data_load WHERE name = %s", [MARK]).fetchone()
        if done and done[0]:
            _bring_to_now(connection)
            return address
        if connection.execute("SELECT FROM organisation LIMIT 1").fetchone():
            print("an earlier load did not finish: made anew")
            connection.close()
            return _ready_database(cluster, size, filled, reset=True)
    os.environ["GRIDAUDIT_DEMO_PASSWORD"] = PASSWORD
    print(f"loading the demo utility into {name}")
    load(address, data_dir=FOLDER)
    fill(address, filled, now_us=int(time.time() * 1e6))
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO data_load (name, size, seed, version, started_at, finished_at)"
            " VALUES (%s, %s, 7, '1', now(), now())",
            [MARK, size],
        )
        _bring_to_now(connection)
    return address


def _bring_to_now(connection: psycopg.Connection) -> None:
    """People made some days ago are on shift now: the bench measures a working day."""
    connection.execute("UPDATE work_shift SET started_at = now() - interval '2 hours' WHERE employee_number LIKE 'B%'")
    connection.execute("SELECT ensure_fix_partitions(current_date - 4, current_date + 1)")


@contextlib.contextmanager
def database(size: str, filled: Size, *, reset: bool) -> Iterator[tuple[PrivateCluster, str]]:
    """The data of `size` without a server before it: a cluster, which ends with the block, and the owner's address."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    cluster = PrivateCluster.under(FOLDER)
    cluster.start()
    try:
        yield cluster, _ready_database(cluster, size, filled, reset=reset)
    finally:
        cluster.stop()


@contextlib.contextmanager
def in_this_process(address: str) -> Iterator[None]:
    """`data_access` of this process works on the database at `address` within the block."""
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = address
    settings_module.get_settings.cache_clear()
    try:
        yield
    finally:
        if before is None:
            del os.environ["DATABASE_URL"]
        else:
            os.environ["DATABASE_URL"] = before
        settings_module.get_settings.cache_clear()


@contextlib.contextmanager
def running(size: str, filled: Size, *, workers: int, reset: bool) -> Iterator[Target]:
    """A server of `size`; everything that was started ends with the block."""
    processes: list[subprocess.Popen[bytes]] = []
    with database(size, filled, reset=reset) as (cluster, owner_url):
        try:
            yield _served(cluster, size, owner_url, workers, processes)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(20)


def _served(
    cluster: PrivateCluster, size: str, owner_url: str, workers: int, processes: list[subprocess.Popen[bytes]]
) -> Target:
    """Start web processes, noted in `processes` as they come, and wait until they answer."""
    with contextlib.closing(listen("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{_port(listener)}"
        environment = {
            "DATABASE_URL": owner_url,
            "WEB_DATABASE_URL": cluster.address(f"gridaudit_bench_{size}", role="gridaudit_web"),
            "GRIDAUDIT_DATA_DIR": str(FOLDER),
        }
        for part in web_processes(listener, workers, environment=environment, logs=Path(FOLDER) / "logs"):
            processes.append(part.start())
        until = time.monotonic() + 60
        while not answers_ready(base_url):
            if time.monotonic() > until or any(process.poll() is not None for process in processes):
                raise RuntimeError(f"the web processes did not become ready; see {FOLDER / 'logs'}")
            time.sleep(0.2)
    return Target(base_url, owner_url, tuple(process.pid for process in processes))


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
