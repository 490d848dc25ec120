from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.running_server import Client, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, settings={"flags.usage_data_queries_api": True}) as served:
        yield served


@pytest.fixture
def client(served: Running) -> Iterator[Client]:
    client = Client(served.port)
    yield client
    client.close()
