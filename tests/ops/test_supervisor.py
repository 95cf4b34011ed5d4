"""Nothing survives the one that started it, and what crashes is seen, said and started again, or ends the whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from ops.restarts import Restarts
from ops.supervisor import Program, Stopped, Supervisor
from settings import ROOT
from tests.ops.waiting import Beside, descendants, none_alive, wait_for

QUIET = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
WITH_CHILD = "import subprocess, time; subprocess.Popen(['sleep', '600']); print('has a child'); time.sleep(600)"

Whole = Callable[..., Beside]


@pytest.fixture
def whole() -> Iterator[Whole]:
    """Starts a small whole: a database and parts given as name=code."""
    started: list[Beside] = []

    def start(**parts: str) -> Beside:
        beside = Beside("tests/ops/whole.py", *(f"{name}={code}" for name, code in parts.items()))
        started.append(beside)
        return beside

    yield start
    for each in started:
        each.close()


def everything(beside: Beside) -> set[int]:
    beside.says("all up")
    return {beside.process.pid, *descendants(beside.process.pid)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_all_of_it_when_asked(whole: Whole, number: signal.Signals) -> None:
    """Ctrl-C, a service manager's stop, a closed terminal."""
    beside = whole(first=QUIET, second=QUIET)
    members = everything(beside)
    assert len(members) > 3
    beside.signal(number)
    assert beside.ends(10) == 0
    assert f"stopped by {number.name}" in beside.output
    assert none_alive(members)


def test_a_part_that_does_not_listen_and_one_with_a_child_of_its_own_end_too(whole: Whole) -> None:
    beside = whole(deaf=STUBBORN, parent=WITH_CHILD)
    beside.says("all up")
    wait_for(lambda: len(descendants(beside.process.pid)) >= 9)
    members = everything(beside)
    beside.signal(signal.SIGTERM)
    assert beside.ends(20) == 0
    assert none_alive(members)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_asking_that_a_finaliser_swallowed_is_heard_at_the_next_look() -> None:
    class Finaliser:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            sum(range(1000))

    supervisor = Supervisor()
    with supervisor.ended_by_signals():
        held = [Finaliser()]
        held.clear()
        with pytest.raises(Stopped, match="SIGTERM"):
            supervisor.watch()


def test_a_second_ctrl_c_does_not_wait(whole: Whole) -> None:
    beside = whole(deaf=STUBBORN, deaf_too=STUBBORN)
    members = everything(beside)
    beside.signal(signal.SIGINT)
    beside.says("stopped by SIGINT")
    beside.signal(signal.SIGINT)
    assert beside.ends(9) == 0
    assert none_alive(members)


@pytest.mark.faults
def test_nothing_survives_a_kill_of_the_supervisor(whole: Whole) -> None:
    beside = whole(first=QUIET, deaf=STUBBORN)
    members = everything(beside)
    beside.signal(signal.SIGKILL)
    beside.process.wait()
    wait_for(lambda: none_alive(members), 10, "the end of all parts")


@pytest.mark.faults
def test_a_closed_terminal_ends_it(whole: Whole) -> None:
    """A real terminal: its other end is closed, as when a window is closed or a connection drops."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", "import os, sys; os.login_tty(0) if hasattr(os, 'login_tty') else None\n"
         "import runpy; sys.argv = ['whole.py', 'quiet=" + QUIET + "']\n"
         "runpy.run_path('tests/ops/whole.py', run_name='__main__')"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    try:
        while b"all up" not in said:
            said += os.read(ours, 4096)
        members = {process.pid, *descendants(process.pid)}
        os.close(ours)
        wait_for(lambda: none_alive(members), 30, "the end of all parts")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_crashed_part_is_said_and_started_again(whole: Whole) -> None:
    beside = whole(steady=QUIET)
    beside.says("all up")
    first = next(int(line.split()[1]) for line in beside.lines if line.startswith("steady "))
    os.kill(first, signal.SIGKILL)
    beside.says("steady was ended by SIGKILL; it is started again")
    beside.says("steady runs again.")
    wait_for(lambda: len([each for each in descendants(beside.process.pid) if each != first]) > 0)


@pytest.mark.faults
def test_a_killed_database_comes_back(whole: Whole) -> None:
    beside = whole(steady=QUIET)
    beside.says("all up")
    database = next(int(line.split()[1]) for line in beside.lines if line.startswith("database "))
    os.kill(database, signal.SIGKILL)
    beside.says("database was ended by SIGKILL")
    beside.says("database runs again.")


def test_a_part_that_keeps_crashing_ends_the_whole_with_the_reason(whole: Whole) -> None:
    beside = whole(steady=QUIET, broken="raise SystemExit('the disk is full')")
    members = everything(beside)
    assert beside.ends() == 1
    assert "gave up: broken ended with code 1, too often in a short time" in beside.output
    assert "the disk is full" in beside.output.split("gave up:")[1]
    assert none_alive(members)


class TestRestarts:
    """The policy, with a clock of its own."""

    def test_waits_double_and_the_limit_ends_it(self) -> None:
        restarts = Restarts(limit=5)
        assert [restarts.wait_after_crash(second) for second in range(5)] == [0.5, 1.0, 2.0, 4.0, None]

    def test_old_crashes_are_forgotten(self) -> None:
        restarts = Restarts(limit=3, window_seconds=60)
        assert [restarts.wait_after_crash(second) for second in (0, 30, 61, 122, 183)] == [0.5, 1.0, 1.0, 0.5, 0.5]

    def test_the_wait_is_bounded(self) -> None:
        restarts = Restarts(limit=50, window_seconds=1000)
        assert max(restarts.wait_after_crash(second) or 0 for second in range(40)) == 15.0


def test_a_part_that_can_not_be_started_is_a_crash_too() -> None:
    supervisor = Supervisor()
    with pytest.raises(FileNotFoundError):
        supervisor.start(Program("missing", ["/nowhere/program"], {}, ROOT))
    supervisor.stop()
