"""Which PostgreSQL of this machine serves: version 15 or newer, with PostGIS for the same version."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = 15
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


class NoPostgres(Exception):
    """No PostgreSQL that serves is installed; the text says what was found and what to do."""


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL."""

    folder: Path
    version: int
    has_postgis: bool

    def program(self, name: str) -> str:
        """Full path of one of its programs."""
        return str(self.folder / name)


def _version(folder: Path) -> int | None:
    try:
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found.group(1)) if found else None


def _has_postgis(folder: Path, version: int) -> bool:
    shares = [Path(f"/usr/share/postgresql/{version}"), folder.parent / "share"]
    try:
        answer = subprocess.run(
            [str(folder / "pg_config"), "--sharedir"], capture_output=True, text=True, timeout=20, check=True
        )
        shares.insert(0, Path(answer.stdout.strip()))
    except (OSError, subprocess.SubprocessError):
        pass
    return any((share / "extension" / "postgis.control").exists() for share in shares)


def _folders() -> Iterator[Path]:
    for pattern in _FOLDERS:
        yield from Path("/").glob(pattern.lstrip("/"))
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def installed() -> list[Binaries]:
    """Every PostgreSQL server found, newest first."""
    found: dict[Path, Binaries] = {}
    for folder in _folders():
        version = _version(folder) if folder not in found else None
        if version is not None:
            found[folder] = Binaries(folder, version, _has_postgis(folder, version))
    return sorted(found.values(), key=lambda binaries: binaries.version, reverse=True)


def choose(version: int | None = None, *, candidates: list[Binaries] | None = None) -> Binaries:
    """The newest PostgreSQL that serves, or the one of exactly `version` (that made an existing cluster).

    Raises:
        NoPostgres: none serves.
    """
    everything = installed() if candidates is None else candidates
    usable = [each for each in everything if each.version >= OLDEST and each.has_postgis]
    if version is not None:
        usable = [each for each in usable if each.version == version]
    if usable:
        return usable[0]
    seen = ", ".join(
        f"{each.version} in {each.folder}{'' if each.has_postgis else ' without PostGIS'}" for each in everything
    )
    wanted = (
        f"PostgreSQL {version}, which made this cluster," if version else f"PostgreSQL {OLDEST} or newer with PostGIS 3"
    )
    remedy = (
        "install that version again, or begin anew with ./run demo --reset"
        if version
        else "install both (Debian and Ubuntu: apt-get install postgresql postgis postgresql-NN-postgis-3),"
        " or set DATABASE_URL to a server"
    )
    raise NoPostgres(f"{wanted} was not found (found: {seen or 'nothing'}); {remedy}")
