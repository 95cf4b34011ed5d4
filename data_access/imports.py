"""Imports: their record, and the rows' way from a file into the tables, in one transaction that may still be dropped.

Rows are copied into a temporary table and checked and written as sets. An import is done again without doubling: keys
decide what is new, what is changed and what is equal, and equal rows are not touched.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.engine import reading, system
from data_access.import_rules import DERIVED, RULES, ImportRules, Rule
from data_access.log import log_action
from data_access.scope import Viewer

PART = "imports"
TIMEOUT_MS = 3_600_000
SQL_TYPES = {"whole": "integer", "decimal": "numeric", "day": "date", "moment": "timestamptz"}
"""Of a column's form; texts otherwise."""


class MayNotImport(Exception):
    """The viewer's role does not allow it."""


@dataclass(frozen=True, slots=True)
class FoundFault:
    """A row that a rule found: number, column, value as text, the rule's code."""

    row: int
    column: str
    value: str
    code: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import does to the table."""

    new: int
    changed: int
    equal: int


def _may(viewer: Viewer) -> None:
    if viewer.role != "admin" or viewer.kind != "user":
        raise MayNotImport


async def record(
    kind: str,
    file_name: str,
    sha256: str,
    options: Mapping[str, Any],
    *,
    by: str,
    org_path: str,
    state: str = "reading",
) -> int:
    """A new import's number. Two statements."""
    async with system(PART) as connection:
        return await _record(connection, kind, file_name, sha256, options, by, org_path, state, None)


async def _record(
    connection: AsyncConnection, kind: str, file_name: str, sha256: str, options: Mapping[str, Any], by: str,
    org_path: str, state: str, content: bytes | None,
) -> int:  # fmt: skip
    made = await connection.execute(
        text(
            "INSERT INTO data_import (kind, file_name, sha256, options, requested_by, org_path, state, content)"
            " VALUES (:kind, :name, :sha256, CAST(:options AS jsonb), :by, CAST(:path AS ltree), :state, :content)"
            " RETURNING id"
        ),
        {"kind": kind, "name": file_name, "sha256": sha256, "options": json.dumps(options), "by": by,
         "path": org_path, "state": state, "content": content},
    )  # fmt: skip
    number: int = made.scalar_one()
    await log_action(connection, None, "import", "data_import", str(number), {"kind": kind, "file": file_name},
                     subject=by, org_path=org_path)  # fmt: skip
    return number


async def queue_import(
    viewer: Viewer, kind: str, file_name: str, sha256: str, content: bytes, options: Mapping[str, Any]
) -> int:
    """Record an import with its file and queue the job, in one transaction; returns its number.

    Raises:
        MayNotImport: the viewer is no administrator.
    """
    _may(viewer)
    async with system(PART, timeout_ms=60_000) as connection:
        number = await _record(
            connection, kind, file_name, sha256, options, viewer.subject, viewer.org_path, "queued", content
        )
        await connection.execute(
            text(
                "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('imports', 'import_file', 0, 'import:' || :number, NULL,"
                " jsonb_build_object('number', CAST(:number AS bigint)), NULL)::procrastinate_job_to_defer_v1])"
            ),
            {"number": str(number)},
        )
    return number


@dataclass(frozen=True, slots=True)
class QueuedImport:
    """What the worker needs."""

    kind: str
    file_name: str
    options: dict[str, Any]
    org_path: str
    content: bytes | None


async def take_up(number: int) -> QueuedImport | None:
    """A recorded import that has not ended; None otherwise. One statement."""
    async with system(PART, timeout_ms=60_000) as connection:
        row = (
            await connection.execute(
                text(
                    "UPDATE data_import SET state = 'reading' WHERE id = :number AND finished_at IS NULL"
                    " RETURNING kind, file_name, options, org_path::text, content"
                ),
                {"number": number},
            )
        ).one_or_none()
    return QueuedImport(*row) if row else None


async def progress(number: int, state: str, rows: int, faulty: int) -> None:
    """How far an import is, for whoever watches. One statement in a transaction of its own."""
    async with system(PART) as connection:
        await connection.execute(
            text("UPDATE data_import SET state = :state, rows_read = :rows, rows_faulty = :faulty WHERE id = :number"),
            {"number": number, "state": state, "rows": rows, "faulty": faulty},
        )


async def finish(
    number: int,
    state: str,
    *,
    rows: int = 0,
    faulty: int = 0,
    warnings: int = 0,
    counts: Counts | None = None,
    report: str | None = None,
    error_code: str | None = None,
    error_values: Mapping[str, str] | None = None,
) -> None:
    """An import's end; its file is forgotten. One statement."""
    counted = counts or Counts(0, 0, 0)
    async with system(PART, timeout_ms=60_000) as connection:
        await connection.execute(
            text(
                "UPDATE data_import SET state = :state, finished_at = clock_timestamp(), rows_read = :rows,"
                " rows_faulty = :faulty, warnings = :warnings, rows_new = :new, rows_changed = :changed,"
                " rows_equal = :equal, report = :report, error_code = :error_code,"
                " error_values = CAST(:error_values AS jsonb), content = NULL WHERE id = :number"
            ),
            {"number": number, "state": state, "rows": rows, "faulty": faulty, "warnings": warnings,
             "new": counted.new, "changed": counted.changed, "equal": counted.equal, "report": report,
             "error_code": error_code,
             "error_values": None if error_values is None else json.dumps(dict(error_values))},
        )  # fmt: skip


async def recent(viewer: Viewer, limit: int = 20) -> list[dict[str, Any]]:
    """The newest imports in the administrator's scope, newest first. One statement."""
    async with reading(viewer) as connection:
        rows = await connection.execute(
            text(
                "SELECT id, kind, file_name, state, options, requested_by, requested_at, finished_at, rows_read,"
                " rows_new, rows_changed, rows_equal, rows_faulty, warnings, error_code, error_values,"
                " report IS NOT NULL AS has_report FROM data_import ORDER BY requested_at DESC, id DESC LIMIT :limit"
            ),
            {"limit": limit},
        )
        return [dict(row) for row in rows.mappings()]


async def report_of(viewer: Viewer, number: int) -> tuple[str, str] | None:
    """File name and report of an import; None where the viewer sees none. One statement."""
    async with reading(viewer) as connection:
        row = (
            await connection.execute(
                text("SELECT file_name, report FROM data_import WHERE id = :number AND report IS NOT NULL"),
                {"number": number},
            )
        ).one_or_none()
    return (row[0], row[1]) if row else None


async def root_path() -> str:
    """Path of the utility's uppermost unit; empty while there is none. One statement."""
    async with system(PART) as connection:
        found = await connection.scalar(text("SELECT org_path::text FROM organisation ORDER BY level, code LIMIT 1"))
    return found or ""


class Dropped(Exception):
    """The transaction is given up on purpose: a dry run, or a refusal."""


class Staging:
    """The rows of one import on their way, inside its transaction."""

    def __init__(self, connection: AsyncConnection, kind: str, columns: Sequence[tuple[str, str]]) -> None:
        self._connection = connection
        self._kind = kind
        self._rules: ImportRules = RULES[kind]
        self._columns = [name for name, _ in columns]

    async def take(self, rows: bytes) -> None:
        """CSV rows in the order of the columns, without a heading; an empty field is NULL."""
        raw = await self._connection.get_raw_connection()
        names = ", ".join(self._columns)
        async with (
            raw.driver_connection.cursor() as cursor,  # type: ignore[union-attr]
            cursor.copy(f"COPY incoming ({names}) FROM STDIN (FORMAT csv)") as copy,
        ):
            await copy.write(rows)

    async def _run(self, statement: str, **values: Any) -> Any:
        return await self._connection.execute(text(statement), values)

    async def faults(self, scope: str) -> list[FoundFault]:
        """Derives what the file can't say and finds rows that don't fit what is stored, or each other."""
        await self._run("ANALYZE incoming")
        for statement in self._rules.derive:
            await self._run(statement)
        found = await self._twice()
        for rule in self._rules.faults:
            found += await self._marked(rule)
        if scope:
            rule = Rule("outside_unit", self._rules.twice[0], "NOT s.org_path <@ CAST(:scope AS ltree)")
            found += await self._marked(rule, scope=scope)
        return found

    async def _twice(self) -> list[FoundFault]:
        columns = ", ".join(self._rules.twice)
        rows = await self._run(
            "UPDATE incoming AS s SET bad = true FROM (SELECT row_no, row_number() OVER"  # noqa: S608
            f" (PARTITION BY {columns} ORDER BY row_no) AS turn FROM incoming) AS seen"
            f" WHERE seen.row_no = s.row_no AND seen.turn > 1 RETURNING s.row_no, s.{self._rules.twice[0]}::text"
        )
        return [FoundFault(row, self._rules.twice[0], value, "twice") for row, value in rows.all()]

    async def _marked(self, rule: Rule, **values: Any) -> list[FoundFault]:
        rows = await self._run(
            f"UPDATE incoming AS s SET bad = true WHERE {rule.condition}"  # noqa: S608
            f" RETURNING s.row_no, s.{rule.column}::text",
            **values,
        )
        return [FoundFault(row, rule.column, value or "", rule.code) for row, value in rows.all()]

    async def warnings(self) -> list[FoundFault]:
        """Rows that are taken and yet remarkable."""
        found = []
        for rule in self._rules.warnings:
            rows = await self._run(
                "SELECT s.row_no, ST_AsText(s.geom, 6) FROM"  # noqa: S608
                f" (SELECT * FROM incoming WHERE NOT bad ORDER BY county_code) AS s WHERE {rule.condition}"
            )
            found += [FoundFault(row, rule.column, value, rule.code) for row, value in rows.all()]
        return found

    async def write(self, present: set[str]) -> Counts:
        """Puts the good rows in; columns that the file does not have stay as they are. Returns what was done."""
        rules = self._rules
        await self._run("SELECT pg_advisory_xact_lock(4703210, hashtext(:kind))", kind=self._kind)
        for statement in rules.reshape:
            await self._run(statement)
        if rules.by_month:
            await self._run(
                "SELECT ensure_month_partitions(:table, min(month), max(month)) FROM incoming WHERE NOT bad"
                " HAVING count(*) > 0",
                table=rules.table,
            )
        targets = {
            name: given
            for name, given in rules.targets.items()
            if name not in rules.optional or rules.optional[name] in present
        }
        changing = [name for name in targets if name not in rules.key]
        distinct = " OR ".join(f"t.{name} IS DISTINCT FROM ({targets[name]})" for name in changing)
        joined = " AND ".join(f"t.{name} = s.{name}" for name in rules.key)
        row = (
            await self._run(
                "SELECT count(*) FILTER (WHERE t.xmin IS NULL),"  # noqa: S608
                f" count(*) FILTER (WHERE t.xmin IS NOT NULL AND ({distinct})), count(*)"
                f" FROM incoming AS s LEFT JOIN {rules.table} AS t ON {joined} WHERE NOT s.bad"
            )
        ).one()
        new, changed, rows = (int(value) for value in row)
        changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in changing)
        differs = " OR ".join(f"t.{name} IS DISTINCT FROM EXCLUDED.{name}" for name in changing)
        if new or changed:
            await self._run(
                f"INSERT INTO {rules.table} AS t ({', '.join(targets)}) SELECT {', '.join(targets.values())}"  # noqa: S608
                f" FROM incoming AS s WHERE NOT s.bad ON CONFLICT ({', '.join(rules.key)})"
                f" DO UPDATE SET {changes} WHERE {differs}"
            )
            for statement in rules.after:
                await self._run(statement)
        return Counts(new, changed, rows - new - changed)


@asynccontextmanager
async def staging(kind: str, columns: Sequence[tuple[str, str]]) -> AsyncIterator[Staging]:
    """The transaction of an import. `columns`: name and form of each that the rows bring, with `row_no` and `geom`.

    Raise `Dropped` inside to write nothing.
    """
    forms = {"row_no": "integer", "geom": "geometry(Geometry, 4326)", "h3_cell": "bigint"}
    made = [f"{name} {forms.get(name) or SQL_TYPES.get(form, 'text')}" for name, form in columns]
    extra = [*DERIVED[kind], "org_path ltree", "bad boolean NOT NULL DEFAULT false"]
    try:
        async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
            await connection.execute(text(f"CREATE TEMP TABLE incoming ({', '.join(made + extra)}) ON COMMIT DROP"))
            yield Staging(connection, kind, columns)
    except Dropped:
        return
