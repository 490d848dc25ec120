"""The Makefile: what its targets make, `make clean` removes, and nothing else."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

MADE = {
    ".venv/installed",
    ".coverage.host.1.x",
    ".site-0123abcd/shell.html",
    ".mypy_cache/3.11/x.json",
    ".pytest_cache/v",
    ".ruff_cache/0",
    ".hypothesis/examples/x",
    "build/bench.md",
    "node_modules/.wanted",
    "site/index.html",
    "var/store.db",
    "generator/metrics_dictionary/__pycache__/x.pyc",
    "tests/__pycache__/x.pyc",
}
KEPT = {
    "Makefile",
    "pyproject.toml",
    "definitions/site/x.yml",
    "dist/x.whl",
    "generator/x.py",
    "site_src/build/x.md",
    "tests/x.py",
    "x.md",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for path in MADE | KEPT:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    return tmp_path


def test_clean_removes_what_the_other_targets_made_and_nothing_else(checkout: Path) -> None:
    subprocess.run(["make", "clean"], cwd=checkout, check=True, capture_output=True)
    left = {str(path.relative_to(checkout)) for path in checkout.rglob("*") if path.is_file()}
    assert left == KEPT
    assert not any((checkout / path).parent.exists() for path in MADE if "__pycache__" in path)


def test_every_folder_that_a_target_names_for_its_output_is_removed(checkout: Path) -> None:
    targets = ("serve", "build", "test", "bench")
    done = subprocess.run(["make", "-n", *targets], cwd=checkout, check=True, capture_output=True, text=True)
    named = set(re.findall(r"(?:--site|--output|--demo) (\S+)", done.stdout))
    assert {"site", "var"} <= named
    assert named <= {path.split("/")[0] for path in MADE}


def test_everything_that_git_ignores_at_the_top_is_made_by_a_target_or_by_a_packager() -> None:
    ignored = {line.strip("/\n") for line in (REPOSITORY / ".gitignore").read_text().splitlines()}
    made = {path.split("/")[0] for path in MADE} - {"generator", "tests"}
    patterns = ignored - {"__pycache__", "*.egg-info", "dist"}
    assert {pattern for pattern in patterns if not fnmatch.filter(made, pattern)} == set()
    assert {name for name in made if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)} == set()
