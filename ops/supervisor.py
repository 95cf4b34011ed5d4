"""Watches over the parts that run side by side: starts them, restarts what crashes, ends all of them in order.

Ctrl-C, SIGTERM and a closed terminal (SIGHUP) become the exception `Stopped` in the main thread, at whatever step the
program is, so one `finally` ends everything. A second one raises nothing: it takes away the patience of the ending that
is under way. Killed with -9, the kernel ends the parts (see `ops.processes`).
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from ops.processes import end, end_group, spawn
from ops.restarts import Restarts

READY_SECONDS = 90.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked this program to end. Not an `Exception`: nothing on the way may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class GaveUp(Exception):
    """A part can't be kept running; the text names it and carries its last words."""


def say(text: str = "") -> None:
    """A line to the user; a terminal that is gone does not matter."""
    with suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


class Part(Protocol):
    """Something that runs beside the others and is watched."""

    name: str

    def start(self) -> subprocess.Popen[bytes]:
        """Start it (again); the process whose end is its crash."""

    def stop(self, hurry: Callable[[], bool]) -> None:
        """End it and everything it started; by force as soon as `hurry()`."""

    def last_words(self) -> str:
        """What it said last, for the user."""


@dataclass
class Program:
    """A part that is a command of ours; its output goes to `log`, or to this terminal without one."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    folder: Path
    log: Path | None = None
    pass_fds: tuple[int, ...] = ()
    patience_seconds: float = 5.0
    process: subprocess.Popen[bytes] | None = None
    asked_at: float | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; what a crashed one may have left of its group is ended first."""
        if self.process is not None:
            end_group(self.process.pid)
        handle: IO[bytes] | None = self.log.open("ab") if self.log is not None else None
        try:
            self.process = spawn(
                self.command, environment=self.environment, folder=self.folder, log=handle, pass_fds=self.pass_fds
            )
        finally:
            if handle is not None:
                handle.close()
        return self.process

    def stop(self, hurry: Callable[[], bool]) -> None:
        """SIGTERM, some patience from the first asking on, then the whole group."""
        if self.process is not None:
            self.ask_to_stop()
            left = self.patience_seconds - (time.monotonic() - (self.asked_at or 0.0))
            end(self.process, stop_signal=signal.SIGTERM, patience_seconds=left, hurry=hurry)

    def ask_to_stop(self) -> None:
        """SIGTERM without waiting, so that several parts end side by side."""
        if self.asked_at is None and self.process is not None and self.process.poll() is None:
            self.asked_at = time.monotonic()
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    def last_words(self) -> str:
        """The end of its log."""
        return tail(self.log) if self.log is not None else "(see above)"


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file."""
    try:
        with log.open("rb") as handle:
            handle.seek(max(handle.seek(0, os.SEEK_END) - 16_384, 0))
            return "\n".join(handle.read().decode("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def keep_log_small(log: Path, limit: int = 20_000_000) -> None:
    """Move a large log aside before it is opened. Logs are opened for appending, so `copytruncate` serves as well."""
    with suppress(OSError):
        if log.stat().st_size > limit:
            log.replace(log.with_suffix(".log.1"))


@dataclass
class _Watched:
    part: Part
    process: subprocess.Popen[bytes]
    restarts: Restarts
    again_at: float | None = None


@dataclass
class Supervisor:
    """The parts in the order of their start; they end in the opposite order."""

    new_restarts: Callable[[], Restarts] = Restarts
    _watched: list[_Watched] = field(default_factory=list)
    _asked: int | None = None
    _ending: bool = False
    _hurry: bool = False

    def start(self, part: Part) -> None:
        """Start a part and watch over it from now on."""
        self._watched.append(_Watched(part, part.start(), self.new_restarts()))

    def wait_until(self, ready: Callable[[], bool], what: str, *, seconds: float = READY_SECONDS) -> None:
        """Watch over the parts until `ready()`.

        Raises:
            GaveUp: not within the time, or a part crashed too often meanwhile.
        """
        until = time.monotonic() + seconds
        while not ready():
            self.look_after()
            if time.monotonic() > until:
                words = "\n".join(f"--- {each.part.name}\n{each.part.last_words()}" for each in self._watched)
                raise GaveUp(f"{what} is not ready after {seconds:.0f} s.\n{words}")
            self._pause(0.1)

    def watch(self) -> None:
        """Watch over the parts for ever.

        Raises:
            Stopped: somebody asked to end.
            GaveUp: a part crashed too often.
        """
        while True:
            self.look_after()
            self._pause(0.5)

    def look_after(self) -> None:
        """One look at every part: what crashed is said and started again when its time has come.

        Raises:
            Stopped: again, where the first one was raised at a place that swallows exceptions (a finaliser).
        """
        if self._asked is not None:
            raise Stopped(self._asked)
        now = time.monotonic()
        for each in self._watched:
            if each.again_at is None:
                if each.process.poll() is not None:
                    self._note_crash(each, now)
            elif now >= each.again_at:
                each.again_at = None
                try:
                    each.process = each.part.start()
                except Exception as error:
                    say(f"{each.part.name} did not start: {error}")
                    self._note_crash(each, now)
                else:
                    say(f"{each.part.name} runs again.")

    def stop(self) -> None:
        """End all parts, last started first; those that are programs of ours are all asked at once."""
        self._ending = True
        for each in reversed(self._watched):
            if isinstance(each.part, Program):
                each.part.ask_to_stop()
        for each in reversed(self._watched):
            each.part.stop(lambda: self._hurry)
        self._watched.clear()

    @contextmanager
    def ended_by_signals(self) -> Iterator[None]:
        """Inside the block the first Ctrl-C, SIGTERM or SIGHUP raises `Stopped`; while ending, they hurry it.

        Put the `finally` with `stop()` inside. A SIGHUP that was ignored at the start (nohup) stays ignored.
        """

        def receive(number: int, _frame: FrameType | None) -> None:
            if self._ending:
                self._hurry = True
            else:
                self._ending, self._asked = True, number
                raise Stopped(number)

        before = {}
        for number in _SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            before[number] = signal.signal(number, receive)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note_crash(self, each: _Watched, now: float) -> None:
        code = each.process.poll()
        how = "could not be started" if code is None else _how_it_ended(code)
        wait = each.restarts.wait_after_crash(now)
        if wait is None:
            raise GaveUp(
                f"{each.part.name} {how}, too often in a short time. Its last words:\n{each.part.last_words()}"
            )
        say(f"{each.part.name} {how}; it is started again in {wait:.1f} s.\n{_indented(each.part.last_words())}")
        each.again_at = now + wait

    def _pause(self, seconds: float) -> None:
        """Wait, but not past the end of a part: its pipe-less end is seen through pidfds where the system has them."""
        handles = []
        try:
            for each in self._watched:
                if each.again_at is None and each.process.returncode is None and hasattr(os, "pidfd_open"):
                    with suppress(OSError):
                        handles.append(os.pidfd_open(each.process.pid))
            select.select(handles, [], [], seconds)
        finally:
            for handle in handles:
                os.close(handle)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[-6:])
