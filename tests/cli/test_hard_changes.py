"""Changes of definitions that are hard or wrong: what `new`, `deprecate` and `rename-group` write, or refuse to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.program import run
from tests.small_root import EVENT, METRIC, change, write, write_boards

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

BOARDS = "metrics/counts_all/boards.yml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_boards(tmp_path / "definitions")


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*.yml")}


def refused(root: Path, *arguments: str) -> str:
    """Run a command that has to change nothing; return its complaint."""
    before = files(root)
    done = run(*arguments, "--definitions", root)
    assert (done.returncode, done.stdout) == (2, "")
    assert files(root) == before
    return done.stderr


def deprecate(name: str) -> tuple[str, ...]:
    return ("deprecate", name, "--milestone", "18.7", "--url", "https://example.com/8")


def new_metric(*options: str) -> tuple[str, ...]:
    given = {"--event": "create_board", "--description": "Boards that somebody made.", "--milestone": "18.1"}
    given |= {"--url": "https://example.com/7", **dict(zip(options[::2], options[1::2], strict=True))}
    return ("new", "metric", *(part for pair in given.items() for part in pair), "--yes")


def test_a_name_that_nothing_has_is_not_marked_as_removed(root: Path) -> None:
    assert "no metric or event is called `counts.bords`; did you mean" in refused(root, *deprecate("counts.bords"))
    assert "`export` lists all metrics" in refused(root, *deprecate("zzz"))


def test_fields_in_brackets_are_to_be_formatted_before_a_removal(root: Path) -> None:
    write(root / BOARDS, json.dumps(yaml.safe_load(METRIC)))
    assert "boards.yml: the fields are not on lines of their own; run `fmt` on it first" in refused(
        root, *deprecate("counts.boards")
    )


@pytest.mark.parametrize("style", ["|-", ">-"])
def test_a_removal_follows_a_value_on_lines_of_its_own(root: Path, style: str) -> None:
    change(root / BOARDS, "introduced_by_url: ", f"introduced_by_url: {style}\n  ")
    before = yaml.safe_load((root / BOARDS).read_text())
    assert before == yaml.safe_load(METRIC)
    assert run(*deprecate("counts.boards"), "--definitions", root).returncode == 0
    removal = {"status": "removed", "milestone_removed": "18.7", "removed_by_url": "https://example.com/8"}
    assert yaml.safe_load((root / BOARDS).read_text()) == before | removal


def test_groups_are_renamed_in_a_list_and_in_an_enumeration_too(root: Path) -> None:
    for groups in (["planning", "ovens"], {"type": "string", "enum": ["planning", "ovens"]}):
        write(root / "product_groups.yml", groups)
        done = run("rename-group", "planning", "boards", "--definitions", root)
        assert (done.returncode, done.stderr) == (0, "")
        renamed = yaml.safe_load((root / "product_groups.yml").read_text())
        assert (renamed if isinstance(renamed, list) else renamed["enum"]) == ["boards", "ovens"]
        assert yaml.safe_load((root / BOARDS).read_text())["product_group"] == "boards"
        write_boards(root)


def test_a_group_is_not_renamed_while_its_files_cannot_be_read(root: Path) -> None:
    write(root / "product_groups.yml", "planning: [\n")
    assert "product_groups.yml: " in refused(root, "rename-group", "planning", "boards")
    write_boards(root)
    write(root / "events/broken.yml", "product_group: planning\naction: [\n")
    said = refused(root, "rename-group", "planning", "boards")
    assert "broken.yml: " in said
    assert "fix that first, no file was changed" in said


def test_a_metric_does_not_count_a_removed_event(root: Path) -> None:
    change(root / "events/create_board.yml", "tiers", "status: removed\ntiers")
    assert "'create_board' is removed and is no longer recorded" in refused(root, *new_metric())


@pytest.mark.parametrize("value", ["many", "'1", "true"])
def test_what_the_property_value_is_filtered_by_is_a_number(root: Path, value: str) -> None:
    write(root / "events/create_board.yml", EVENT.replace("label:", "value: {description: How many.}\n  label:"))
    assert "The property value is a number." in refused(root, *new_metric("--filter", f"value={value}"))


def test_a_new_definition_does_not_take_the_place_of_a_file(root: Path) -> None:
    write(root / "metrics/counts_all/count_total_create_board.yml", "# Somebody's notes.\n")
    assert "already exists" in refused(root, *new_metric("--key-path", "counts.count_total_create_board"))


def test_who_reads_a_difference_is_told_who_is_affected(root: Path, tmp_path: Path) -> None:
    old = write_boards(tmp_path / "old" / "definitions")
    change(root / "events/create_board.yml", "identifiers: [user, project]", "identifiers: [user]")
    change(root / BOARDS, "- name: create_board", "- name: create_board\n  unique: user.id")
    change(root / BOARDS, "[7d, all]", "[7d]")
    change(old / BOARDS, "- name: create_board", "- name: create_board\n  unique: project.id")
    change(old / BOARDS, "[7d, all]", "[7d]")

    def said(*options: str) -> subprocess.CompletedProcess[str]:
        return run("diff", old, *options, "--definitions", root)

    assert "affects counts.boards_weekly" in said().stdout
    assert "affects `counts.boards_weekly`" in said("--format", "markdown").stdout
