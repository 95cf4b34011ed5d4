"""Alembic's entry: runs migrations on the connection it is given, or on `DATABASE_URL`."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine

from data_access.engine import async_url
from data_access.models import Base
from settings import get_settings


def _run(connection) -> None:  # type: ignore[no-untyped-def]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    address = get_settings().database.database_url
    if address is None:
        raise SystemExit("DATABASE_URL is not set")
    with create_engine(async_url(address.get_secret_value())).connect() as own:
        _run(own)
        own.commit()
