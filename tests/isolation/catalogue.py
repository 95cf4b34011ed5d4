"""What the database itself says about its tables: the tests are made from this, so a new table is tested unasked."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

ROLES = ("gridaudit_web", "gridaudit_viewer", "gridaudit_system")
NOT_OURS = {
    "alembic_version": "the schema's revision; every role may read it",
    "spatial_ref_sys": "PostGIS's own list of coordinate systems",
}
SOUTH, NORTH = "jibei.1302.130202", "jibei.1307.130702"


@dataclass(frozen=True)
class Table:
    """A table of the schema."""

    oid: int
    name: str
    is_partition: bool
    secured: bool
    forced: bool
    owner: str
    columns: tuple[str, ...]


def tables(owner: psycopg.Connection) -> list[Table]:
    """Every table of the schema that is ours, partitions too."""
    rows = owner.execute(
        "SELECT class.oid, class.relname, class.relispartition, class.relrowsecurity, class.relforcerowsecurity,"
        " class.relowner::regrole::text, array_agg(attname::text ORDER BY attnum)"
        " FROM pg_class AS class JOIN pg_attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped"
        " WHERE class.relnamespace = 'public'::regnamespace AND class.relkind IN ('r', 'p')"
        " GROUP BY class.oid ORDER BY class.relname"
    ).fetchall()
    return [Table(*row[:6], tuple(row[6])) for row in rows if row[1] not in NOT_OURS]


def _value(column: str, kind: str, side: str) -> Any:
    """Some value of this type; where it is text, it says whose row it is."""
    path = SOUTH if side == "SOUTH" else NORTH
    if column == "org_path":
        return path
    if column == "county_code":
        return path.rsplit(".", 1)[1]
    if column in ("employee_number", "number", "login") and kind in ("text", "character varying"):
        return f"E-{side}"
    if kind.startswith("geometry"):
        x = 118.2 if side == "SOUTH" else 114.9
        shapes = {
            "MULTIPOLYGON": f"MULTIPOLYGON((({x} 40, {x + 0.1} 40, {x} 40.1, {x} 40)))",
            "POLYGON": f"POLYGON(({x} 40, {x + 0.1} 40, {x} 40.1, {x} 40))",
            "MULTILINESTRING": f"MULTILINESTRING(({x} 40, {x + 0.1} 40))",
            "LINESTRING": f"LINESTRING({x} 40, {x + 0.1} 40)",
        }
        wanted = kind.upper().removeprefix("GEOMETRY(").split(",")[0]
        return f"SRID=4326;{shapes.get(wanted, f'POINT({x} 40)')}"
    whole = 1 if side == "SOUTH" else 2
    simple = {
        "text": f"{side}-{column}",
        "smallint": whole,
        "integer": whole,
        "bigint": whole,
        "numeric": whole,
        "real": whole,
        "double precision": whole,
        "boolean": True,
        "uuid": f"00000000-0000-0000-0000-00000000000{whole}",
        "date": "2026-03-10",
        "jsonb": "{}",
        "bytea": b"\0",
        "ltree": path,
    }
    if kind in simple:
        return simple[kind]
    if kind.startswith("character"):
        return side
    if kind.startswith("numeric"):
        return whole
    if kind.startswith("timestamp"):
        return "now"
    if kind.endswith("[]"):
        return "{}"
    raise AssertionError(f"no value for {column} {kind}: teach tests/isolation/catalogue.py this type")


def take_any_row(owner: psycopg.Connection) -> None:
    """Lets every table take the rows made here, which are about who sees them, not about what they say: check
    constraints go, and partitioned tables get a partition for whatever fits no other.
    """
    rows = owner.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND conparentid = 0 AND connamespace = 'public'::regnamespace AND conrelid <> 0"
        " AND conislocal"
    ).fetchall()
    for table, name in rows:
        if table not in NOT_OURS:
            owner.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
            )
    for (table,) in owner.execute(
        "SELECT partrelid::regclass::text FROM pg_partitioned_table WHERE partdefid = 0"
    ).fetchall():
        owner.execute(
            sql.SQL("CREATE TABLE {} PARTITION OF {} DEFAULT").format(
                sql.Identifier(f"{table}_whatever"), sql.Identifier(table)
            )
        )


def fill(owner: psycopg.Connection, table: Table, side: str) -> None:
    """One row of this side in a table, made from the table's own columns; keys to other tables aren't followed."""
    columns = owner.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute LEFT JOIN pg_attrdef"
        " ON adrelid = attrelid AND adnum = attnum WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped"
        " AND attidentity = '' AND (attnotnull OR attname IN ('employee_number', 'county_code'))",
        (table.oid,),
    ).fetchall()
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        sql.SQL(", ").join(sql.Placeholder() for _ in columns),
    )
    with owner.transaction():
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute(statement, [_value(name, kind, side) for name, kind in columns])
