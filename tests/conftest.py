"""The services that several rooms' tests share."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.services import postgres as postgres_service
from tests.services import redis as redis_service

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine must not fail a test about correctness; in CI the same commit must give the same verdict twice.
settings.register_profile("steady", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("steady")

TOGETHER = ("browser", "recipes", "site")
"""Folders whose tests share something that takes long to make, such as a built site: one worker runs all of them.

They come first, in this order, because they take longest. Elsewhere a worker takes a file at a time.
"""

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


class ByFolderOrFile(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives a worker one file after the other, and the tests of a folder of TOGETHER as one."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of what stays together; pytest-xdist means this method to be overridden."""
        file = nodeid.split("::", 1)[0]
        folder = file.removeprefix("tests/").split("/", 1)[0]
        return folder if folder in TOGETHER else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFolderOrFile:
    return ByFolderOrFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the folders that stay together come first."""

    def rank(item: pytest.Item) -> int:
        folder = item.nodeid.removeprefix("tests/").split("/", 1)[0]
        return TOGETHER.index(folder) if folder in TOGETHER else len(TOGETHER)

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
