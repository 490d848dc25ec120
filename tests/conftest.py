"""The services that several rooms' tests share."""

from __future__ import annotations

import os
from pathlib import Path
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

REPOSITORY = Path(__file__).parent.parent

TOGETHER = ("browser", "recipes", "site")
"""Folders whose tests share something that takes long to make, such as a built site: one worker runs all of them.

They come first, in this order, because they take longest. Elsewhere a worker takes a file at a time.
"""

MISSING = (redis_service.MISSING, postgres_service.MISSING)
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


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests belong to one worker."""
    order = {}
    for item in items:
        folder, *_ = item.path.relative_to(REPOSITORY / "tests").parts
        group = folder if folder in TOGETHER else item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
        order[item] = TOGETHER.index(folder) if folder in TOGETHER else len(TOGETHER)
    items.sort(key=order.__getitem__)


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
