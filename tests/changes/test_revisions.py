"""The editions that git knows."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.changes.compare.check import lifecycle_check
from metrics_dictionary.changes.compare.open_edition import open_both, open_edition
from metrics_dictionary.changes.compare.revision import read_revision
from metrics_dictionary.changes.render.difference import difference
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.validation.rules.registry import rules_of
from metrics_dictionary.validation.rules.rule import Scope
from metrics_dictionary.validation.validate import validate
from tests.changes.repositories import EVENT, LOAVES, METRIC, change, make_repository
from tests.repository import commit, git
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

LIFECYCLE_RULES = rules_of(Scope.COMPARISON)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


def broken_rules(root: Path, against: str) -> list[str]:
    told = validate(root, lifecycle=lifecycle_check(against, lambda _: None)).diagnostics
    return [diagnostic.rule for diagnostic in told if diagnostic.rule in LIFECYCLE_RULES]


def test_a_change_in_the_working_tree_is_compared_with_the_last_commit(root: Path) -> None:
    assert broken_rules(root, "HEAD") == []
    change(root, "number", "string")
    assert broken_rules(root, "HEAD") == ["changed-value-type"]


def test_a_change_in_a_commit_is_compared_with_the_one_before(root: Path) -> None:
    change(root, "number", "string")
    commit(root.parent)
    assert broken_rules(root, "HEAD") == []
    assert broken_rules(root, "HEAD~1") == ["changed-value-type"]


def test_nothing_is_checked_out_and_nothing_is_written(root: Path) -> None:
    before = commit(root.parent)
    change(root, "number", "string")
    status = git(root, "status", "--porcelain")
    broken_rules(root, before)
    open_both("HEAD", "HEAD~1", root)
    assert git(root, "status", "--porcelain") == status
    assert git(root, "rev-parse", "HEAD") == before


def test_a_revision_holds_what_a_folder_of_the_same_files_holds(root: Path) -> None:
    write(root / "product_groups.yml", "---\novens:\n  name: Ovens\n")
    write(root / "instrumentations" / "bakery.yml", "---\nOvensMetric:\n  source: database\n")
    commit(root.parent)
    read, edition = read_dictionary(root).dictionary, read_revision("HEAD", root)
    assert edition.dictionary == read
    assert (edition.diagnostics, edition.unread, edition.remarks) == ((), frozenset(), ())


def test_an_edition_is_read_from_a_root_at_the_top_of_a_repository(tmp_path: Path) -> None:
    write(tmp_path / LOAVES, METRIC)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Bake")
    assert list(read_revision("HEAD", tmp_path).dictionary.expanded) == ["counts.loaves_sold"]


def test_what_others_changed_since_the_branch_began_is_no_change_of_this_branch(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "rolls")
    git(root, "checkout", "-q", "main")
    write(root / "metrics" / "counts_all" / "rolls.yml", METRIC.replace("loaves_sold", "rolls_sold"))
    commit(root.parent)
    git(root, "checkout", "-q", "rolls")
    assert broken_rules(root, "main") == []
    assert [item.names for item in difference(*open_both("main", None, root)).items] == [("counts.rolls_sold",)]


def test_a_moved_file_is_no_change(root: Path) -> None:
    git(root, "mv", LOAVES, "metrics/counts_all/rye.yml")
    commit(root.parent)
    assert difference(*open_both("HEAD~1", "HEAD", root)).items == ()


def test_what_does_not_parse_in_a_revision_is_told_and_the_rest_is_compared(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "broken.yml", "---\nkey_path: *unknown\n")
    change(root, "[user]", "[project]", "events/loaf_sold.yml")
    commit(root.parent)
    (root / "metrics" / "counts_all" / "broken.yml").unlink()
    change(root, "number", "string")
    told = validate(root, lifecycle=lifecycle_check("HEAD", lambda _: None)).diagnostics
    found = {diagnostic.rule: diagnostic for diagnostic in told if diagnostic.rule in LIFECYCLE_RULES}
    assert set(found) == {"unreadable-edition", "changed-value-type"}
    assert "HEAD:definitions/metrics/counts_all/broken.yml:2:11" in found["unreadable-edition"].message


@pytest.mark.usefixtures("root")
def test_a_root_that_a_revision_does_not_have_yet_gives_nothing_to_compare_with(tmp_path: Path) -> None:
    other = tmp_path / "more"
    write(other / LOAVES, METRIC)
    edition = read_revision("HEAD", other)
    assert edition.dictionary.metrics == ()
    assert "has no folder more" in edition.remarks[0]
    assert broken_rules(other, "HEAD") == ["incomplete-comparison"]


@pytest.fixture
def shallow(root: Path, tmp_path: Path) -> Path:
    change(root, "number", "string")
    commit(root.parent)
    change(root, "string", "object")
    commit(root.parent)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{tmp_path}", str(clone))
    return clone / "definitions"


def test_a_shallow_clone_is_compared_as_far_as_it_reaches_and_says_so(shallow: Path) -> None:
    told = validate(shallow, lifecycle=lifecycle_check("HEAD~2", lambda _: None)).diagnostics
    found = {diagnostic.rule: diagnostic.message for diagnostic in told if diagnostic.rule in LIFECYCLE_RULES}
    assert set(found) == {"incomplete-comparison", "changed-value-type"}
    assert "HEAD~2 is not in this shallow clone" in found["incomplete-comparison"]
    name = read_revision("HEAD~2", shallow).name
    assert name == f"the oldest commit here ({git(shallow, 'rev-parse', 'HEAD~1')[:9]})"
    assert "`string` and is `object`" in found["changed-value-type"]


def test_what_a_shallow_clone_has_is_compared_without_a_word(shallow: Path) -> None:
    assert broken_rules(shallow, "HEAD~1") == ["changed-value-type"]


def test_a_commit_that_a_shallow_clone_lacks_is_replaced_by_its_oldest(shallow: Path, root: Path) -> None:
    assert "incomplete-comparison" in broken_rules(shallow, git(root, "rev-parse", "HEAD~2"))


def test_a_branch_that_a_shallow_clone_lacks_has_to_be_fetched(shallow: Path) -> None:
    with pytest.raises(OperationalError, match="shallow clone; fetch it first"):
        read_revision("rolls", shallow)


@pytest.mark.parametrize(
    "revision", ["nope", "", "-x", "--output=x", "HEAD~9", "HEAD:definitions", "a\0b", "main..main"]
)
def test_what_is_no_revision_is_one_line_of_trouble(root: Path, revision: str) -> None:
    with pytest.raises(OperationalError) as trouble:
        open_edition(revision, root)
    assert "\n" not in str(trouble.value)
    assert not (root / "x").exists()


def test_a_folder_outside_any_repository_is_one_line_of_trouble(tmp_path: Path) -> None:
    write(tmp_path / LOAVES, METRIC)
    with pytest.raises(OperationalError, match="not a git repository"):
        open_edition("HEAD", tmp_path)


def test_the_environment_of_a_hook_leads_nowhere_else(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(root, "number", "string")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", "index.lock")
    assert broken_rules(root, "HEAD") == ["changed-value-type"]


def test_without_git_there_is_one_line_of_trouble(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OperationalError, match="git is not installed"):
        open_edition("HEAD", root)


def test_links_and_files_that_are_too_long_are_told_and_not_followed(root: Path) -> None:
    (root / "metrics" / "counts_all" / "link.yml").symlink_to("/etc/passwd")
    write(root / "metrics" / "counts_all" / "long.yml", "# " + "x" * 70_000)
    commit(root.parent)
    edition = read_revision("HEAD", root)
    assert edition.unread == {"metrics/counts_all/link.yml", "metrics/counts_all/long.yml"}
    assert len(edition.diagnostics) == 2


def test_names_of_files_may_hold_anything(root: Path) -> None:
    write(root / "metrics" / "counts_all" / "a\tb\nü 'x'.yml", METRIC.replace("loaves_sold", "odd"))
    commit(root.parent)
    assert sorted(read_revision("HEAD", root).dictionary.expanded) == ["counts.loaves_sold", "counts.odd"]


def test_unchanged_files_are_neither_fetched_nor_parsed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root / "metrics" / "counts_all" / "rolls.yml", METRIC.replace("loaves_sold", "rolls_sold"))
    commit(root.parent)
    change(root, "number", "string")
    asked: list[str] = []
    run = subprocess.run

    def watched(command: list[str], **options: object) -> object:
        asked.append(str(options.get("input")))
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", watched)
    documents = read_dictionary(root).documents
    edition = open_edition("HEAD", root, documents=documents)
    assert sum(line.count("\\n") for line in asked) == 1
    assert {metric.value_type for metric in edition.dictionary.metrics} == {"number"}


def test_an_event_file_of_a_revision_is_read(root: Path) -> None:
    (root / "events" / "loaf_sold.yml").unlink()
    assert broken_rules(root, "HEAD") == ["deleted-definition"]
    write(root / "events" / "loaf.yml", EVENT)
    assert broken_rules(root, "HEAD") == []
