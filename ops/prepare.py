"""Bring a database to the newest schema and fill it with the demo, in a process of its own.

The loader needs far more memory than watching over the parts does, and it goes away with its process.
`python -m ops.prepare [--load --size demo --seed 7] [--wipe]`; exit code 0: the database is ready.
"""

import argparse
import sys
import time
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import DBAPIError

from data_access.demo_load import DatabaseNotEmpty, demo_state, empty_schema
from data_access.migrate import migrate
from i18n import UnknownText, t
from ops import accounts
from ops.settings_text import explain
from settings import get_settings

console = Console(highlight=False, soft_wrap=True)


class CannotPrepare(Exception):
    """The database is not fit; the text says why."""


def _step_text(step: str) -> str:
    try:
        return t(f"demo.{step}", "en")
    except UnknownText:
        return step


def _load(address: str, *, size: str, seed: int, data_folder: Path) -> None:
    """Fill the database with the demo utility, with a progress bar; elsewhere than on a terminal a line a step."""
    from demo.load import load

    accounts.forget(data_folder)
    begun = time.monotonic()
    columns = (
        TextColumn("  {task.description:<34}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    last = ""
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("Demo utility", total=1.0)

        def step(what: str, share: float) -> None:
            nonlocal last
            progress.update(task, description=_step_text(what), completed=share)
            if not console.is_terminal and what != last:
                console.print(f"  {share:4.0%}  {_step_text(what)}")
                last = what

        report = load(address, size=size, seed=seed, progress=step, data_dir=data_folder)
        accounts.save(data_folder, report.accounts, report.wall_token)
    console.print(f"  The demo utility stands ({time.monotonic() - begun:.0f} s).")


def prepare_demo(address: str, *, size: str | None, seed: int | None, data_folder: Path, wipe: bool) -> None:
    """Load the demo where it is missing; one that was cut short is done again, never used by half.

    Raises:
        CannotPrepare: the database holds data that is not the demo's; nothing was changed.
    """
    state = demo_state(address)
    if state is not None and wipe:
        empty_schema(address)
        console.print("  The old demo is removed.")
        state = None
    if state is not None and state.finished_at is not None:
        if (size or state.size, seed if seed is not None else state.seed) != (state.size, state.seed):
            console.print(f"  The demo here has size {state.size}, seed {state.seed}; --reset loads it anew.")
        return
    if state is not None:
        console.print("  An earlier load was interrupted: it is done again from the beginning.")
    from demo.load import SEED
    from demo.size import SIZES

    if (size or "demo") not in SIZES:
        raise CannotPrepare(f"--size {size!r}: expected one of {', '.join(SIZES)}")
    try:
        _load(address, size=size or "demo", seed=SEED if seed is None else seed, data_folder=data_folder)
    except DatabaseNotEmpty as error:
        raise CannotPrepare(f"Nothing was changed: {error}, or start it with ./run serve.") from None


def main(arguments: list[str] | None = None) -> int:
    """The command; what is wrong with settings or database is said in a sentence."""
    parser = argparse.ArgumentParser(prog="python -m ops.prepare")
    parser.add_argument("--load", action="store_true", help="load the demo utility where it is missing")
    parser.add_argument("--wipe", action="store_true", help="take an earlier demo away first")
    parser.add_argument("--size")
    parser.add_argument("--seed", type=int)
    chosen = parser.parse_args(arguments)
    try:
        settings = get_settings()
        if settings.database.database_url is None:
            raise CannotPrepare("DATABASE_URL is not set.")
        address = settings.database.database_url.get_secret_value()
        begun = time.monotonic()
        before, after = migrate(address)
        if before != after:
            console.print(f"  Schema {before or 'none'} → {after} ({time.monotonic() - begun:.1f} s).")
        if chosen.load:
            folder = settings.web.data_dir
            prepare_demo(address, size=chosen.size, seed=chosen.seed, data_folder=folder, wipe=chosen.wipe)
    except CannotPrepare as error:
        console.print(str(error), markup=False)
    except ValidationError as error:
        console.print(explain(error), markup=False)
    except DBAPIError as error:
        console.print(f"The database can't be prepared: {str(error.orig or error).strip()}", markup=False)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
