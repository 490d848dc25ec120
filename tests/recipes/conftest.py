from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.installed_wheel import Environment, build_wheel, install, make_environment
from tests.repository import commit, git
from tests.small_root import BAKERY_EVENT, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel in it, which no test changes."""
    environment = make_environment(tmp_path_factory.mktemp("installed"))
    install(environment, wheel)
    return environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's repository: a definitions root with an old fault on its main branch, and a new one on a branch."""
    project = tmp_path / "project"
    event(project, "bake", "ovens")
    event(project, "old", "shops")
    write(project / "definitions" / "product_groups.yml", "---\novens:\n  name: Ovens\n")
    git(project, "init", "--quiet")
    commit(project)
    git(project, "checkout", "-q", "-b", "topic")
    event(project, "new", "ovenz")
    commit(project)
    return project


def event(project: Path, name: str, group: str) -> None:
    write(project / "definitions" / "events" / f"{name}.yml", BAKERY_EVENT.format(name=name, group=group))
