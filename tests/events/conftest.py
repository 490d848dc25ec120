"""Fixtures of the tests of events: each test has a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.sqlite import SqliteStore
from tests.events.event_samples import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.db", clock=clock)
    yield store
    store.close()
