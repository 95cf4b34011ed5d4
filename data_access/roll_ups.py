"""Upkeep of the roll-ups behind trends (migration 0007). Reads are right without it; it keeps them fast."""

from sqlalchemy import text

from data_access.engine import system

_FOLD = text("SELECT fold_roll_ups()")
_REBUILD = text("SELECT rebuild_roll_ups()")
REBUILD_MS = 30 * 60 * 1000


async def fold() -> int:
    """Adds what changed to the sums; how many sums changed. Two at once take turns. One statement."""
    async with system("roll-ups") as connection:
        return int(await connection.scalar(_FOLD) or 0)


async def rebuild() -> int:
    """Counts every sum anew while writers wait: after a restore with triggers off. One statement."""
    async with system("roll-ups", timeout_ms=REBUILD_MS) as connection:
        return int(await connection.scalar(_REBUILD) or 0)
