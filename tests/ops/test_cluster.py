"""The private cluster: put right whatever was left behind, alone on its socket, next to other servers."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops.cluster import ClusterInUse, PrivateCluster
from ops.cluster_place import LONGEST_SOCKET_PATH, find_place
from ops.cluster_settings import MEGABYTE, machine_memory, tuned
from ops.postgres_binaries import Binaries, NoPostgres, choose
from ops.processes import is_alive
from settings import ROOT
from tests.ops.waiting import wait_for


@pytest.fixture
def cluster() -> Iterator[PrivateCluster]:
    made = PrivateCluster.for_tests()
    yield made
    made.remove()


def again(cluster: PrivateCluster) -> PrivateCluster:
    """The same place, as the next run of the program would see it."""
    return PrivateCluster(cluster.place, log=cluster.log, throwaway=True)


def query(cluster: PrivateCluster, statement: str, role: str = "gridaudit") -> object:
    with psycopg.connect(cluster.address("postgres", role=role), autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None


def test_it_listens_on_a_private_unix_socket_only(cluster: PrivateCluster) -> None:
    cluster.start()
    assert query(cluster, "SHOW listen_addresses") == ""
    assert query(cluster, "SHOW unix_socket_permissions") == "0700"
    inodes = {
        os.readlink(handle).removeprefix("socket:[").removesuffix("]")
        for handle in Path(f"/proc/{cluster.pid}/fd").iterdir()
        if os.readlink(handle).startswith("socket:")
    }
    tcp = {
        line.split()[9]
        for table in ("tcp", "tcp6")
        if Path(f"/proc/net/{table}").exists()
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    }
    assert inodes
    assert not inodes & tcp


def test_it_runs_as_another_user_when_started_by_root(cluster: PrivateCluster) -> None:
    cluster.start()
    owner = Path(f"/proc/{cluster.pid}").stat().st_uid
    assert owner != 0
    assert owner == (cluster.place.user.uid if cluster.place.user else os.getuid())


def test_the_web_login_owns_nothing_and_has_no_special_rights(cluster: PrivateCluster) -> None:
    cluster.start()
    assert query(cluster, "SELECT current_user", role="gridaudit_web") == "gridaudit_web"
    assert query(cluster, "SELECT rolsuper OR rolinherit OR rolcreatedb FROM pg_roles WHERE rolname = current_user",
                 role="gridaudit_web") is False  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="takes root to become another user")
def test_another_user_of_the_machine_is_not_let_in(cluster: PrivateCluster) -> None:
    """Not by the folders, and not by the server's own rules when the folders are opened."""
    cluster.start()
    for folder in (cluster.place.home, cluster.place.socket):
        folder.chmod(0o755)
    (cluster.place.socket / ".s.PGSQL.5432").chmod(0o777)
    attempt = subprocess.run(
        ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "psql", cluster.address("postgres"), "-c", ""],
        capture_output=True,
        text=True,
        check=False,
    )
    assert attempt.returncode != 0
    assert "Peer authentication failed" in attempt.stderr or "local user with ID 65533" in attempt.stderr


def test_a_half_made_cluster_is_made_again(cluster: PrivateCluster) -> None:
    cluster.start()
    cluster.stop()
    cluster.place.marker.unlink()
    (cluster.place.data / "PG_VERSION").unlink()
    (cluster.place.data / "global" / "pg_control").unlink()
    next_run = again(cluster)
    next_run.start()
    assert query(next_run, "SELECT 1") == 1
    next_run.stop()


def test_a_killed_initdb_leaves_nothing_that_is_used(cluster: PrivateCluster) -> None:
    cluster.place.data.mkdir()
    (cluster.place.data / "PG_VERSION").write_text("15\n")
    (cluster.place.data / "base").mkdir()
    cluster.start()
    assert query(cluster, "SELECT count(*) FROM pg_database") == 3


def test_committed_rows_survive_a_kill_of_the_server(cluster: PrivateCluster) -> None:
    cluster.start()
    address = cluster.ensure_database("ledger")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE entry (number integer PRIMARY KEY)")
        connection.execute("INSERT INTO entry SELECT generate_series(1, 1000)")
        cluster.kill()
    cluster.start()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (1000,)


def test_a_stale_pid_file_whose_number_now_belongs_to_another_program_is_put_right(cluster: PrivateCluster) -> None:
    cluster.start()
    pid_file = cluster.place.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.kill()
    # A process of the same user that lives: PostgreSQL alone would refuse to start.
    user = cluster.place.user
    other = subprocess.Popen(["sleep", "60"], user=user.uid if user else None)
    try:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        cluster.start()
        assert query(cluster, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_that_outlived_its_run_is_stopped_and_replaced(cluster: PrivateCluster) -> None:
    cluster.start()
    cluster.stop()
    user = cluster.place.user
    survivor = subprocess.Popen(
        [choose().program("postgres"), "-D", str(cluster.place.data), "-k", str(cluster.place.socket)],
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(cluster.answers)
        next_run = again(cluster)
        next_run.start()
        assert survivor.wait(10) == 0
        assert query(next_run, "SELECT pg_postmaster_start_time() IS NOT NULL") is True
        assert next_run.pid != survivor.pid
        next_run.stop()
    finally:
        if survivor.poll() is None:
            survivor.kill()


def test_two_runs_in_one_place_are_kept_apart(cluster: PrivateCluster) -> None:
    cluster.start()
    with pytest.raises(ClusterInUse, match=rf"process {os.getpid()}.*GRIDAUDIT_DATA_DIR"):
        again(cluster).start()
    assert query(cluster, "SELECT 1") == 1


def test_clusters_stand_side_by_side(cluster: PrivateCluster) -> None:
    """Also while another PostgreSQL runs: they share nothing, neither port nor folder."""
    other = PrivateCluster.for_tests()
    try:
        cluster.start()
        other.start()
        cluster.ensure_database("only_here")
        assert query(cluster, "SELECT count(*) FROM pg_database WHERE datname = 'only_here'") == 1
        assert query(other, "SELECT count(*) FROM pg_database WHERE datname = 'only_here'") == 0
        gone = cluster.pid
        cluster.stop()
        assert gone is not None
        assert not is_alive(gone)
        assert query(other, "SELECT 1") == 1
    finally:
        other.remove()


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_when_the_program_that_started_it_dies(cluster: PrivateCluster, death: signal.Signals) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from ops.cluster import PrivateCluster\n"
        "cluster = PrivateCluster.for_tests()\n"
        "cluster.start()\n"
        "print(cluster.pid, cluster.place.home.parent, flush=True)\n"
        "time.sleep(60)\n"
    )
    program = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    process_id, folder = program.stdout.readline().split()
    try:
        assert is_alive(int(process_id))
        program.send_signal(death)
        program.wait(10)
        wait_for(lambda: not is_alive(int(process_id)))
    finally:
        program.kill()
        program.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_remove_leaves_nothing() -> None:
    made = PrivateCluster.for_tests()
    made.start()
    process_id = made.pid
    made.remove()
    assert process_id is not None
    assert not is_alive(process_id)
    assert not made.place.home.parent.exists()


class TestPlace:
    """Where the cluster lives."""

    def test_usually_inside_the_data_folder(self, tmp_path: Path) -> None:
        folder = Path("/tmp") / f"gridaudit-place-{os.getpid()}"
        folder.mkdir(mode=0o755)
        try:
            place = find_place(folder)
            assert place.home == folder / "postgres"
            assert place.note is None
            assert place.home.stat().st_mode & 0o777 == 0o700
        finally:
            shutil.rmtree(folder)

    def test_a_long_path_moves_it_to_a_short_private_folder_that_is_named(self, tmp_path: Path) -> None:
        folder = tmp_path / ("a-very-long-name-" * 6)
        place = find_place(folder)
        try:
            assert folder not in place.home.parents
            assert len(str(place.socket / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH
            assert place.home.stat().st_mode & 0o777 == 0o700
            assert place.note is not None
            assert str(place.home) in place.note
            assert "too long" in place.note
            assert find_place(folder).home == place.home
        finally:
            shutil.rmtree(place.home)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
    def test_a_closed_home_folder_moves_it_too(self) -> None:
        closed = Path("/tmp") / f"gridaudit-closed-{os.getpid()}"
        closed.mkdir(mode=0o700)
        try:
            place = find_place(closed / "checkout" / ".data")
            assert closed not in place.home.parents
            assert place.note is not None
            assert "cannot enter" in place.note
            shutil.rmtree(place.home)
        finally:
            shutil.rmtree(closed)


class TestBinaries:
    """Which PostgreSQL is taken."""

    OLD = Binaries(Path("/old"), 14, True)
    BARE = Binaries(Path("/bare"), 17, False)
    GOOD = Binaries(Path("/good"), 16, True)

    def test_the_newest_with_postgis(self) -> None:
        assert choose(candidates=[self.BARE, self.GOOD, self.OLD]) is self.GOOD

    def test_none_serves_and_the_text_says_what_was_found(self) -> None:
        with pytest.raises(NoPostgres, match=r"found: 17 in /bare without PostGIS, 14 in /old.*DATABASE_URL"):
            choose(candidates=[self.BARE, self.OLD])

    def test_a_cluster_keeps_its_version(self) -> None:
        with pytest.raises(NoPostgres, match=r"PostgreSQL 15, .*--reset"):
            choose(15, candidates=[self.GOOD])


class TestTuning:
    """Settings follow the machine."""

    @pytest.mark.parametrize(
        ("memory", "expected"), [(512 * MEGABYTE, "128MB"), (4096 * MEGABYTE, "1024MB"), (65536 * MEGABYTE, "2048MB")]
    )
    def test_shared_buffers_follow_memory(self, memory: int, expected: str) -> None:
        settings = tuned(memory=memory, cores=2, shared_memory=10**9, throwaway=False)
        assert settings["shared_buffers"] == expected
        assert "fsync" not in settings

    def test_a_container_with_little_shared_memory_uses_files_instead(self) -> None:
        settings = tuned(memory=4096 * MEGABYTE, cores=2, shared_memory=64 * MEGABYTE, throwaway=False)
        assert settings["dynamic_shared_memory_type"] == "mmap"

    def test_a_container_limit_counts_as_the_memory(self, tmp_path: Path) -> None:
        limit = tmp_path / "sys/fs/cgroup/memory.max"
        limit.parent.mkdir(parents=True)
        limit.write_text(f"{300 * MEGABYTE}\n")
        assert machine_memory(tmp_path) == 300 * MEGABYTE

    def test_throwaway_clusters_still_hand_each_commit_to_the_kernel(self) -> None:
        settings = tuned(memory=4096 * MEGABYTE, cores=2, shared_memory=10**9, throwaway=True)
        assert settings["fsync"] == "off"
        assert settings.get("synchronous_commit", "on") == "on"
