"""Whether the database answers and has the schema that this program needs."""

from sqlalchemy import text

from data_access.engine import system


async def schema_revision(*, timeout_ms: int = 1_000) -> str | None:
    """The revision of the schema in the database; None when it was never migrated."""
    async with system("health", timeout_ms=timeout_ms) as connection:
        if (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one() is None:
            return None
        return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
