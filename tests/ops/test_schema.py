"""Migrations: once is enough, the way back works, and they say the same as the models."""

import warnings
from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine

from data_access.demo_load import empty_schema
from data_access.engine import async_url
from data_access.migrate import migrate, newest_revision
from data_access.models import Base


def differences(database_url: str) -> list[Any]:
    """What Alembic would change. Partitions have no model: their parent has; nor have another program's tables."""
    with psycopg.connect(database_url) as connection:
        partitions = {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relispartition")}

    def ours(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
        if kind == "table" and name is not None and (name in partitions or name.startswith("procrastinate_")):
            return False
        return bool(alembic_helpers.include_object(thing, name, kind, reflected, compared))

    engine = create_engine(async_url(database_url))
    try:
        with engine.connect() as target, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Did not recognize type 'ltree'")
            options = {"include_object": ours, "compare_type": True, "target_metadata": Base.metadata}
            return compare_metadata(MigrationContext.configure(target, opts=options), Base.metadata)
    finally:
        engine.dispose()


def test_models_and_migrations_agree(database_url: str) -> None:
    assert differences(database_url) == []


def test_migrating_again_changes_nothing(database_url: str) -> None:
    newest = newest_revision()
    assert newest is not None
    assert migrate(database_url) == (newest, newest)


def test_the_comparison_sees_a_column_that_is_missing(database_url: str, owner: psycopg.Connection) -> None:
    owner.execute("ALTER TABLE layer_version DROP COLUMN changed_at")
    try:
        assert "changed_at" in repr(differences(database_url))
    finally:
        owner.execute("ALTER TABLE layer_version ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now()")


def test_all_the_way_back_and_forth_again(database_url: str, owner: psycopg.Connection) -> None:
    empty_schema(database_url)
    found = owner.execute("SELECT version_num FROM alembic_version").fetchall()
    assert found == [(newest_revision(),)]
