"""The demo's accounts as its loader left them in the data folder, in a file that only its owner may read."""

import json
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


def saved(folder: Path) -> DemoAccess | None:
    """What the load left behind; None when a file is missing or unreadable. Read here and not by the loader's own
    function, because that brings the whole loader into the memory of the supervisor.
    """
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
