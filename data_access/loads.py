"""What bulk loads have put into the database, and whether they came to their end."""

from dataclasses import dataclass

from sqlalchemy import text

from data_access.engine import system


@dataclass(frozen=True, slots=True)
class LoadState:
    """The record of one load. `finished` False: it was interrupted, its data is not to be used."""

    size: str
    seed: int
    version: str
    finished: bool


async def load_state(name: str) -> LoadState | None:
    """The newest run of the load `name`; None when there was none."""
    async with system("loads") as connection:
        row = (
            await connection.execute(
                text("SELECT size, seed, version, finished_at IS NOT NULL FROM data_load WHERE name = :name"),
                {"name": name},
            )
        ).one_or_none()
    return LoadState(*row) if row is not None else None


async def holds_data() -> bool:
    """Whether anything was ever put in: an organisation or an account stands at the root of everything else."""
    async with system("loads") as connection:
        found = await connection.execute(
            text("SELECT EXISTS (SELECT FROM organisation) OR EXISTS (SELECT FROM app_user)")
        )
        return bool(found.scalar_one())
