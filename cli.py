"""The commands behind `./run`. Each one is a few lines here; what it does stands in `ops/`.

Heavy imports stay inside the commands, so that `./run help` answers at once.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from settings import ROOT, Settings, get_settings

app = typer.Typer(
    name="./run",
    help="gridaudit: operations dashboard for the marketing audit of a power utility (电力营销稽查).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def _settings() -> Settings:
    from ops.settings_text import explain

    try:
        return get_settings()
    except ValidationError as error:
        typer.echo(explain(error), err=True)
        typer.echo("docs/settings.md lists every setting.", err=True)
        raise typer.Exit(2) from None


def _guarded(work: Callable[[], int]) -> None:
    """Run a command that starts processes; what hinders it is said in a sentence, not with a trace."""
    from ops.cluster import ClusterFailed, ClusterInUse
    from ops.cluster_place import NoPlace
    from ops.demo import DemoFailed
    from ops.port import PortTaken
    from ops.postgres_binaries import NoPostgres
    from ops.serve import CannotServe
    from ops.supervisor import GaveUp, Stopped

    try:
        code = work()
    except Stopped as stopped:
        # Ended on request: Ctrl-C and SIGTERM are the normal end of a service.
        code = 0 if stopped.number in (signal.SIGINT, signal.SIGTERM) else 128 + stopped.number
    except (
        CannotServe, ClusterFailed, ClusterInUse, DemoFailed, GaveUp, NoPlace, NoPostgres, PortTaken,
    ) as error:  # fmt: skip
        typer.echo(str(error), err=True)
        code = 1
    raise typer.Exit(code)


def _become(*arguments: str) -> None:
    """Continue as another program in the same process, so that signals and exit codes need no passing on."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the web server; 0: any free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Remove the database of the demo and begin anew.")] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Bring all up in a temporary folder, check it as a signed-in user, stop.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="With --smoke: use the usual data folder.")] = False,
    size: Annotated[str | None, typer.Option(help="Size of the demo utility: demo, or small.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same utility.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Web processes.")] = None,
    no_simulator: Annotated[bool, typer.Option("--no-simulator", help="Nothing moves.")] = False,
) -> None:
    """Bring up everything with a made-up utility: database, web, moving inspectors."""
    from ops.demo import DemoOptions, run_demo

    web = _settings().web
    options = DemoOptions(
        host=host or web.host,
        port=web.port if port is None else port,
        size=size,
        seed=seed,
        workers=workers or web.workers,
        reset=reset,
        simulate=not no_simulator,
        smoke=smoke,
        keep=keep,
    )
    _guarded(lambda: run_demo(options))


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run the tests on private databases and a real browser; arguments go to pytest.

    Without arguments the whole suite runs, its files shared out among processes, each with a database of its own.
    """
    _become("-m", "pytest", *(context.args or ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]))


@app.command()
def check() -> None:
    """Style, format, types, who imports whom, complete catalogues."""
    from ops.checks import run_checks

    raise typer.Exit(run_checks())


@app.command(context_settings=PASS_ON)
def bench(context: typer.Context) -> None:
    """Measure against the budgets; arguments go to the bench (--size demo|city|province, --only …, --help)."""
    _become("-m", "bench.main", *context.args)


@app.command()
def serve(
    migrate: Annotated[bool, typer.Option(help="Bring the schema to the newest revision first.")] = True,
    jobs: Annotated[bool, typer.Option(help="Also do the background work here.")] = True,
) -> None:
    """Serve on the database that DATABASE_URL names; every setting comes from the environment."""
    from ops.serve import run_serve

    settings = _settings()
    _guarded(lambda: run_serve(settings, migrate=migrate, jobs=jobs))


@app.command("verify-log")
def verify_log(
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="Side by side; default: one a core.")] = None,
) -> None:
    """Check the hash chain of every ticket's events; exit code 1 names the first broken row of each."""
    from ops.verify_log import run_verify_log

    raise typer.Exit(run_verify_log(processes))


@app.command()
def lock() -> None:
    """Write requirements.lock anew from requirements.in and requirements-dev.in."""
    uv = Path(sys.executable).with_name("uv")
    os.chdir(ROOT)
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    os.execv(uv, [str(uv), "pip", "compile", *options, "requirements-dev.in", "-o", "requirements.lock"])  # noqa: S606


@app.command("help")
def show_help(context: typer.Context) -> None:
    """This list."""
    assert context.parent is not None  # noqa: S101 - a command always has the group above it
    typer.echo(context.parent.get_help())


def main() -> None:
    """Entry of `python cli.py`; accounts, tokens, imports and scans are loaded only when they are asked for."""
    if sys.argv[1:2] in (["user"], ["token"], ["import"], ["scan"], ["help"], ["--help"]) or not sys.argv[1:]:
        from ops import admin, imports, scan

        app.command("import")(imports.run_import)
        app.command("scan")(scan.run_scan)
        app.add_typer(admin.user, name="user")
        app.add_typer(admin.token, name="token")
    app(prog_name="./run")


if __name__ == "__main__":
    main()
