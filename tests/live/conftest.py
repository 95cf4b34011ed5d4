"""The live path on a fresh database: two counties, a catalogue, and the doors for positions with their writer."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from api import errors, positions
from data_access import users
from data_access.devices import forget_devices
from tests import builders


@pytest.fixture(scope="module", autouse=True)
def _utility(database: str) -> Iterator[None]:
    with psycopg.connect(database, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
    forget_devices()
    users.forget()
    yield


@pytest.fixture(scope="module")
async def phones(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the doors that devices knock at, with the product's writer and error shape."""
    app = FastAPI()
    app.include_router(positions.router)
    errors.install(app)
    positions.writer.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client
    await positions.writer.stop()


def fix(
    at: datetime | float, *, east: float = 0.0, station: str = builders.SOUTH_STATION, **more: Any
) -> dict[str, Any]:
    """A fix at the station's place, `east` degrees further; as our own JSON has it."""
    longitude, latitude = builders.PLACES[station]
    moment = at.timestamp() if isinstance(at, datetime) else at
    return {"at": moment, "lon": longitude + east, "lat": latitude, "accuracy_m": 8, "speed_kmh": 30} | more


def now_s() -> float:
    """The clock, in whole seconds."""
    return float(int(datetime.now(UTC).timestamp()))
