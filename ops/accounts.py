"""The demo's accounts, kept for later starts in a file of the data folder that only its owner may read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = "demo-accounts.json"
DEVICES_FILE = "demo-devices.json"


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demo; all of them are made-up people."""

    login: str
    password: str
    role: str
    unit: str


@dataclass(frozen=True)
class DemoAccess:
    """Everything that opens a door of the demo."""

    accounts: tuple[DemoAccount, ...]
    wall_token: str
    devices: Path
    """File with the tokens of the simulated phones."""


def save(folder: Path, accounts: Sequence[tuple[str, str, str, str]], wall_token: str) -> None:
    """Write the file, mode 0600 from its first byte; a reader sees the old one or the whole new one."""
    draft = folder / f".{FILE}.new"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    content = {"accounts": accounts, "wall_token": wall_token}
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(folder / FILE)


def saved(folder: Path) -> DemoAccess | None:
    """What the load left behind; None when a file is missing or unreadable."""
    devices = folder / DEVICES_FILE
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        accounts = tuple(DemoAccount(*each) for each in raw["accounts"])
        return DemoAccess(accounts, raw["wall_token"], devices) if devices.exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(folder: Path) -> None:
    """Remove the files: what they open is gone."""
    (folder / FILE).unlink(missing_ok=True)
    (folder / DEVICES_FILE).unlink(missing_ok=True)
