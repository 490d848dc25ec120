"""Conflicts that git itself makes; ``git diff --check`` says where their markers are."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.validation.validate import validate
from tests.repository import ENVIRONMENT, commit, git
from tests.small_root import METRIC, write, write_boards

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = '"Issue boards\n  of all projects\n  archived ones included."'
QUOTED = re.sub(r"(?<=description: ).*", DESCRIPTION, METRIC)

CHANGES = {
    "a field": (METRIC, 'milestone: "16.10"', 'milestone: "16.9"', 'milestone: "16.11"'),
    "the first line": (METRIC, "---\nkey_path: counts.boards", "key_path: counts.a", "key_path: counts.b"),
    "the last line": (METRIC, "- name: create_board\n", "- name: make_board\n", "- name: open_board\n"),
    "a string in quotes": (QUOTED, "of all projects", "of all groups", "of some projects"),
    "a deletion": (METRIC, "tiers: [free]\n", "", "tiers: [premium]\n"),
    "a JSON Schema": ('{\n"type": "object"\n}\n', '"object"', '"string"', '"number"'),
}


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_with_a_conflict_has_one_finding_at_the_first_marker(
    change: str, line_break: str, style: str, tmp_path: Path
) -> None:
    root = write_boards(tmp_path / "definitions")
    before, old, *sides = (text.replace("\n", line_break) for text in CHANGES[change])
    name = "object_schemas/board.json" if "JSON" in change else "metrics/counts_all/boards.yml"
    markers = markers_of_git(root, name, before, [before.replace(old, side) for side in sides], style)
    assert len(markers) >= 3

    told = [one for one in validate(root).diagnostics if one.file.endswith(name)]
    assert [(one.rule, one.severity, one.line, one.column) for one in told] == [
        ("merge-conflict", "error", markers[0], 1)
    ]
    assert told[0].message.endswith(f" and {len(markers) - 1} more")


@pytest.mark.parametrize("left", ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"])
def test_a_single_marker_that_was_forgotten_is_told(left: str, tmp_path: Path) -> None:
    root = write_boards(tmp_path)
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC.replace("tiers:", f"{left}\ntiers:"))
    told = [one for one in validate(root).diagnostics if one.file.endswith("boards.yml")]
    assert [(one.rule, one.message) for one in told] == [
        ("merge-conflict", f"the file has the merge-conflict marker `{left}`")
    ]


def markers_of_git(root: Path, name: str, before: str, sides: list[str], style: str) -> list[int]:
    """Merge two changes of a file and return the lines on which git sees a marker that was left."""
    git(root, "init", "--quiet")
    git(root, "config", "core.autocrlf", "false")
    git(root, "config", "core.whitespace", "cr-at-eol")
    write(root / name, before)
    base = commit(root)
    write(root / name, sides[0])
    commit(root)
    git(root, "checkout", "--quiet", "-b", "other", base)
    write(root / name, sides[1])
    commit(root)
    merge = ["git", "-C", str(root), "-c", f"merge.conflictStyle={style}", "merge", "--quiet", "main"]
    assert subprocess.run(merge, env=ENVIRONMENT, capture_output=True, check=False).returncode == 1
    # Without a second side, git compares the whole file.
    check = ["git", "-C", str(root), "diff", "--check", "HEAD", "--", name]
    printed = subprocess.run(check, env=ENVIRONMENT, capture_output=True, text=True, check=False).stdout
    return [int(found[1]) for found in re.finditer(r":(\d+): leftover conflict marker", printed)]
