"""`./run demo`: database, schema, demo utility, web, simulator; until somebody stops it."""

import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ops import accounts
from ops.announce import announce
from ops.cluster import PrivateCluster
from ops.outcome import Outcome
from ops.parts import Database, answers_ready, jobs_worker, program, simulator, web_processes
from ops.port import listen
from ops.processes import end
from ops.smoke import check_all
from ops.supervisor import Supervisor, say, stopping_on_signals, tail
from settings import get_settings

DATABASE = "gridaudit"


@dataclass(frozen=True)
class DemoOptions:
    """What the command line asked for."""

    host: str
    port: int
    size: str
    seed: int
    workers: int
    reset: bool = False
    simulate: bool = True
    smoke: bool = False
    keep: bool = False


class DemoFailed(Exception):
    """The demo can't be brought up; the text says why."""


def run_demo(options: DemoOptions) -> int:
    """Bring everything up and watch over it. Exit code: 0, or 1 when the smoke test failed.

    Raises:
        Stopped: somebody asked it to end; everything has ended.
        DemoFailed, GaveUp, PortTaken, ClusterFailed, ClusterInUse, NoPlace, NoPostgres: what hinders it.
    """
    folder = get_settings().web.data_dir.resolve()
    temporary = None
    if options.smoke and not options.keep:
        folder = temporary = Path(tempfile.mkdtemp(prefix="gridaudit-smoke-"))
        temporary.chmod(0o711)
    supervisor = Supervisor()
    cluster: PrivateCluster | None = None
    try:
        with stopping_on_signals():
            listener = listen(options.host, 0 if options.smoke else options.port)
            folder.mkdir(parents=True, exist_ok=True)
            owner, cluster = _database(options, folder, supervisor)
            _prepare(options, folder, owner, cluster)
            environment = {
                **owner,
                "GRIDAUDIT_DATA_DIR": str(folder),
                "GRIDAUDIT_HOST": options.host,
                "GRIDAUDIT_PORT": str(listener.getsockname()[1]),
            }
            if cluster is not None:
                # The web processes need no more than their own login.
                environment["DATABASE_URL"] = environment["WEB_DATABASE_URL"]
            address = _address(options.host, listener.getsockname()[1])
            logs = folder / "logs"
            for part in web_processes(listener, options.workers, environment=environment, logs=logs):
                supervisor.start(part)
            supervisor.wait_until(lambda: answers_ready(address), "The web server")
            worker = jobs_worker(environment=environment, logs=logs)
            if worker is not None:
                supervisor.start(worker)
            access = accounts.saved(folder)
            if options.simulate and access is not None:
                supervisor.start(simulator(address, access.device_tokens_file, environment=environment, logs=logs))
            if options.smoke:
                return _smoke(address, access, supervisor, logs)
            announce(address, access, folder, simulated=options.simulate)
            supervisor.watch()
            return 0
    finally:
        ending = time.monotonic()
        supervisor.stop()
        if temporary is not None:
            if cluster is not None:
                cluster.remove()
            shutil.rmtree(temporary, ignore_errors=True)
        if not options.smoke:
            say(f"Everything has ended ({time.monotonic() - ending:.1f} s).")


def _address(host: str, port: int) -> str:
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _database(
    options: DemoOptions, folder: Path, supervisor: Supervisor
) -> tuple[dict[str, str], PrivateCluster | None]:
    """The variables that lead to the database, and the cluster when it is our own."""
    given = get_settings().database
    if given.database_url is not None:
        say("Database    the server that DATABASE_URL names; none is started here")
        variables = {"DATABASE_URL": given.database_url.get_secret_value()}
        if given.web_database_url is not None:
            variables["WEB_DATABASE_URL"] = given.web_database_url.get_secret_value()
        return variables, None
    begun = time.monotonic()
    cluster = PrivateCluster.under(folder)
    if cluster.place.note:
        say(cluster.place.note)
    if options.reset:
        cluster.remove()
        accounts.forget(folder)
        say("Database    the old one is removed")
    new = not cluster.place.marker.exists()
    supervisor.start(Database(cluster))
    say(
        f"Database    private PostgreSQL {'made and ' if new else ''}started in {cluster.place.home}"
        f" ({time.monotonic() - begun:.1f} s)"
    )
    cluster.ensure_database(DATABASE)
    return {
        "DATABASE_URL": cluster.address(DATABASE),
        "WEB_DATABASE_URL": cluster.address(DATABASE, role="gridaudit_web"),
    }, cluster


def _prepare(options: DemoOptions, folder: Path, variables: dict[str, str], cluster: PrivateCluster | None) -> None:
    """Schema and demo data, begun anew where an earlier load was cut short."""
    wipe = options.reset and cluster is None
    outcome = _prepare_once(options, folder, variables, wipe=wipe)
    if outcome == Outcome.INTERRUPTED:
        say("  An earlier load was interrupted: it is done again from the beginning.")
        if cluster is not None:
            cluster.drop_database(DATABASE)
            cluster.ensure_database(DATABASE)
        outcome = _prepare_once(options, folder, variables, wipe=cluster is None)
    if outcome == Outcome.FOREIGN:
        raise DemoFailed(
            "The database that DATABASE_URL names holds data that is not the demo's; nothing was changed."
            " Name an empty database, or start it with ./run serve."
        )
    if outcome != Outcome.READY:
        raise DemoFailed("The database could not be prepared; the reason stands above.")


def _prepare_once(options: DemoOptions, folder: Path, variables: dict[str, str], *, wipe: bool) -> int:
    arguments = ["-m", "ops.prepare", "--load", "--size", options.size, "--seed", str(options.seed)]
    # The loader works with the owner's login.
    environment = {**variables, "GRIDAUDIT_DATA_DIR": str(folder)}
    environment["WEB_DATABASE_URL"] = variables.get("WEB_DATABASE_URL", variables["DATABASE_URL"])
    part = program("prepare", arguments + (["--wipe"] if wipe else []), environment=environment, logs=None)
    say("Schema and demo data")
    process: subprocess.Popen[bytes] = part.start()
    try:
        return process.wait()
    except BaseException:
        end(process, stop_signal=signal.SIGTERM, patience_seconds=2)
        raise


def _smoke(address: str, access: accounts.DemoAccess | None, supervisor: Supervisor, logs: Path) -> int:
    if access is None:
        raise DemoFailed("The load has left no accounts behind.")
    failures = check_all(address, access, look_after=supervisor.look_after)
    if not failures:
        say("Smoke test passed.")
        return 0
    for failure in failures:
        say(f"FAILED  {failure}")
    for log in sorted(logs.glob("*.log")):
        say(f"--- the end of {log.name}\n{tail(log)}")
    return 1
