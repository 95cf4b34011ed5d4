"""Where the private cluster lives and which system user runs it.

PostgreSQL refuses to run as root, so root hands it to another system user; that user may be unable to enter the
checkout (a home of mode 700), and the path of a unix socket is at most 107 bytes. Where the checkout does not serve, a
short private folder is taken instead, and its name is said.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.processes import SystemUser

LONGEST_SOCKET_PATH = 107
_SOCKET_NAME = "/socket/.s.PGSQL.5432.lock"
_UNPRIVILEGED = ("postgres", "nobody", "daemon")
TEST_FOLDERS = "gridaudit-test-"


class NoPlace(Exception):
    """Nowhere can the private cluster live, or it belongs to someone else; the text says why and what to do."""


@dataclass(frozen=True)
class Place:
    """A home for a cluster: `data` and `socket` folders, the marker of a whole cluster, the lock of its user."""

    home: Path
    user: SystemUser | None
    """Who runs PostgreSQL; None: the present user."""
    note: str | None = None
    """Said to the user when the home is not where one would look for it."""

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def socket(self) -> Path:
        """Folder of the unix socket."""
        return self.home / "socket"

    @property
    def marker(self) -> Path:
        """Written when the cluster is whole; a cluster without it is half-made."""
        return self.home / "made.json"

    @property
    def lock(self) -> Path:
        """Held by the program that has the cluster started."""
        return self.home.with_name(self.home.name + ".lock")


def system_user(home: Path | None = None) -> SystemUser | None:
    """Who must run PostgreSQL: None for the present user, another one for root.

    Raises:
        NoPlace: root, and no other system user exists.
    """
    if os.geteuid() != 0:
        return None
    if home is not None and home.exists() and home.stat().st_uid != 0:
        entry = pwd.getpwuid(home.stat().st_uid)
        return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise NoPlace(
        "PostgreSQL does not run as root, and this machine has none of the users "
        + ", ".join(_UNPRIVILEGED)
        + ": start as another user, or set DATABASE_URL to a server"
    )


def make_private(folder: Path, user: SystemUser | None) -> None:
    """Make `folder` with mode 700, owned by `user`.

    Raises:
        OSError: it cannot be made or handed over.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(0o700)


def can_work_in(folder: Path, user: SystemUser | None) -> bool:
    """Whether `user` can really enter and write: asked by trying, because access lists and mounts decide as well."""
    attempt = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1" && : > .probe && rm .probe', "sh", str(folder)],
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        capture_output=True,
        check=False,
    )
    return attempt.returncode == 0


def _obstacle(home: Path, user: SystemUser | None) -> str | None:
    """Why a cluster can't live in `home`, or None when it can (then the folder exists)."""
    if len(os.fsencode(str(home) + _SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        return f"its path is too long for a unix socket (at most {LONGEST_SOCKET_PATH} bytes)"
    try:
        new = not home.exists()
        if not new and user is None and home.stat().st_uid != os.getuid():
            return f"it belongs to {pwd.getpwuid(home.stat().st_uid).pw_name}"
        make_private(home, user)
    except (OSError, KeyError) as error:
        return f"it cannot be made ({error})"
    if can_work_in(home, user):
        return None
    if new:
        shutil.rmtree(home, ignore_errors=True)
    return f"the system user {user.name if user else pwd.getpwuid(os.getuid()).pw_name} cannot enter it"


def _fallbacks(key: str) -> Sequence[Path]:
    if os.geteuid() == 0:
        return [Path("/var/lib/gridaudit") / key]
    # /var/tmp outlives a restart of the machine, /tmp may not.
    return [
        Path.home() / ".local/share/gridaudit" / key,
        Path(f"/var/tmp/gridaudit-{os.getuid()}-{key}"),  # noqa: S108 - made private, refused when another owns it
    ]


def find_place(data_folder: Path) -> Place:
    """The cluster's home for this data folder: `postgres` inside it, or a short private folder elsewhere.

    Raises:
        NoPlace: neither can be used.
    """
    data_folder = data_folder.resolve()
    data_folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(os.fsencode(data_folder)).hexdigest()[:10]
    inside = data_folder / "postgres"
    reasons: list[str] = []
    for home in (inside, *_fallbacks(key)):
        user = system_user(home)
        reason = _obstacle(home, user)
        if reason is None:
            note = None if home == inside else f"The database lives in {home}, not in {inside}: {reasons[0]}."
            return Place(home, user, note)
        reasons.append(reason)
        if (home / "made.json").exists():
            raise NoPlace(f"{home} holds the database, but {reason}; start as its owner, or remove that folder")
        home.parent.mkdir(parents=True, exist_ok=True)
    raise NoPlace("no folder serves for the private database: " + "; ".join(reasons))


def temporary_place() -> Place:
    """A throwaway home in the temporary folder; those that killed runs left behind are not touched here.

    Raises:
        NoPlace: the temporary folder does not serve.
    """
    base = Path(tempfile.mkdtemp(prefix=f"{TEST_FOLDERS}{os.getpid()}-", dir=_short_temporary_folder()))
    base.chmod(0o711)
    home = base / "pg"
    user = system_user()
    reason = _obstacle(home, user)
    if reason is not None:
        shutil.rmtree(base, ignore_errors=True)
        raise NoPlace(f"{home} does not serve for the test database: {reason}; set TEST_DATABASE_URL or TMPDIR")
    return Place(home, user)


def _short_temporary_folder() -> str:
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) < 60 else "/tmp"  # noqa: S108


def abandoned_test_homes(older_than_seconds: float = 120.0) -> list[Path]:
    """Folders of test clusters whose run was killed: older than the given age, of a process that is gone."""
    found = []
    for base in Path(_short_temporary_folder()).glob(f"{TEST_FOLDERS}*"):
        try:
            ours = base.stat().st_uid == os.geteuid()
            old = time.time() - base.stat().st_mtime > older_than_seconds
            maker = int(base.name.removeprefix(TEST_FOLDERS).split("-", 1)[0])
        except (OSError, ValueError):
            continue
        if ours and old and not Path(f"/proc/{maker}").exists():
            found.append(base)
    return found
