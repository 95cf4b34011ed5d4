"""`./run check`: everything that can be said about the program without running it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from i18n import faults
from ops.supervisor import say
from settings import ROOT


def _tool(*command: str) -> Callable[[], list[str]]:
    def run() -> list[str]:
        program = [str(Path(sys.executable).parent / command[0]), *command[1:]]
        answer = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
        return [] if answer.returncode == 0 else (answer.stdout + answer.stderr).splitlines() or ["failed"]

    return run


CHECKS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    ("style (ruff check)", _tool("ruff", "check", "--output-format", "concise", ".")),
    ("format (ruff format)", _tool("ruff", "format", "--check", ".")),
    ("types of the packages (mypy)", _tool("mypy")),
    ("types of app.py, cli.py, settings.py (mypy)", _tool("mypy", "app.py", "cli.py", "settings.py")),
    ("who imports whom (lint-imports)", _tool("lint-imports", "--no-cache")),
    ("catalogues: English and 简体中文 complete", faults),
)
"""Name and check: a check gives back what is wrong, one line each. A new one is one line here."""


def run_checks() -> int:
    """Run all of them, also after one has failed. Exit code 0 when all hold."""
    failed = []
    for name, check in CHECKS:
        begun = time.monotonic()
        wrong = check()
        say(f"{'ok    ' if not wrong else 'FAILED'}  {name} ({time.monotonic() - begun:.1f} s)")
        if wrong:
            failed.append(name)
            say("\n".join(f"        {line}" for line in wrong))
    say("All checks hold." if not failed else f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")
    return 1 if failed else 0
