"""Bring a database to the newest schema, or say what hinders it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from data_access.engine import async_url

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made here so that no ini file with paths is needed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migrate(address: str, revision: str = "head") -> tuple[str | None, str | None]:
    """Upgrade the database at `address` (`postgresql://…`, a login that may create extensions and roles).

    Returns the revision before and after. Two processes that start together are put in line by an advisory lock.
    """
    engine = create_engine(async_url(address), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as lock:
            lock.exec_driver_sql("SELECT pg_advisory_lock(4703201)")
            with engine.execution_options(isolation_level="READ COMMITTED").connect() as connection:
                before = MigrationContext.configure(connection).get_current_revision()
                connection.rollback()
                command.upgrade(alembic_config(connection), revision)
                connection.commit()
                after = MigrationContext.configure(connection).get_current_revision()
            lock.exec_driver_sql("SELECT pg_advisory_unlock(4703201)")
    finally:
        engine.dispose()
    return before, after


def newest_revision() -> str | None:
    """The revision that this program needs."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()
