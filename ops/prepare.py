"""Bring a database to the newest schema and fill it with the demo, in a process of its own.

The loader needs far more memory than watching over the parts does, and it goes away with its process.
`python -m ops.prepare [--load --size demo --seed 7] [--wipe]`; the exit code says what was found (`Outcome`).
"""

import argparse
import asyncio
import importlib.util
import sys
import time
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from data_access.engine import async_url, dispose_engines
from data_access.loads import LoadState, holds_data, load_state
from data_access.migrate import alembic_config, migrate
from ops.accounts import DemoAccess, DemoAccount, forget, save
from ops.outcome import Outcome
from ops.settings_text import explain
from settings import get_settings

LOAD = "demo"
console = Console(highlight=False, soft_wrap=True)


def _state() -> tuple[LoadState | None, bool]:
    async def ask() -> tuple[LoadState | None, bool]:
        try:
            return await load_state(LOAD), await holds_data()
        finally:
            await dispose_engines()

    return asyncio.run(ask())


def wipe(address: str) -> None:
    """Take every table of ours away: the way back through all migrations. The database itself stays."""
    from alembic import command

    engine = create_engine(async_url(address))
    try:
        with engine.connect() as connection:
            command.downgrade(alembic_config(connection), "base")
            connection.commit()
    finally:
        engine.dispose()


def load_demo(address: str, *, size: str, seed: int, data_folder: Path) -> None:
    """Fill the database with the demo utility and keep its accounts for later starts."""
    from demo.load import load

    forget(data_folder)
    begun = time.monotonic()
    columns = (
        TextColumn("  {task.description:<34}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    last = ""
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Demo utility", total=1.0)

        def step(what: str, share: float) -> None:
            nonlocal last
            progress.update(task, description=what, completed=share)
            if not console.is_terminal and what != last:
                console.print(f"  {share:4.0%}  {what}")
                last = what

        report = load(address, size=size, seed=seed, progress=step)
        progress.update(task, description="Demo utility", completed=1.0)
    access = DemoAccess(
        accounts=tuple(DemoAccount(*account) for account in report.accounts),
        wall_token=report.wall_token,
        device_tokens_file=str(report.device_tokens_file),
    )
    save(data_folder, access)
    console.print(f"  The demo utility stands ({time.monotonic() - begun:.0f} s).")


def prepare(*, with_demo: bool, size: str, seed: int, wipe_first: bool) -> Outcome:
    """Migrate, then load the demo where it is missing."""
    settings = get_settings()
    secret = settings.database.database_url
    if secret is None:
        console.print("DATABASE_URL is not set.")
        return Outcome.FAILED
    address = secret.get_secret_value()
    begun = time.monotonic()
    before, after = migrate(address)
    if before != after:
        console.print(f"  Schema {before or 'none'} → {after} ({time.monotonic() - begun:.1f} s).")
    if not with_demo:
        return Outcome.READY
    state, anything = _state()
    if state is None and anything:
        return Outcome.FOREIGN
    if wipe_first and (anything or state is not None):
        wipe(address)
        migrate(address)
        state = None
    if state is not None and state.finished:
        if (state.size, state.seed) != (size, seed):
            console.print(
                f"  The demo was loaded with size {state.size} and seed {state.seed}; --reset loads it with other ones."
            )
        return Outcome.READY
    if state is not None:
        return Outcome.INTERRUPTED
    if importlib.util.find_spec("demo.load") is None:  # TEMPORARY
        console.print("  No demo loader yet: the database stays empty.")
        return Outcome.READY
    load_demo(address, size=size, seed=seed, data_folder=settings.web.data_dir)
    return Outcome.READY


def main(arguments: list[str] | None = None) -> int:
    """The command; faults of the database are said in one line, faults of the program with their trace."""
    parser = argparse.ArgumentParser(prog="python -m ops.prepare")
    parser.add_argument("--load", action="store_true", help="load the demo utility where it is missing")
    parser.add_argument("--wipe", action="store_true", help="take an earlier demo away first")
    parser.add_argument("--size", default="demo")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    try:
        return prepare(with_demo=chosen.load, size=chosen.size, seed=chosen.seed, wipe_first=chosen.wipe)
    except ValidationError as error:
        console.print(explain(error), markup=False)
    except DBAPIError as error:
        console.print(f"The database can't be prepared: {str(error.orig or error).strip()}", markup=False)
    return Outcome.FAILED


if __name__ == "__main__":
    sys.exit(main())
