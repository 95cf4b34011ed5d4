"""Shared fixtures: a PostgreSQL server, a migrated template database, and a fresh database for each test module.

The server is the private cluster of `./run test`, or the one that `TEST_DATABASE_URL` names (a superuser login).
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

import settings as settings_module
from data_access.engine import dispose_engines
from data_access.migrate import migrate


def _replace_database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a superuser login on the test server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    from ops.cluster import PrivateCluster

    cluster = PrivateCluster.for_tests()
    cluster.start()
    try:
        yield cluster.address("postgres")
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def template_database(server_url: str) -> Iterator[str]:
    """Name of a migrated, empty database that others are copied from."""
    name = f"gridaudit_template_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    migrate(_replace_database(server_url, name))
    yield name
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def database_url(server_url: str, template_database: str) -> Iterator[str]:
    """Address of a fresh, migrated database; `DATABASE_URL` points at it while the module's tests run."""
    name = f"gridaudit_test_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
    address = _replace_database(server_url, name)
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = address
    settings_module.get_settings.cache_clear()
    yield address
    if before is None:
        del os.environ["DATABASE_URL"]
    else:
        os.environ["DATABASE_URL"] = before
    settings_module.get_settings.cache_clear()
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[str]:
    """The same database, with this process's engines closed at the end."""
    yield database_url
    await dispose_engines()
    await asyncio.sleep(0)


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    """A superuser connection (autocommit) to the module's database, for arranging and for looking behind the scenes."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
