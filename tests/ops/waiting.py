"""Waiting for conditions, and programs that run beside the tests."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ops.processes import is_alive
from settings import ROOT

# Started under nohup, every program below would inherit a deaf ear for a closed terminal.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_for(condition: Callable[[], object], seconds: float = 20.0, what: str = "it") -> None:
    """Return once the condition holds; fail when it does not within the time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.02)


def descendants(process_id: int) -> set[int]:
    """All processes below this one, at this moment."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(errors="replace").rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        below.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found: set[int] = set()
    ahead = [process_id]
    while ahead:
        for child in below.get(ahead.pop(), []):
            found.add(child)
            ahead.append(child)
    return found


def none_alive(process_ids: set[int]) -> bool:
    """Whether all of them have ended."""
    return not any(is_alive(each) for each in process_ids)


class Beside:
    """A program that runs beside the test; what it prints is collected."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", *arguments],
            cwd=ROOT,
            env={**(environment or os.environ), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def says(self, text: str, seconds: float = 30.0) -> None:
        """Wait until it has printed a text; fail at once when it ends before."""

        def said() -> bool:
            if text in self.output:
                return True
            if self.process.poll() is not None:
                self._reader.join(2)
                assert text in self.output, f"ended without saying {text!r}:\n{self.output}"
            return False

        try:
            wait_for(said, seconds, f"saying {text!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None

    def ends(self, seconds: float = 20.0) -> int:
        """Its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        """Whatever happened in the test, nothing stays."""
        left = descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.kill()
        for each in left:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
