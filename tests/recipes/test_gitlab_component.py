"""The GitLab component: its inputs put in as GitLab does it, its script run as a job would run it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.recipes.installed_wheel import make_environment
from tests.repository import git

if TYPE_CHECKING:
    import subprocess

    from tests.recipes.installed_wheel import Environment

REPOSITORY = Path(__file__).parents[2]
COMPONENT = REPOSITORY / "templates" / "validate" / "template.yml"


def spec() -> dict[str, Any]:
    inputs = next(iter(yaml.safe_load_all(COMPONENT.read_text())))["spec"]["inputs"]
    assert isinstance(inputs, dict)
    return inputs


def job(**given: object) -> dict[str, Any]:
    """Return the one job that the component adds to a pipeline."""
    defaults = {name: entry["default"] for name, entry in spec().items() if "default" in entry}
    inputs = {"package": "metrics-dictionary", **defaults, **given}
    _, text = COMPONENT.read_text().split("\n---\n")

    def value(match: re.Match[str]) -> str:
        found = inputs[match[1]]
        return str(found).lower() if isinstance(found, bool) else str(found)

    (job,) = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", value, text)).values()
    assert isinstance(job, dict)
    return job


def run_job(
    environment: Environment, project: Path, job: dict[str, Any], **predefined: str
) -> subprocess.CompletedProcess[str]:
    """Run the script lines in one shell that stops at the first failure, as a runner does."""
    variables = {name: str(value or "") for name, value in job["variables"].items()}
    script = "set -eo pipefail\n" + "\n".join(job["script"])
    return environment.run("bash", "-c", script, cwd=project, **{**variables, **predefined})


@pytest.fixture
def runner(wheel: Path, tmp_path: Path) -> tuple[Environment, str]:
    return make_environment(tmp_path / "runner"), str(wheel)


def test_every_input_is_described_and_only_what_pip_installs_has_to_be_given() -> None:
    guide = (REPOSITORY / "site_src/guides/check-in-ci.md").read_text()
    section = guide[guide.index("## GitLab") : guide.index("## GitHub")]
    for name, entry in spec().items():
        assert entry["description"]
        # A bare name in a public index may be anybody's package: which one to trust is the reader's to say.
        assert ("default" in entry) == (name != "package")
        assert f"`{name}`" in section


def test_the_job_installs_the_tool_checks_the_definitions_and_leaves_its_reports(
    runner: tuple[Environment, str], project: Path
) -> None:
    environment, package = runner
    made = job(package=package)
    result = run_job(environment, project, made)
    assert result.returncode == 1, result.stderr
    assert "old.yml:6:16" in result.stdout
    assert "new.yml:6:16" in result.stdout
    reports = made["artifacts"]["reports"]
    assert made["artifacts"]["when"] == "always"
    issues = json.loads((project / reports["codequality"]).read_text())
    assert {"definitions/events/new.yml", "definitions/events/old.yml"} <= {one["location"]["path"] for one in issues}
    assert ET.parse(project / reports["junit"]).getroot().tag == "testsuites"


def test_in_a_merge_request_only_its_own_lines_are_told_when_asked(environment: Environment, project: Path) -> None:
    made = {**job(**{"changed-only": True})}
    made["script"] = made["script"][1:]  # installed already
    base = git(project, "rev-parse", "main")
    result = run_job(environment, project, made, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert result.returncode == 1
    assert "new.yml:6:16" in result.stdout
    assert "old.yml" not in result.stdout
    assert made["variables"]["GIT_DEPTH"] == "0"
    assert "old.yml" in run_job(environment, project, made).stdout


def test_an_input_cannot_put_a_command_into_the_script(environment: Environment, project: Path) -> None:
    made = job(definitions="$(touch hacked)")
    made["script"] = made["script"][1:]
    result = run_job(environment, project, made)
    assert result.returncode == 2
    assert not (project / "hacked").exists()
