"""Each module of the map's tests begins with nothing remembered from another database."""

from collections.abc import Iterator

import pytest

from api.tiles import forget_tiles
from data_access import risk
from data_access.risk_columns import store


@pytest.fixture(autouse=True, scope="module")
def _nothing_remembered() -> Iterator[None]:
    store.clear()
    forget_tiles()
    risk.forget_catalogue()
    yield
