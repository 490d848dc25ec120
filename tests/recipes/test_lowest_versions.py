"""The lower bounds of the dependencies are tested ones: validate, build and serve work on exactly these versions."""

from __future__ import annotations

import re
import signal
import subprocess
import tomllib
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.recipes.installed_wheel import REPOSITORY, Environment, install, kept_environment, make_environment
from tests.site.policy_of_a_site import require_fitting_policy, require_images_in_files
from tests.small_root import write_boards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFINITIONS = REPOSITORY / "definitions"


def lowest(requirement: str) -> str:
    """Return the requirement of the lower bound itself: ``redis>=5.0`` gives ``redis==5.0``."""
    name, bound = re.fullmatch(r"([\w.\[\]-]+)>=([\d.]+)", requirement).groups()  # type: ignore[union-attr]
    return f"{name}=={bound}"


def lowest_versions() -> list[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    run_time = [*project["dependencies"], *extras["redis"], *extras["postgres"], *extras["snowplow"]]
    return [lowest(requirement) for requirement in run_time]


@pytest.fixture(scope="module")
def oldest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = make_environment(
        tmp_path_factory.mktemp("lowest") / "environment", kept_environment("lowest", lowest_versions())
    )
    install(environment, wheel)
    return environment


@pytest.fixture
def address(oldest: Environment, tmp_path: Path) -> Iterator[str]:
    root = write_boards(tmp_path / "definitions")
    command = [str(oldest.programs / "metrics-dictionary"), "serve", "--definitions", str(root), "--port", "0"]
    with subprocess.Popen(
        [*command, "--site", "site", "--store", "sqlite:///store.db"],
        cwd=tmp_path,
        env=oldest.variables(
            PYTHONUNBUFFERED="1",
            METRICS_DICTIONARY_PING_ENABLED="false",
            METRICS_DICTIONARY_SERVER_DRAIN_SECONDS="0",
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        told = []
        for line in server.stdout:
            told.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found[0]
                break
        else:
            pytest.fail(f"the server did not start: {''.join(told)}")
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0


def test_definitions_are_checked_and_the_site_is_built(oldest: Environment, tmp_path: Path) -> None:
    checked = oldest.run("metrics-dictionary", "validate", str(DEFINITIONS), cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    built = oldest.run("metrics-dictionary", "build", "--definitions", str(DEFINITIONS), "--strict", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert "counts.ci_builds" in (tmp_path / "site" / "metrics" / "counts.ci_builds" / "index.html").read_text()
    require_fitting_policy(tmp_path / "site")
    require_images_in_files(tmp_path / "site")


def test_the_server_answers(address: str) -> None:
    with urllib.request.urlopen(f"{address}/api/v4/usage_data/metric_definitions", timeout=30) as answer:
        assert answer.status == 200
        assert b"counts.boards" in answer.read()
    with urllib.request.urlopen(f"{address}/metrics/counts.boards/", timeout=30) as answer:
        assert answer.status == 200
