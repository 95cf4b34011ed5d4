"""Monthly partitions: made before rows of a month are written."""

from datetime import date
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

BY_MONTH = ("usage_month", "meter_reading", "district_energy", "bill", "bill_line")


def ensure_month_partitions(connection: psycopg.Connection[Any], table: str, first: date, last: date) -> None:
    """Partitions of `table` for the months of `first` to `last`; those that exist stay."""
    connection.execute("SELECT ensure_month_partitions(%s, %s, %s)", (table, first, last))


async def ensure_bill_partitions(connection: AsyncConnection, month: date) -> None:
    """Partitions of bills and their lines for one month; asks before it locks anything."""
    name = f"{month:%Y%m}"
    for table in ("bill", "bill_line"):
        found = await connection.execute(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f"{table}_{name}"})
        if not found.scalar_one():
            await connection.execute(
                text("SELECT ensure_month_partitions(:table, :month, :month)"), {"table": table, "month": month}
            )
