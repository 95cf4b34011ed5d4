"""Start and end processes so that none is left behind, whatever happens to the one that started them.

Each child leads a process group of its own: a Ctrl-C in the terminal reaches only the supervisor, which then ends its
children in order, and a group is ended as a whole. The kernel is asked to signal the child when its parent dies
(`PR_SET_PDEATHSIG`), which holds even when the parent is killed with -9. Two facts of Linux shape this file: that
request is forgotten when the process changes its user, so it is made after the change; and "parent" means the *thread*
that started the child, so children are started from the main thread.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class SystemUser:
    """A user of this machine that a process is to run as."""

    name: str
    uid: int
    gid: int


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: IO[bytes] | None = None,
    user: SystemUser | None = None,
    folder: Path = Path("/"),
    death_signal: signal.Signals = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` as the leader of its own process group; it gets `death_signal` when this process dies.

    Call it from the main thread. `log` takes standard output and error; without it they are inherited.

    Raises:
        OSError: the program does not exist or may not be run.
    """
    parent = os.getpid()

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died between fork and prctl: nobody would ever signal this process
                os._exit(1)

    return subprocess.Popen(
        list(command),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        umask=0o077,
        process_group=0,
        pass_fds=pass_fds,
        preexec_fn=prepare,
    )


def end(
    process: subprocess.Popen[bytes],
    *,
    stop_signal: signal.Signals,
    patience_seconds: float,
    hurry: Callable[[], bool] = lambda: False,
) -> bool:
    """Ask a process to end, then end its whole group. True when it went by itself within the time and without hurry."""
    until = time.monotonic() + patience_seconds
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(stop_signal)
    while (went := process.poll()) is None and time.monotonic() < until and not hurry():
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    end_group(process.pid)
    process.wait()
    return went is not None


def end_group(group: int) -> None:
    """Kill what is left of a process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def is_alive(process_id: int) -> bool:
    """Whether a process with this id exists and is not merely waiting to be reaped."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    return state[0] != "Z"


def wait_gone(process_id: int, seconds: float) -> bool:
    """Wait until a process that is not our child has ended. True when it has."""
    until = time.monotonic() + seconds
    while is_alive(process_id):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
