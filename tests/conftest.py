"""The services that several rooms' tests share."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.services import postgres as postgres_service
from tests.services import redis as redis_service

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine must not fail a test about correctness; in CI the same commit must give the same verdict twice.
settings.register_profile("steady", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("steady")

pytest_plugins = ["tests.made_once"]

LONGEST = (
    "browser/test_payload_reader.py",
    "events/test_any_stream.py",
    "browser",
    "recipes",
    "ping/database/test_any_instrumentation.py",
    "integration",
    "site",
    "cli",
    "server",
    "stores",
)
"""Files and folders that take long, the longest first: begun late, one would keep a worker when the others are done."""

NO_PROMTOOL = "no promtool here: metrics and alert rules are NOT CHECKED; run tests/install-system-packages"

MISSING = (redis_service.MISSING, postgres_service.MISSING, NO_PROMTOOL)
"""What is said, loudly, of each service that this machine lacks."""


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis_service.RedisServer]:
    """One Redis for all tests; who uses it empties it first."""
    if redis_service.EXECUTABLE is None:
        skip_or_fail(redis_service.MISSING)
    with redis_service.running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres_service.PostgresServer]:
    """One PostgreSQL for all tests; who uses it makes a database of its own in it."""
    if postgres_service.PROGRAMS is None:
        skip_or_fail(postgres_service.MISSING)
    with postgres_service.running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus's own tool, which checks what is written for Prometheus."""
    found = shutil.which("promtool")
    if found is None:
        skip_or_fail(NO_PROMTOOL)
    return str(found)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest come first; a worker takes a file at a time."""

    def rank(item: pytest.Item) -> int:
        file = item.nodeid.removeprefix("tests/")
        return next((rank for rank, name in enumerate(LONGEST) if file.startswith(name)), len(LONGEST))

    items.sort(key=rank)


def skip_or_fail(reason: str) -> None:
    """Skip what this machine cannot run; in CI nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the very last lines which services the tests went without."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = {str(report.longrepr) for report in reporter.stats.get("skipped", [])}
    for missing in MISSING:
        if any(missing in reason for reason in skipped):
            reporter.write_line(f"WARNING: {missing}", red=True, bold=True)
