"""Many rows at once, as the owner of the tables: for first loads.

COPY is refused on a table whose row security applies to the login (an owner that is no superuser, because of FORCE).
Then the rows go through a temporary table; who calls does not notice but for the time.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb


class BulkWriter:
    """Writes rows into tables inside the caller's transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def write(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Append rows; returns how many.

        Geometries are hexadecimal EWKB, paths and times may be texts, dictionaries and lists of dictionaries JSON.
        """
        names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
        if not self._row_security_applies(table):
            return self._copy(sql.Identifier(table), names, rows)
        incoming = sql.Identifier(f"incoming_{table}")
        target = sql.Identifier(table)
        self.connection.execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                incoming, names, target
            )
        )
        self._copy(incoming, names, rows)
        written = self.connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(target, names, names, incoming)
        ).rowcount
        self.connection.execute(sql.SQL("DROP TABLE {}").format(incoming))
        return written

    def _row_security_applies(self, table: str) -> bool:
        row = self.connection.execute("SELECT row_security_active(%s::regclass)", (table,)).fetchone()
        return bool(row and row[0])

    def _copy(self, table: sql.Composable, names: sql.Composable, rows: Iterable[Sequence[Any]]) -> int:
        count = 0
        with (
            self.connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy,
        ):
            for row in rows:
                copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in row])
                count += 1
        return count
