"""`./run serve`: the web processes and background work on a database that the environment names."""

import signal
import time
from collections.abc import Mapping

from ops.parts import answers_ready, jobs_worker, program, web_processes
from ops.port import listen, local_address
from ops.processes import end
from ops.supervisor import Supervisor, say
from settings import Settings


class CannotServe(Exception):
    """Something that serving needs is missing; the text says what."""


def run_serve(settings: Settings, *, migrate: bool, jobs: bool) -> int:
    """Serve until somebody stops it. Output of the parts goes to this terminal (or the service's journal).

    Raises:
        Stopped: somebody asked it to end; everything has ended.
        CannotServe, GaveUp, PortTaken: what hinders it.
    """
    database = settings.database
    if database.database_url is None and (migrate or database.web_database_url is None):
        raise CannotServe(
            "DATABASE_URL is not set. ./run serve works on a PostgreSQL server with PostGIS that you name:"
            " DATABASE_URL=postgresql://owner:password@host/gridaudit ./run serve."
            " ./run demo brings its own database; docs/settings.md lists every setting."
        )
    supervisor = Supervisor()
    with supervisor.ended_by_signals():
        try:
            _serve(settings, supervisor, migrate=migrate, jobs=jobs)
        finally:
            begun = time.monotonic()
            supervisor.stop()
            say(f"Everything has ended ({time.monotonic() - begun:.1f} s).")
    return 0


def _serve(settings: Settings, supervisor: Supervisor, *, migrate: bool, jobs: bool) -> None:
    host, port = settings.web.host, settings.web.port
    listener = listen(host, port)
    if migrate:
        _migrate()
    environment: Mapping[str, str] = {}
    for part in web_processes(listener, settings.web.workers, environment=environment, logs=None):
        supervisor.start(part)
    address = local_address(host, port)
    supervisor.wait_until(lambda: answers_ready(address), "The web server")
    worker = jobs_worker(environment=environment, logs=None) if jobs else None
    if worker is not None:
        supervisor.start(worker)
    say(f"gridaudit serves {address}/ with {settings.web.workers} web processes.")
    supervisor.watch()


def _migrate() -> None:
    process = program("prepare", ["-m", "ops.prepare"], environment={}, logs=None).start()
    try:
        code = process.wait()
    except BaseException:
        end(process, stop_signal=signal.SIGTERM, patience_seconds=2)
        raise
    if code != 0:
        raise CannotServe("The database could not be prepared; the reason stands above.")
