"""The GitHub action: its steps run with the inputs put in as GitHub does it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.recipes.installed_wheel import make_environment
from tests.repository import git

if TYPE_CHECKING:
    import subprocess

    from tests.recipes.installed_wheel import Environment

REPOSITORY = Path(__file__).parents[2]


def action() -> dict[str, Any]:
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text())
    assert isinstance(action, dict)
    return action


def steps() -> dict[str, dict[str, Any]]:
    """The steps that run a script, by name."""
    return {step["name"]: step for step in action()["runs"]["steps"] if "run" in step}


def run_step(
    environment: Environment, project: Path, name: str, inputs: dict[str, str] | None = None, **predefined: str
) -> subprocess.CompletedProcess[str]:
    step = steps()[name]
    values = {key: entry["default"] for key, entry in action()["inputs"].items()} | (inputs or {})
    variables = {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: values[match[1]], text)
        for key, text in step.get("env", {}).items()
    }
    assert "${{" not in step["run"]
    shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
    return environment.run(*shell, cwd=project, **{**variables, **predefined})


def test_every_input_has_a_description_and_a_default_and_is_in_the_guide() -> None:
    guide = (REPOSITORY / "site_src/guides/check-in-ci.md").read_text()
    section = guide[guide.index("## GitHub") : guide.index("## Other services")]
    for name, entry in action()["inputs"].items():
        assert entry["description"]
        assert isinstance(entry["default"], str)
        assert f"`{name}`" in section


def test_every_script_names_its_shell_as_a_composite_action_must() -> None:
    assert action()["runs"]["using"] == "composite"
    assert [step["shell"] for step in steps().values()] == ["bash", "bash"]


def test_the_action_installs_itself_and_annotates_what_is_wrong(project: Path, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "runner")
    installed = run_step(environment, project, "Install", GITHUB_ACTION_PATH=str(REPOSITORY))
    assert installed.returncode == 0, installed.stderr
    result = run_step(environment, project, "Validate", {"sarif": "found.sarif"})
    assert result.returncode == 1, result.stderr
    assert "::error file=definitions/events/new.yml,line=6,col=16,title=unknown-product-group::" in result.stdout
    assert "::error file=definitions/events/old.yml,line=6,col=16,title=unknown-product-group::" in result.stdout
    assert json.loads((project / "found.sarif").read_text())["runs"][0]["results"]


def test_in_a_pull_request_only_its_own_lines_are_told_when_asked(environment: Environment, project: Path) -> None:
    git(project, "update-ref", "refs/remotes/origin/main", "main")
    result = run_step(environment, project, "Validate", {"changed-only": "true"}, GITHUB_BASE_REF="main")
    assert result.returncode == 1
    assert "file=definitions/events/new.yml" in result.stdout
    assert "old.yml" not in result.stdout


def test_an_input_cannot_put_a_command_into_the_script(environment: Environment, project: Path) -> None:
    result = run_step(
        environment, project, "Validate", {"definitions": '"; touch hacked; "', "sarif": "$(touch hacked)"}
    )
    assert result.returncode == 2
    assert not (project / "hacked").exists()
