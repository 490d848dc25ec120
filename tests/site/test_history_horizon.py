"""What a site says of a history that begins somewhere, that is cut off, or that git does not tell."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.changes.definition_repository import DefinitionRepository
from tests.program import run
from tests.repository import ENVIRONMENT
from tests.site.built_pages import page
from tests.small_root import metric, write

if TYPE_CHECKING:
    from pathlib import Path

ATOM = "{http://www.w3.org/2005/Atom}"
METRICS = "metrics/counts_all"
BROKEN = {"status": "broken", "repair_issue_url": "https://example.com/issues/7"}


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as nobody has configured it."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def repository(tmp_path: Path) -> DefinitionRepository:
    """Three metrics in the first commit, of 1 January 2025, one of them broken; a second one breaks a week later."""
    made = DefinitionRepository(tmp_path / "project")
    made.write(f"{METRICS}/carts.yml", metric(key_path="counts.carts", milestone="16.1", **BROKEN))
    made.write(f"{METRICS}/boards.yml", metric(milestone="17.4"))
    made.write_and_commit(f"{METRICS}/lists.yml", metric(key_path="counts.lists"), "Import")
    for number in range(6):
        description = f"All lists of all boards there are, take {number}."
        made.write_and_commit(f"{METRICS}/lists.yml", metric(key_path="counts.lists", description=description))
    made.write_and_commit(f"{METRICS}/boards.yml", metric(milestone="17.4", **BROKEN), "Break it")
    return made


def built(root: Path, output: Path, *options: str, status: int = 0) -> str:
    """Build a site and return what is said on standard error."""
    done = run("build", "--definitions", root, "--output", output, *options)
    assert done.returncode == status, done.stderr
    return done.stderr


def notice(site: Path, key_path: str) -> str:
    shown = re.search(
        r"It has been broken since[^.]*(\.\d[^.]*)*\.", page(site / f"metrics/{key_path}/index.html").text
    )
    return shown[0] if shown else ""


def broken(site: Path) -> dict[str, tuple[str, bool]]:
    told = json.loads((site / "health.json").read_text())["checks"]["broken"]["definitions"]
    return {one["name"]: (one["note"], one["since_at_least"]) for one in told}


def entries(site: Path) -> list[str]:
    return [str(one.findtext(f"{ATOM}title")) for one in ET.parse(site / "changes/atom.xml").iter(f"{ATOM}entry")]


def clone(repository: DefinitionRepository, folder: Path, *options: str) -> Path:
    command = ["git", "clone", "--quiet", *options, repository.folder.as_uri(), str(folder)]
    subprocess.run(command, env=ENVIRONMENT, check=True)
    return folder / "definitions"


def test_what_was_so_at_the_first_commit_was_so_before_it(repository: DefinitionRepository, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert built(repository.root, site, "--strict") == ""
    assert notice(site, "counts.carts") == "It has been broken since at least 1 January 2025."
    assert notice(site, "counts.boards") == "It has been broken since 8 January 2025 (17.4)."
    assert broken(site) == {
        "counts.carts": ("since at least 1 January 2025, for at least 7 days", True),
        "counts.boards": ("since 8 January 2025 (17.4), for 0 days", False),
    }
    feed = json.loads((site / "changes/feed.json").read_text())
    imported = [one["_change"] for one in feed["items"] if one["_change"]["what"] == "added"]
    assert [one["milestone"] for one in imported] == [None] * 3
    assert "it may be older" in page(site / "metrics/counts.carts/index.html").text


def test_no_setting_of_git_takes_the_first_commit_away(repository: DefinitionRepository, tmp_path: Path) -> None:
    site = tmp_path / "site"
    repository.git("config", "log.showRoot", "false")
    assert built(repository.root, site, "--strict") == ""
    added = repository.git("log", "--root", "--diff-filter=A", "--name-only", "--format=", "--", "definitions")
    assert sorted(title for title in entries(site) if title.startswith("Added")) == sorted(
        f"Added counts.{re.sub('.*/|[.]yml', '', file)}" for file in added.split()
    )


def test_a_shallow_clone_is_named_and_says_since_when_at_least(
    repository: DefinitionRepository, tmp_path: Path
) -> None:
    root = clone(repository, tmp_path / "clone", "--depth=3")
    site = tmp_path / "site"
    (warning,) = built(root, site).splitlines()[:1]
    assert warning.startswith("warning: this shallow clone has only a part of the history")
    assert "fetch-depth: 0" in warning
    assert notice(site, "counts.carts") == "It has been broken since at least 6 January 2025."
    assert notice(site, "counts.boards").startswith("It has been broken since 8 January 2025")
    assert broken(site)["counts.carts"] == ("since at least 6 January 2025, for at least 2 days", True)
    said = built(root, tmp_path / "strict", "--strict", status=1)
    assert "this shallow clone" in said
    assert not (tmp_path / "strict").exists()


def test_a_feed_without_an_entry_has_the_date_of_the_last_commit(
    repository: DefinitionRepository, tmp_path: Path
) -> None:
    root = clone(repository, tmp_path / "clone", "--depth=1")
    site = tmp_path / "site"
    built(root, site)
    assert entries(site) == []
    assert ET.parse(site / "changes/atom.xml").findtext(f"{ATOM}updated") == "2025-01-08T12:00:00Z"
    assert broken(site)["counts.boards"] == ("since at least 8 January 2025, for at least 0 days", True)


def test_a_repository_of_somebody_else_is_named(
    repository: DefinitionRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1738555506")
    warning = built(repository.root, site).splitlines()[0]
    assert "detected dubious ownership" in warning
    assert f"`git config --global --add safe.directory {repository.folder}`" in warning
    assert ET.parse(site / "changes/atom.xml").findtext(f"{ATOM}updated") == "2025-02-03T04:05:06Z"
    assert "dubious" in built(repository.root, tmp_path / "strict", "--strict", status=1)


def test_a_partial_clone_is_named_and_states_no_date_that_it_cannot_know(
    repository: DefinitionRepository, tmp_path: Path
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    root = clone(repository, tmp_path / "clone", "--filter=blob:none")
    assert "warning: this partial clone lacks" in built(root, tmp_path / "site")
    assert notice(tmp_path / "site", "counts.boards") == ""


def test_what_was_never_in_git_is_no_loss(tmp_path: Path) -> None:
    write(tmp_path / "definitions" / METRICS / "boards.yml", metric())
    assert built(tmp_path / "definitions", tmp_path / "site", "--strict") == ""
    repository = DefinitionRepository(tmp_path / "empty")
    repository.write(f"{METRICS}/boards.yml", metric())
    assert built(repository.root, tmp_path / "site", "--strict") == ""


def test_a_deleted_file_is_not_a_removed_definition(repository: DefinitionRepository, tmp_path: Path) -> None:
    (repository.root / METRICS / "lists.yml").unlink()
    repository.commit("Delete it")
    removed = metric(milestone="17.4", status="removed", milestone_removed="17.5")
    repository.write_and_commit(f"{METRICS}/boards.yml", removed, "Remove it")
    site = tmp_path / "site"
    built(repository.root, site)
    assert entries(site)[:2] == [
        "Removed counts.boards: status, milestone_removed, repair_issue_url",
        "Deleted counts.lists",
    ]
    overview = page(site / "changes/2025-01/index.html").text
    assert "1 removed" in overview
    assert "1 deleted" in overview
