from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.repository import git

if TYPE_CHECKING:
    from tests.recipes.installed_wheel import Environment

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def hook() -> dict[str, Any]:
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    assert isinstance(hook, dict)
    return hook


def test_the_hook_has_what_pre_commit_asks_of_one(hook: dict[str, Any]) -> None:
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert (hook["language"], hook["require_serial"]) == ("python", True)


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("definitions/metrics/counts_all/boards.yml", True),
        ("config/events/create_board.yaml", True),
        ("events/create_board.yml", True),
        ("definitions/product_groups.yml", True),
        ("definitions/instrumentations/plan.yml", True),
        ("definitions/README.md", False),
        ("my-events/x.yml", False),
        ("mkdocs.yml", False),
        ("definitions/metrics/x.yml.bak", False),
    ],
)
def test_the_hook_runs_on_definitions_only(hook: dict[str, Any], path: str, runs: bool) -> None:
    assert bool(re.search(hook["files"], path)) is runs


def test_the_hook_judges_what_a_commit_changes_and_nothing_else(
    hook: dict[str, Any], environment: Environment, project: Path
) -> None:
    def run_on(changed: list[str]) -> Any:
        files = [file for file in changed if re.search(hook["files"], file)]
        return environment.run(*shlex.split(hook["entry"]), *files, cwd=project)

    changed = git(project, "diff", "--name-only", "main", "topic").splitlines()
    result = run_on(changed)
    assert changed == ["definitions/events/new.yml"]
    assert result.returncode == 1
    assert "definitions/events/new.yml:6:16: error[unknown-product-group]" in result.stdout
    assert "old.yml" not in result.stdout
    assert run_on(["definitions/events/bake.yml", "README.md"]).returncode == 0
