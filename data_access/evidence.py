"""Evidence of tickets: taken in, shown as a copy without metadata, handed out as it came only with a line in the log.

The bytes go to the object store under their SHA-256 before any row names them; the row, the event in the ticket's chain
and the permission are one transaction. An upload that breaks off leaves an object that no row names, which
`collect_orphans` deletes after a day. The same file twice on one ticket is one piece of evidence.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from audit.evidence_rules import (
    HEAD_BYTES,
    PURPOSES,
    EvidenceRules,
    FileKind,
    check_size,
    compare,
    kind_of,
)
from audit.evidence_rules import file_name as safe_name
from audit.workflow_facts import ACTING_ROLES
from audit.workflow_fields import Fault
from data_access.engine import reading, system
from data_access.log import log_action
from data_access.object_store import object_store, sha256_of
from data_access.pictures import SHOWN_TYPE, Picture, open_picture
from data_access.scope import Viewer
from data_access.tickets import Command, FieldsWrong, NotAllowed, Outcome, UnknownTicket, act
from geo.coordinates import metres_between
from settings import DISPLAY_ZONE, get_settings

PART = "evidence"
MOST_NOTE = 500
_COLUMNS = (
    "sha256, purpose, media_type, size_bytes, file_name, taken_at, uploaded_at, uploaded_by, shown_sha256,"
    " shown_media_type, width, height, metadata, comparison, note, ST_X(location) AS longitude,"
    " ST_Y(location) AS latitude"
)
_TICKET = text("SELECT county_code, version, status FROM audit_ticket WHERE number = :number")
_FILES = text("SELECT count(*) FROM evidence WHERE county_code = :county AND ticket_number = :number")
_ONE = text(
    f"SELECT {_COLUMNS}, org_path::text AS org_path FROM evidence"  # noqa: S608 - names of our own columns
    " WHERE county_code = :county AND ticket_number = :number AND sha256 = :sha256"
)
_NEAREST = text(
    "SELECT at, ST_X(location) AS longitude, ST_Y(location) AS latitude FROM check_in"
    " WHERE county_code = :county AND ticket_number = :number AND employee_number = :employee"
    " ORDER BY abs(EXTRACT(EPOCH FROM at - CAST(:moment AS timestamptz))) LIMIT 1"
)
_STORE = text(
    "INSERT INTO evidence (county_code, sha256, ticket_number, media_type, size_bytes, taken_at, uploaded_at,"
    " uploaded_by, purpose, file_name, shown_sha256, shown_media_type, width, height, metadata, comparison, note,"
    " org_path, location) VALUES (:county, :sha256, :number, :media_type, :size, :taken_at, :now, :who, :purpose,"
    " :file_name, :shown, :shown_type, :width, :height, :metadata, :comparison, :note, CAST(:path AS ltree),"
    " CASE WHEN CAST(:longitude AS float8) IS NOT NULL"
    "   THEN ST_SetSRID(ST_MakePoint(CAST(:longitude AS float8), CAST(:latitude AS float8)), 4326) END)"
    " ON CONFLICT (county_code, sha256, ticket_number) DO NOTHING"
).bindparams(bindparam("metadata", type_=JSONB), bindparam("comparison", type_=JSONB))
_NAMED = text(
    "SELECT key FROM unnest(CAST(:keys AS text[])) AS key WHERE EXISTS (SELECT FROM evidence WHERE sha256 = key)"
    " OR EXISTS (SELECT FROM evidence WHERE shown_sha256 = key)"
)


class NoSuchEvidence(LookupError):
    """The ticket has no such file, or none that can be shown, or the ticket is not in the viewer's scope."""


@dataclass(frozen=True, slots=True)
class Added:
    """A file that was taken in. `known`: the ticket had it before; then nothing was changed."""

    evidence: dict[str, Any]
    outcome: Outcome
    known: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """A file to send. `pieces` are its bytes, None when the client has it already."""

    key: str
    media_type: str
    file_name: str
    pieces: AsyncIterator[bytes] | None


def evidence_rules() -> EvidenceRules:
    """The rules in force."""
    given = get_settings().evidence
    return EvidenceRules(
        max_bytes=given.max_megabytes * 1024 * 1024,
        max_pixels=given.max_megapixels * 1_000_000,
        max_files=given.max_files,
        shown_edge=given.shown_edge,
        matching_seconds=given.matching_seconds,
        matching_m=given.matching_m,
    )


async def add_evidence(
    viewer: Viewer,
    number: str,
    path: Path,
    *,
    file_name: str | None,
    purpose: str,
    note: str | None,
    change_id: UUID,
    now: datetime,
) -> Added:
    """Take a file in. About eighteen statements; hashing and pictures run in threads, bytes are never held whole.

    Raises:
        UnknownTicket: not there, or not in the viewer's scope.
        audit.evidence_rules.NotEvidence: not a file that is taken; says why and what would be right.
        FieldsWrong: purpose or note.
        NotAllowed, ChangeIdReused: as `tickets.act`.
        object_store.StoreUnavailable: the store does not work.
    """
    note = (note or "").strip() or None
    _check_words(purpose, note)
    if viewer.role not in ACTING_ROLES:
        raise NotAllowed("read_only")
    rules = evidence_rules()
    sha256, size = await asyncio.to_thread(sha256_of, path)
    async with reading(viewer, consistent=True) as connection:
        ticket = (await connection.execute(_TICKET, {"number": number})).one_or_none()
        if ticket is None:
            raise UnknownTicket(number)
        key = {"county": ticket.county_code, "number": number}
        known = (await connection.execute(_ONE, {**key, "sha256": sha256})).one_or_none()
        files = await connection.scalar(_FILES, key) or 0
    if known is not None:
        return Added(dict(known._mapping), Outcome(number, ticket.version, ticket.status, repeated=True), True)
    check_size(size, files, rules)
    kind = kind_of(await asyncio.to_thread(_head, path))
    picture = None
    if kind.shown:
        picture = await asyncio.to_thread(open_picture, path, kind, rules, now=now, zone=DISPLAY_ZONE)
    comparison = await _compared(viewer, key, picture, rules, now)
    shown = await _put(sha256, path, kind, picture)
    said = picture.said if picture else None
    values = {
        "sha256": sha256, "number": number, "media_type": kind.media_type, "size": size, "now": now,
        "taken_at": said.taken_at if said else None, "who": viewer.employee_number or viewer.subject,
        "purpose": purpose, "file_name": safe_name(file_name, kind), "shown": shown,
        "shown_type": SHOWN_TYPE if shown else None, "width": picture.width if picture else None,
        "height": picture.height if picture else None, "metadata": said.as_json() if said else {},
        "comparison": comparison, "note": note, "longitude": said.longitude if said else None,
        "latitude": said.latitude if said else None,
    }  # fmt: skip

    async def store(connection: AsyncConnection, row: Mapping[str, Any]) -> None:
        # Under the ticket's lock: two uploads at once cannot pass the limit together.
        check_size(size, await connection.scalar(_FILES, key) or 0, rules)
        await connection.execute(_STORE, {**values, "county": row["county_code"], "path": row["org_path"]})

    fields: dict[str, Any] = {"evidence": [sha256]} | ({"note": note} if note else {})
    command = Command(
        change_id=change_id, number=number, action="add_evidence", fields=fields, fingerprint=purpose, alongside=store
    )
    outcome = await act(viewer, command, now)
    async with reading(viewer, consistent=True) as connection:
        row = (await connection.execute(_ONE, {**key, "sha256": sha256})).one()
    return Added(dict(row._mapping), outcome, outcome.repeated)


def _check_words(purpose: str, note: str | None) -> None:
    faults = []
    if purpose not in PURPOSES:
        faults.append(Fault("purpose", "choice", choices=PURPOSES))
    if note is not None and len(note) > MOST_NOTE:
        faults.append(Fault("note", "too_long", MOST_NOTE))
    if faults:
        raise FieldsWrong(faults)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


async def _compared(
    viewer: Viewer, key: Mapping[str, str], picture: Picture | None, rules: EvidenceRules, now: datetime
) -> dict[str, Any]:
    """The file against the uploader's check-in nearest in time to when it was taken."""
    said = picture.said if picture else None
    moment = (said.taken_at if said else None) or now
    async with reading(viewer, consistent=True) as connection:
        found = (
            await connection.execute(_NEAREST, {**key, "employee": viewer.employee_number, "moment": moment})
        ).one_or_none()
    metres = None
    if found is not None and said is not None and said.longitude is not None and said.latitude is not None:
        metres = metres_between(found.longitude, found.latitude, said.longitude, said.latitude)
    return compare(
        taken_at=said.taken_at if said else None,
        metres=metres,
        checked_in_at=found.at if found is not None else None,
        rules=rules,
    )


async def _put(sha256: str, path: Path, kind: FileKind, picture: Picture | None) -> str | None:
    """Original and shown copy into the store; the copy's key."""
    store = object_store()
    await store.put(sha256, path, kind.media_type)
    if picture is None:
        return None
    shown = hashlib.sha256(picture.shown).hexdigest()
    with tempfile.NamedTemporaryFile(prefix="gridaudit-shown-") as file:
        await asyncio.to_thread(_write, file, picture.shown)
        await store.put(shown, Path(file.name), SHOWN_TYPE)
    return shown


def _write(file: Any, body: bytes) -> None:
    file.write(body)
    file.flush()


async def _row(connection: AsyncConnection, number: str, sha256: str) -> Any:
    ticket = (await connection.execute(_TICKET, {"number": number})).one_or_none()
    if ticket is None:
        raise NoSuchEvidence(number)
    row = (
        await connection.execute(_ONE, {"county": ticket.county_code, "number": number, "sha256": sha256})
    ).one_or_none()
    if row is None:
        raise NoSuchEvidence(sha256)
    return row


async def open_shown(viewer: Viewer, number: str, sha256: str, *, known: str = "") -> Handed:
    """The copy without metadata; `known` is what the client says that it has (`If-None-Match`). Two statements.

    Raises:
        NoSuchEvidence: not in sight, or a file that is only downloaded.
        object_store.NoSuchObject, StoreUnavailable: the bytes are not to be had.
    """
    async with reading(viewer) as connection:
        row = await _row(connection, number, sha256)
    if row.shown_sha256 is None:
        raise NoSuchEvidence(sha256)
    pieces = None if f'"{row.shown_sha256}"' in known else await object_store().read(row.shown_sha256)
    return Handed(row.shown_sha256, row.shown_media_type, row.file_name, pieces)


async def open_original(viewer: Viewer, number: str, sha256: str) -> Handed:
    """The file as it came, with a line in the log: it may say more of people than its copy. Three statements.

    Raises as `open_shown`.
    """
    async with reading(viewer) as connection:
        row = await _row(connection, number, sha256)
    pieces = await object_store().read(sha256)
    async with system(PART) as connection:
        detail = {"sha256": sha256, "file": row.file_name}
        await log_action(connection, viewer, "download", "evidence", number, detail, org_path=row.org_path)
    return Handed(sha256, row.media_type, row.file_name, pieces)


async def collect_orphans(now: datetime) -> int:
    """Delete objects that no evidence names and that are old enough; how many. One statement for some hundreds."""
    before = now - timedelta(hours=get_settings().objects.orphan_hours)
    store, deleted = object_store(), 0
    async for keys in store.keys(before):
        async with system(PART, timeout_ms=60_000) as connection:
            named = set((await connection.execute(_NAMED, {"keys": keys})).scalars())
        for key in keys:
            if key not in named:
                deleted += await store.delete_older(key, before)
    return deleted
