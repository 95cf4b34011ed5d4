"""The parts of gridaudit as the supervisor sees them: database, web processes, jobs, the demo's simulator."""

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from ops.cluster import PrivateCluster
from ops.supervisor import Program, keep_log_small
from settings import ROOT


@dataclass
class Database:
    """The private cluster as a watched part."""

    cluster: PrivateCluster
    name: str = "database"

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, or take over the one that this program has already started."""
        self.cluster.start()
        process = self.cluster.process
        assert process is not None  # noqa: S101 - start() either sets it or raises
        return process

    def stop(self, hurry: Callable[[], bool]) -> None:
        """End it."""
        self.cluster.stop(hurry)

    def last_words(self) -> str:
        """The end of PostgreSQL's log."""
        return self.cluster.last_words(8)


def program(
    name: str,
    arguments: list[str],
    *,
    environment: Mapping[str, str],
    logs: Path | None,
    pass_fds: tuple[int, ...] = (),
) -> Program:
    """A Python program of ours. With a folder for `logs` its output goes there, else to the terminal."""
    log = None
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{name.split(' ')[0]}.log"
        keep_log_small(log)
    return Program(
        name=name,
        command=[sys.executable, "-u", *arguments],
        environment={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        folder=ROOT,
        log=log,
        pass_fds=pass_fds,
    )


def web_processes(
    listener: socket.socket, count: int, *, environment: Mapping[str, str], logs: Path | None
) -> list[Program]:
    """`count` web processes that share one listening socket."""
    descriptor = listener.fileno()
    return [
        program(
            f"web {number + 1}" if count > 1 else "web",
            ["-m", "ops.web", "--descriptor", str(descriptor)],
            environment=environment,
            logs=logs,
            pass_fds=(descriptor,),
        )
        for number in range(count)
    ]


def jobs_worker(*, environment: Mapping[str, str], logs: Path | None) -> Program | None:
    """Background work; None while the program has none."""
    if importlib.util.find_spec("jobs.__main__") is None:
        return None
    return program("jobs", ["-m", "jobs"], environment=environment, logs=logs)


def simulator(address: str, devices: Path, *, environment: Mapping[str, str], logs: Path | None) -> Program:
    """The demo's phones; they use the public doors of the web server at `address`."""
    return program(
        "simulator",
        ["-m", "demo.simulator", "--address", address, "--devices", str(devices)],
        environment=environment,
        logs=logs,
    )


def answers_ready(address: str, *, seconds: float = 2.0) -> bool:
    """Whether the web server at `address` says that it is ready."""
    try:
        return httpx.get(f"{address}/health", timeout=seconds, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
