"""Both stores, for tests of what they promise alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stores.stores_under_test import at_redis, at_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.stores.store import Store
    from tests.stores.stores_under_test import StoreUnderTest


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreUnderTest]:
    on_redis = request.param == "redis"
    place = at_redis(request.getfixturevalue("redis_server").url) if on_redis else at_sqlite(tmp_path)
    yield place
    place.close()


@pytest.fixture
def store(place: StoreUnderTest) -> Store:
    return place.open()
