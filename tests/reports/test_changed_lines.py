"""Changed lines, asked of real repositories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related, Severity
from metrics_dictionary.reports.changed_lines import ChangedLines, changed_lines
from metrics_dictionary.tools.errors import OperationalError
from tests.repository import commit, git

if TYPE_CHECKING:
    from pathlib import Path

TEN = "".join(f"line {number}\n" for number in range(1, 11))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository whose main branch has one file of ten lines, with a branch of its own checked out."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "-q")
    (work / "a.yml").write_text(TEN)
    commit(work)
    git(work, "checkout", "-q", "-b", "topic")
    return work


def at(file: Path, line: int, path: str = "$.x", rule: str = "schema", *related: Related) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, "wrong", str(file), line, 1, path, related=related)


def concerned(changed: ChangedLines, file: Path, lines: int = 10) -> list[int]:
    return [line for line in range(1, lines + 1) if changed.concern(at(file, line))]


def test_a_committed_and_an_uncommitted_change_count(work: Path) -> None:
    (work / "a.yml").write_text(TEN.replace("line 3", "three"))
    commit(work)
    (work / "a.yml").write_text(TEN.replace("line 3", "three").replace("line 7", "seven"))
    assert concerned(changed_lines([work], None), work / "a.yml") == [3, 7]


def test_what_the_main_branch_changed_meanwhile_does_not_count(work: Path) -> None:
    git(work, "checkout", "-q", "main")
    (work / "a.yml").write_text(TEN.replace("line 1\n", "one\n"))
    commit(work)
    git(work, "checkout", "-q", "topic")
    assert concerned(changed_lines([work], "main"), work / "a.yml") == []


def test_a_revision_may_be_named(work: Path) -> None:
    (work / "a.yml").write_text(TEN.replace("line 3", "three"))
    commit(work)
    (work / "a.yml").write_text(TEN.replace("line 3", "three").replace("line 7", "seven"))
    commit(work)
    assert concerned(changed_lines([work], "HEAD~1"), work / "a.yml") == [7]


def test_lines_beside_a_gap_are_changed(work: Path) -> None:
    (work / "a.yml").write_text(TEN.replace("line 5\n", ""))
    assert concerned(changed_lines([work], None), work / "a.yml") == [4, 5]


def test_every_line_of_a_new_file_is_changed_whether_git_keeps_it_or_not(work: Path) -> None:
    for name in ("untracked.yml", "ignored.yml", "added.yml"):
        (work / name).write_text("a\nb\n")
    (work / ".gitignore").write_text("ignored.yml\n")
    git(work, "add", "added.yml")
    changed = changed_lines([work], None)
    for name in ("untracked.yml", "ignored.yml", "added.yml"):
        assert concerned(changed, work / name, 2) == [1, 2]


def test_a_file_that_was_only_moved_has_not_changed(work: Path) -> None:
    git(work, "mv", "a.yml", "b.yml")
    assert concerned(changed_lines([work], None), work / "b.yml") == []


def test_a_moved_file_has_changed_where_it_was_edited(work: Path) -> None:
    git(work, "mv", "a.yml", "b.yml")
    (work / "b.yml").write_text(TEN.replace("line 3", "three"))
    assert concerned(changed_lines([work], None), work / "b.yml") == [3]


@pytest.mark.parametrize("name", ["ä ö.yml", 'quo"te.yml', "tab\there.yml", "back\\slash.yml", "b/+++ b.yml"])
def test_a_file_may_have_any_name(work: Path, name: str) -> None:
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).write_text(TEN)
    commit(work)
    (work / name).write_text(TEN.replace("line 3", "three"))
    assert concerned(changed_lines([work], "HEAD"), work / name) == [3]


def test_a_changed_line_that_looks_like_a_heading_is_none(work: Path) -> None:
    (work / "a.yml").write_text(TEN.replace("line 3\n", "++ b/x.yml\n@@ -1 +99 @@\n-- a\n"))
    assert concerned(changed_lines([work], None), work / "a.yml", 99) == [3, 4, 5]


def test_settings_of_the_repository_do_not_change_what_is_read(work: Path) -> None:
    for setting in ("diff.noprefix=true", "color.diff=always", "diff.external=false", "diff.context=9"):
        git(work, "config", *setting.split("="))
    (work / "a.yml").write_text(TEN.replace("line 3", "three"))
    assert concerned(changed_lines([work], None), work / "a.yml") == [3]


def test_a_finding_about_a_whole_file_or_about_its_yaml_concerns_any_change_of_it(work: Path) -> None:
    changed = changed_lines([work], None)
    (work / "a.yml").write_text(TEN.replace("line 3", "three"))
    after = changed_lines([work], None)
    for finding in (at(work / "a.yml", 1, "$"), at(work / "a.yml", 9, "$.x", "yaml-syntax")):
        assert (changed.concern(finding), after.concern(finding)) == (False, True)


def test_a_finding_about_a_field_that_is_gone_concerns_any_change_of_the_file(work: Path) -> None:
    (work / "a.yml").write_text(TEN.replace("line 9\n", ""))
    status = at(work / "a.yml", 2, "$.status", "lifecycle-fields")
    changed = changed_lines([work], None)
    assert changed.concern(replace(status, missing=("$.removed_by_url",)))
    assert not changed.concern(replace(status, missing=("$.events[0].name",)))
    assert not changed.concern(status)


def test_a_finding_with_two_places_is_told_when_the_second_one_changed(work: Path) -> None:
    (work / "b.yml").write_text(TEN)
    commit(work)
    (work / "b.yml").write_text(TEN.replace("line 3", "three"))
    changed = changed_lines([work], "HEAD")
    assert changed.concern(at(work / "a.yml", 1, "$.x", "schema", Related(str(work / "b.yml"), 3, 1, "")))
    assert not changed.concern(at(work / "a.yml", 1, "$.x", "schema", Related(str(work / "b.yml"), 4, 1, "")))


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.yml").write_text("a\nb\n")
    git(tmp_path, "add", "a.yml")
    assert concerned(changed_lines([tmp_path], None), tmp_path / "a.yml", 2) == [1, 2]


def test_without_a_main_branch_everything_counts_and_it_is_said(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "other")
    (tmp_path / "a.yml").write_text(TEN)
    commit(tmp_path)
    changed = changed_lines([tmp_path], None)
    assert concerned(changed, tmp_path / "a.yml", 2) == [1, 2]
    assert changed.limits == ("there is no main branch to compare with, so findings on all lines are shown",)


def test_a_shallow_clone_says_what_it_could_not_do(work: Path, tmp_path: Path) -> None:
    (work / "a.yml").write_text(TEN.replace("line 3", "three"))
    commit(work)
    git(work, "checkout", "-q", "main")
    (work / "a.yml").write_text(TEN.replace("line 7", "seven"))
    commit(work)
    clone = tmp_path / "clone"
    git(
        tmp_path, "clone", "-q", "--depth", "1", "--branch", "topic", "--no-single-branch", f"file://{work}", str(clone)
    )
    changed = changed_lines([clone], "origin/main")
    assert concerned(changed, clone / "a.yml") == [3, 7]
    assert "shallow" in changed.limits[0]
    with pytest.raises(OperationalError, match=r"no commit is called HEAD~1 \(this clone is shallow"):
        changed_lines([clone], "HEAD~1")


@pytest.mark.parametrize("revision", ["nope", "--output=x", "a b", "HEAD^{tree}:"])
def test_an_unknown_revision_is_one_clear_error(work: Path, revision: str) -> None:
    with pytest.raises(OperationalError, match="no commit is called"):
        changed_lines([work], revision)
    assert not (work / "x").exists()


def test_a_folder_outside_of_any_repository_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="git cannot say which lines changed: not a git repository"):
        changed_lines([tmp_path], None)


def test_a_repository_that_has_lost_a_file_is_one_clear_error(work: Path) -> None:
    lost = git(work, "rev-parse", "HEAD:a.yml")
    (work / ".git/objects" / lost[:2] / lost[2:]).unlink()
    (work / "a.yml").write_text(f"first: 1\n{TEN}")
    with pytest.raises(OperationalError, match=f"git diff failed: .*{lost}"):
        changed_lines([work], None)


def test_a_machine_without_git_is_one_clear_error(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OperationalError, match="git is not installed"):
        changed_lines([work], None)
