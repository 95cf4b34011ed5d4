"""The private PostgreSQL cluster: made, started, watched over and removed by `./run`, reached by unix socket only.

Whatever an earlier run left behind is put right at the start: a half-made cluster is made again, a server that survived
its supervisor is stopped, a stale `postmaster.pid` is taken away. Peer authentication with a map lets exactly the
present system user (and the one that runs the server) in, as the owner `gridaudit` or as `gridaudit_web`.
"""

import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from ops.cluster_place import Place, abandoned_test_homes, find_place, make_private, temporary_place
from ops.cluster_settings import as_file, machine_memory, shared_memory_room, tuned
from ops.postgres_binaries import Binaries, choose
from ops.processes import end, is_alive, spawn, wait_gone

OWNER = "gridaudit"
WEB = "gridaudit_web"
PORT = 5432
START_SECONDS = 60.0
STOP_SECONDS = 20.0


class ClusterFailed(Exception):
    """The private cluster could not be made or started; the text carries PostgreSQL's last words."""


class ClusterInUse(Exception):
    """Another program of this checkout has the cluster started."""


class PrivateCluster:
    """One cluster in one place. Start it from the main thread: it ends with the thread that started it."""

    def __init__(self, place: Place, *, log: Path, throwaway: bool = False) -> None:
        self.place = place
        self.log = log
        self.throwaway = throwaway
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    @classmethod
    def under(cls, data_folder: Path) -> "PrivateCluster":
        """The cluster of `./run demo`.

        Raises:
            NoPlace: no folder serves.
        """
        logs = data_folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        return cls(find_place(data_folder), log=logs / "postgres.log")

    @classmethod
    def for_tests(cls) -> "PrivateCluster":
        """A throwaway cluster in the temporary folder; what killed test runs left there is cleared away first.

        Raises:
            NoPlace: the temporary folder does not serve.
        """
        for base in abandoned_test_homes():
            shutil.rmtree(base, ignore_errors=True)
        place = temporary_place()
        return cls(place, log=place.home.parent / "postgres.log", throwaway=True)

    @property
    def pid(self) -> int | None:
        """Process id of the running server, None when it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def address(self, database: str, *, role: str = OWNER) -> str:
        """`postgresql://…` for a database of this cluster, by unix socket."""
        return f"postgresql://{role}@/{quote(database)}?host={quote(str(self.place.socket), safe='')}&port={PORT}"

    def start(self) -> None:
        """Make the cluster if needed, start it and wait until it answers.

        Raises:
            ClusterInUse: another program has it started.
            ClusterFailed: it does not come up.
            NoPostgres: no PostgreSQL that serves is installed.
        """
        if self.pid is not None:
            return
        self._take_lock()
        try:
            self._clear_leftovers()
            binaries = self._whole_cluster()
            self.process = self._spawn(binaries)
            self._wait_until_it_answers()
            self._prepare_roles()
        except BaseException:
            self.stop()
            raise

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End the server: open transactions are rolled back, data is written out. By force when that takes too long or
        as soon as `hurry()`: nothing committed is lost, the next start recovers.
        """
        if self.process is not None:
            end(self.process, stop_signal=signal.SIGINT, patience_seconds=STOP_SECONDS, hurry=hurry)
            self._await_backends()
            self.process = None
        self._release_lock()

    def kill(self) -> None:
        """Kill the server with -9, as a fault test or the machine would. `start()` brings it back."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._await_backends()
            self.process = None

    def remove(self) -> None:
        """Stop the server and delete the cluster.

        Raises:
            ClusterInUse: another program has it started.
        """
        self._take_lock()
        self.stop()
        self._take_lock()
        self._clear_leftovers()
        shutil.rmtree(self.place.home, ignore_errors=True)
        self._release_lock()
        self.place.lock.unlink(missing_ok=True)
        if self.throwaway:
            shutil.rmtree(self.place.home.parent, ignore_errors=True)

    def ensure_database(self, name: str) -> str:
        """Make the database if it is missing. Its address."""
        with self._connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.address(name)

    def drop_database(self, name: str) -> None:
        """Remove the database if it is there, and whoever is connected to it."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def answers(self) -> bool:
        """Whether a server answers on this cluster's socket, whoever started it."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.address("postgres"), autocommit=True, connect_timeout=5)

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        handle = self.place.lock.open("a+", encoding="ascii")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            handle.close()
            raise ClusterInUse(
                f"the database in {self.place.home} is in use by another run of gridaudit (process {holder}):"
                " end that one first, or set GRIDAUDIT_DATA_DIR to another folder"
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _server_processes(self) -> list[int]:
        """Processes whose working folder is the data directory: the server's, all of them."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if entry.readlink() == self.place.data:
                    found.append(int(entry.parent.name))
        return found

    def _await_backends(self) -> None:
        """Backends leave by themselves when their postmaster has died; a new one can't start before."""
        until = time.monotonic() + 5
        while (left := self._server_processes()) and time.monotonic() < until:
            time.sleep(0.05)
        for process_id in left:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)

    def _clear_leftovers(self) -> None:
        """Stop a server that outlived the run that started it, and take away a `postmaster.pid` of nobody."""
        pid_file = self.place.data / "postmaster.pid"
        try:
            postmaster = int(pid_file.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0])
        except (OSError, ValueError):
            postmaster = 0
        alive = self._server_processes()
        if postmaster in alive:
            with suppress(ProcessLookupError):
                os.kill(postmaster, signal.SIGINT)
            if not wait_gone(postmaster, STOP_SECONDS):
                with suppress(ProcessLookupError):
                    os.kill(postmaster, signal.SIGQUIT)
                wait_gone(postmaster, 5)
        self._await_backends()
        if postmaster and is_alive(postmaster):
            # The number now belongs to another program: PostgreSQL would take that for a running server.
            pid_file.unlink(missing_ok=True)

    def _whole_cluster(self) -> Binaries:
        """The programs for this cluster, which is made (again) when it is not whole."""
        if self.place.marker.exists():
            version = int((self.place.data / "PG_VERSION").read_text(encoding="ascii").strip())
            return choose(version)
        binaries = choose()
        shutil.rmtree(self.place.data, ignore_errors=True)
        make_private(self.place.home, self.place.user)
        make_private(self.place.socket, self.place.user)
        user = self.place.user
        command = [
            binaries.program("initdb"),
            f"--pgdata={self.place.data}",
            f"--username={OWNER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=peer",
            "--no-instructions",
            "--no-sync" if self.throwaway else "--data-checksums",
        ]
        # In a group of its own, so that a Ctrl-C ends this program first and leaves a half-made cluster to be redone.
        with self.log.open("ab") as log:
            process = spawn(command, environment=self._environment(), log=log, user=user)
            try:
                code = process.wait(120)
            except BaseException:
                end(process, stop_signal=signal.SIGTERM, patience_seconds=2)
                raise
        if code != 0:
            raise ClusterFailed(f"initdb failed in {self.place.data}:\n{self.last_words()}")
        self._write(self.place.data / "pg_hba.conf", "local all all peer map=gridaudit\n")
        with (self.place.data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("\ninclude 'gridaudit.conf'\n")
        made = {"postgresql": binaries.version, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
        self._write(self.place.marker, json.dumps(made))
        return binaries

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if self.place.user is not None:
            os.chown(path, self.place.user.uid, self.place.user.gid)

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.place.home)}

    def _spawn(self, binaries: Binaries) -> subprocess.Popen[bytes]:
        make_private(self.place.socket, self.place.user)
        people = {pwd.getpwuid(os.geteuid()).pw_name}
        if self.place.user is not None:
            people.add(self.place.user.name)
        lines = [f'gridaudit "{person}" {role}\n' for person in sorted(people) for role in (OWNER, WEB)]
        self._write(self.place.data / "pg_ident.conf", "".join(lines))
        settings = tuned(
            memory=machine_memory(),
            cores=os.cpu_count() or 1,
            shared_memory=shared_memory_room(),
            throwaway=self.throwaway,
        )
        self._write(self.place.data / "gridaudit.conf", as_file(settings))
        with self.log.open("ab") as log:
            return spawn(
                [
                    binaries.program("postgres"),
                    "-D",
                    str(self.place.data),
                    "-c",
                    f"unix_socket_directories={self.place.socket}",
                    "-c",
                    f"port={PORT}",
                ],
                environment=self._environment(),
                log=log,
                user=self.place.user,
                death_signal=signal.SIGINT,
            )

    def _wait_until_it_answers(self) -> None:
        """Also through the recovery after a crash, which may take a while."""
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError as error:
                if self.pid is None:
                    raise ClusterFailed(f"PostgreSQL did not start:\n{self.last_words()}") from None
                if time.monotonic() > until:
                    raise ClusterFailed(
                        f"PostgreSQL does not answer after {START_SECONDS:.0f} s: {error}\n{self.last_words()}"
                    ) from None
            time.sleep(0.05)

    def _prepare_roles(self) -> None:
        """The web processes' login; the migrations grant it what it may do."""
        with self._connect() as connection:
            known = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [WEB]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(sql.Identifier(WEB)))
            elif not known[0]:
                connection.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(WEB)))

    def last_words(self, lines: int = 15) -> str:
        """The end of PostgreSQL's log."""
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"
