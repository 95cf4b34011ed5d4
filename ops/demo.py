"""`./run demo`: database, schema, demo utility, web, simulator; until somebody stops it."""

import hashlib
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from ops import accounts
from ops.announce import announce
from ops.cluster import PrivateCluster
from ops.parts import Database, answers_ready, jobs_worker, program, simulator, web_processes
from ops.port import listen, local_address
from ops.processes import end
from ops.smoke import check_all
from ops.supervisor import Supervisor, say, tail
from settings import Settings, get_settings

DATABASE = "gridaudit"


@dataclass(frozen=True)
class DemoOptions:
    """What the command line asked for."""

    host: str
    port: int
    size: str | None
    seed: int | None
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
    folder = _data_folder(get_settings())
    temporary = None
    if options.smoke and not options.keep:
        folder = temporary = Path(tempfile.mkdtemp(prefix="gridaudit-smoke-"))
        temporary.chmod(0o711)
    supervisor = Supervisor()
    cluster: PrivateCluster | None = None
    with supervisor.ended_by_signals():
        try:
            listener = listen(options.host, 0 if options.smoke else options.port)
            folder.mkdir(parents=True, exist_ok=True)
            owner, cluster = _database(options, folder, supervisor)
            _prepare(options, folder, owner, wipe=options.reset and cluster is None)
            environment = {
                **owner,
                "GRIDAUDIT_DATA_DIR": str(folder),
                "GRIDAUDIT_HOST": options.host,
                "GRIDAUDIT_PORT": str(listener.getsockname()[1]),
            }
            if cluster is not None:
                # The web processes need no more than their own login.
                environment["DATABASE_URL"] = environment["WEB_DATABASE_URL"]
            address = local_address(options.host, listener.getsockname()[1])
            logs = folder / "logs"
            for part in web_processes(listener, options.workers, environment=environment, logs=logs):
                supervisor.start(part)
            supervisor.wait_until(lambda: answers_ready(address), "The web server")
            worker = jobs_worker(environment=environment, logs=logs)
            if worker is not None:
                supervisor.start(worker)
            access = accounts.saved(folder)
            if options.simulate and access is not None:
                supervisor.start(simulator(address, access.devices, environment=environment, logs=logs))
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


def _data_folder(settings: Settings) -> Path:
    """Where logs and accounts go. A server of one's own has its own folder: its accounts are others."""
    folder = settings.web.data_dir.resolve()
    if settings.database.database_url is None:
        return folder
    given = make_url(settings.database.database_url.get_secret_value())
    key = hashlib.sha256(repr((given.host, given.port, given.database, sorted(given.query.items()))).encode())
    return folder / f"server-{key.hexdigest()[:8]}"


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


def _prepare(options: DemoOptions, folder: Path, variables: dict[str, str], *, wipe: bool) -> None:
    """Schema and demo data, by the owner's login."""
    arguments = ["-m", "ops.prepare", "--load"]
    arguments += [] if options.size is None else ["--size", options.size]
    arguments += [] if options.seed is None else ["--seed", str(options.seed)]
    arguments += ["--wipe"] if wipe else []
    environment = {**variables, "GRIDAUDIT_DATA_DIR": str(folder)}
    say("Schema and demo data")
    process = program("prepare", arguments, environment=environment, logs=None).start()
    try:
        code = process.wait()
    except BaseException:
        end(process, stop_signal=signal.SIGTERM, patience_seconds=2)
        raise
    if code != 0:
        raise DemoFailed("The database could not be prepared; the reason stands above.")


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
