"""The tariff rows that bills were made with, mirrored from the data files of `billing` before a run uses them."""

import asyncio
import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing import TariffBook
from data_access.engine import database_address, system

PART = "billing"
KINDS = {"prices": "price", "tiers": "tier", "ratios": "ratio", "hours": "hours", "policies": "policy"}
Identifiers = dict[tuple[str, str], int]
"""(area, code of the row) → `tariff_version.id`."""


class TariffRowChanged(Exception):
    """A row that bills were made with says something else in the data files now: rows are replaced, never edited."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__(f"tariff rows differ from those that bills were made with: {', '.join(rows[:20])}")
        self.rows = rows


_INSERT = text(
    "INSERT INTO tariff_version (area, code, kind, valid_from, valid_until, recorded_at, document, certainty, note,"
    " content) SELECT given.area, given.code, given.kind, given.valid_from, given.valid_until, given.recorded_at,"
    " given.document, given.certainty, given.note, given.content"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (area text, code text, kind text, valid_from date,"
    " valid_until date, recorded_at timestamptz, document text, certainty text, note text, content jsonb)"
    " ON CONFLICT (area, code) DO NOTHING"
)


def tariff_rows(book: TariffBook) -> dict[tuple[str, str], dict[str, Any]]:
    """Every dated row of the book as `tariff_version` holds it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name, area in book.areas.items():
        for group, kind in KINDS.items():
            for row in getattr(area.tariff, group):
                content = row.model_dump(mode="json", exclude_defaults=True)
                found[name, row.id] = {
                    "area": name,
                    "code": row.id,
                    "kind": kind,
                    "valid_from": row.valid_from.isoformat(),
                    "valid_until": row.valid_until.isoformat() if row.valid_until else None,
                    "recorded_at": row.recorded_at.isoformat() if row.recorded_at else None,
                    "document": row.document,
                    "certainty": str(row.certainty),
                    "note": row.note,
                    "content": content,
                }
    return found


_mirrored: dict[tuple[str, TariffBook], Identifiers] = {}
"""By database and book: neither mirrored rows nor a loaded book ever change, so once a process is enough."""


async def mirror_tariffs(book: TariffBook) -> Identifiers:
    """Add what is missing and return the identifiers.

    Raises:
        TariffRowChanged: a mirrored row differs from the file's.
    """
    key = (database_address(), book)
    if key not in _mirrored:
        async with system(PART) as connection:
            identifiers = await _mirror(connection, book)
        _mirrored[key] = identifiers
    return _mirrored[key]


async def _mirror(connection: AsyncConnection, book: TariffBook) -> Identifiers:
    wanted = await asyncio.to_thread(tariff_rows, book)
    held = await _held(connection)
    missing = [row for key, row in wanted.items() if key not in held]
    if missing:
        await connection.execute(_INSERT, {"rows": json.dumps(missing)})
        held = await _held(connection)
    changed = [code for (area, code), row in wanted.items() if held[area, code][1] != row["content"]]
    if changed:
        raise TariffRowChanged(changed)
    return {key: number for key, (number, _) in held.items()}


async def _held(connection: AsyncConnection) -> dict[tuple[str, str], tuple[int, dict[str, Any]]]:
    rows = await connection.execute(text("SELECT area, code, id, content FROM tariff_version"))
    return {(area, code): (number, content) for area, code, number, content in rows}
