"""Finding a unit of the organisation by its code."""

from sqlalchemy import text

from data_access.engine import system


async def unit_path(code_or_path: str) -> str | None:
    """The organisation path of a unit given by its code (`130202`) or its path (`jibei.1302.130202`); None: unknown."""
    async with system("units") as connection:
        found = await connection.execute(
            text("SELECT org_path::text FROM organisation WHERE code = :given OR org_path::text = :given"),
            {"given": code_or_path},
        )
        return found.scalar_one_or_none()
