"""The demo's accounts and tokens, kept for the next start in a file that only its owner may read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "demo-accounts.json"


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
    device_tokens_file: str
    """Path of the file with the tokens of the simulated phones."""


def save(folder: Path, access: DemoAccess) -> None:
    """Write the file, mode 0600 from its first byte."""
    path = folder / FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(access), ensure_ascii=False, indent=1), encoding="utf-8")


def saved(folder: Path) -> DemoAccess | None:
    """What the load left behind; None when the file is missing or unreadable."""
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return DemoAccess(
            accounts=tuple(DemoAccount(**each) for each in raw["accounts"]),
            wall_token=raw["wall_token"],
            device_tokens_file=raw["device_tokens_file"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(folder: Path) -> None:
    """Remove the file: the accounts in it are gone."""
    (folder / FILE).unlink(missing_ok=True)
