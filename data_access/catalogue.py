"""The shipped catalogue into the database: names follow the program, rules are the utility's."""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from audit.catalogue import Catalogue, rows

_KEYS = {"business_type": ("code",), "anomaly_type": ("code",), "rule_version": ("anomaly_code", "version")}
_KEPT = frozenset({"rule_version"})
"""Thresholds that the utility has set are never overwritten; only missing first versions are added."""


def sync_catalogue(connection: psycopg.Connection, given: Catalogue) -> None:
    """Add what is missing, correct names and default levels. Types are never deleted: points and tickets name them.

    Raises:
        psycopg.errors.UniqueViolation: the database gives one of the ordinals to another type.
    """
    for table, content in rows(given).items():
        columns, keys = list(content[0]), _KEYS[table]
        changed = sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column)) for column in columns if column not in keys
        )
        action = sql.SQL("NOTHING") if table in _KEPT else sql.SQL("UPDATE SET {}").format(changed)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.Placeholder, columns)),
            sql.SQL(", ").join(map(sql.Identifier, keys)),
            action,
        )
        with connection.cursor() as cursor:
            cursor.executemany(statement, [_adapted(row) for row in content])


def _adapted(row: dict[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in row.items()}
