"""The import itself: file → blocks → checks → staging → faults and warnings → rows, or nothing at all."""

import asyncio
import hashlib
import logging
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h3
import pandas as pd
import shapely
from psycopg import OperationalError
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import OperationalError as SqlOperationalError

from data_access import imports
from data_access.imports import Counts, Dropped
from i18n import Language
from jobs.imports.checking import checked, mapped
from jobs.imports.findings import FileRefused, Finding, Findings
from jobs.imports.kinds import KINDS, Kind
from jobs.imports.places import Place, place_of
from jobs.imports.reading import Block, Table, open_table

log = logging.getLogger("gridaudit.imports")

LOST_DATABASE = (OperationalError, SqlOperationalError, InterfaceError)
RISK_RESOLUTION = 9
"""Of `risk_point.h3_cell`."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person decides: `system` of coordinates, `mapping` column → heading, and what becomes of faulty rows."""

    system: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    keep_good: bool = False
    language: Language = "zh"

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "system": self.system, "mapping": dict(self.mapping), "dry_run": self.dry_run,
            "keep_good": self.keep_good, "language": self.language,
        }  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """What came of it. `state`: `done`, `refused` (rows are faulty, nothing is written) or `failed`."""

    number: int
    state: str = "done"
    rows: int = 0
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0))
    findings: Findings = field(default_factory=Findings)
    refused: FileRefused | None = None


Watch = Callable[[str, int, int], Awaitable[None]]
"""Told the state, the rows read and the faulty rows."""


async def import_file(
    kind_name: str, path: Path, options: Options, *, by: str, org_path: str, watch: Watch | None = None
) -> Outcome:
    """Records and does an import in the foreground.

    Raises:
        FileRefused: there is no such kind.
    """
    kind = _kind(kind_name)
    digest = await asyncio.to_thread(_digest, path)
    number = await imports.record(kind.name, path.name, digest, options.stored(), by=by, org_path=org_path)
    try:
        return await _carried_out(number, kind, path, options, org_path, watch)
    except asyncio.CancelledError:
        await imports.finish(number, "failed", error_code="stopped", error_values={})
        raise


async def import_queued(number: int) -> None:
    """Does a recorded import whose file lies in the database; one that has ended is left alone."""
    queued = await imports.take_up(number)
    if queued is None or queued.content is None:
        return
    with tempfile.TemporaryDirectory(prefix="gridaudit-import-") as folder:
        # The name decides the format and nothing else: no part of it becomes a path.
        path = Path(folder) / f"file{Path(queued.file_name).suffix.lower()}"
        await asyncio.to_thread(path.write_bytes, queued.content)
        await _carried_out(number, _kind(queued.kind), path, Options(**queued.options), queued.org_path, None)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise FileRefused("kind", given=name, allowed=", ".join(KINDS))
    return KINDS[name]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _carried_out(
    number: int, kind: Kind, path: Path, options: Options, scope: str, watch: Watch | None
) -> Outcome:
    outcome = Outcome(number)

    async def told(state: str) -> None:
        await imports.progress(number, state, outcome.rows, len(outcome.findings.faulty_rows))
        if watch is not None:
            await watch(state, outcome.rows, len(outcome.findings.faulty_rows))

    try:
        await _work(kind, path, options, scope, outcome, told)
    except FileRefused as refused:
        outcome.state, outcome.refused = "refused", refused
    except (asyncio.CancelledError, *LOST_DATABASE):
        raise  # it stays as it is: the queue tries again
    except Exception as error:
        reference = secrets.token_hex(4)
        log.error("import %d failed, reference %s", number, reference, exc_info=error)
        await imports.finish(number, "failed", rows=outcome.rows, error_code="failed",
                             error_values={"reference": reference})  # fmt: skip
        raise
    refusal = outcome.refused
    await imports.finish(
        number,
        outcome.state,
        rows=outcome.rows,
        faulty=len(outcome.findings.faulty_rows),
        warnings=outcome.findings.warnings,
        counts=outcome.counts,
        report=outcome.findings.report(options.language) if outcome.findings.listed else None,
        error_code=refusal.code if refusal else None,
        error_values=refusal.values if refusal else None,
    )
    return outcome


async def _work(
    kind: Kind, path: Path, options: Options, scope: str, outcome: Outcome, told: Callable[[str], Awaitable[None]]
) -> None:
    findings = outcome.findings
    table = await asyncio.to_thread(open_table, path)
    headings = mapped(kind, table.headings, options.mapping)
    place = _place(kind, table, headings, options)
    columns: list[tuple[str, str]] = [("row_no", "whole"), *((column.name, column.form) for column in kind.columns)]
    columns += [("geom", "geometry")] if kind.shape != "none" else []
    columns += [("h3_cell", "whole")] if kind.name == "risks" else []
    present = set(headings) | ({"geom"} if _has_place(table, headings) else set())
    async with imports.staging(kind.name, columns) as staging:
        while (block := await asyncio.to_thread(next, table.blocks, None)) is not None:
            rows = await asyncio.to_thread(_rows, kind, block, headings, place, findings)
            await staging.take(rows)
            outcome.rows += len(block.rows)
            await told("reading")
        if not outcome.rows:
            raise FileRefused("empty")
        await told("checking")
        findings.add(Finding(one.row, one.column, one.value, one.code) for one in await staging.faults(scope))
        findings.add(
            Finding(one.row, one.column, one.value, one.code, severity="warning") for one in await staging.warnings()
        )
        if findings.faulty_rows and not options.keep_good:
            outcome.state = "refused"
            raise Dropped
        await told("writing")
        outcome.counts = await staging.write(present)
        if options.dry_run:
            raise Dropped


def _has_place(table: Table, headings: Mapping[str, str]) -> bool:
    return table.has_geometry or "wkt" in headings or {"longitude", "latitude"} <= set(headings)


def _place(kind: Kind, table: Table, headings: Mapping[str, str], options: Options) -> Place:
    """A file's own system counts for its geometries; coordinates in columns need to be told theirs."""
    if kind.shape == "none" or not _has_place(table, headings):
        return Place()
    in_columns = "wkt" in headings or {"longitude", "latitude"} <= set(headings)
    return place_of(options.system, None if in_columns else table.crs)


def _rows(kind: Kind, block: Block, headings: Mapping[str, str], place: Place, findings: Findings) -> bytes:
    frame = checked(kind, block, headings, place, findings)
    if kind.name == "risks":
        points = shapely.from_wkb(frame["geom"].to_numpy())
        cells = [h3.latlng_to_cell(lat, lon, RISK_RESOLUTION)
                 for lon, lat in zip(shapely.get_x(points), shapely.get_y(points), strict=True)]  # fmt: skip
        frame = frame.assign(h3_cell=[int(cell, 16) for cell in cells])
    return _csv(frame)


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, header=False, lineterminator="\n").encode()
