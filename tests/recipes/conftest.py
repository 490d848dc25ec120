from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.recipes.installed_wheel import Environment, build_wheel, install, make_environment

if TYPE_CHECKING:
    from pathlib import Path

EVENT = """\
---
description: Somebody takes a loaf out of the oven.
internal_events: true
action: {name}
identifiers: [user]
product_group: {group}
milestone: "16.10"
introduced_by_url: https://example.com/changes/1
tiers: [free]
"""


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
    (project / "definitions" / "product_groups.yml").write_text("---\novens:\n  name: Ovens\n")
    git(project, "init", "-q", "-b", "main")
    commit(project)
    git(project, "checkout", "-q", "-b", "topic")
    event(project, "new", "ovenz")
    commit(project)
    return project


def event(project: Path, name: str, group: str) -> Path:
    file = project / "definitions" / "events" / f"{name}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(EVENT.format(name=name, group=group))
    return file


def commit(project: Path) -> None:
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "x")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()
