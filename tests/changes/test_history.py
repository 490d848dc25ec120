"""The history of definitions, as git has recorded it."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.changes.history.log import MAX_SUBJECT_LENGTH
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import MAX_DEFINITION_BYTES
from tests.changes.definition_repository import DefinitionRepository, read_history, told
from tests.repository import ENVIRONMENT
from tests.small_root import metric

if TYPE_CHECKING:
    from pathlib import Path

BOARDS = "metrics/counts_all/boards.yml"
BOARDS_PATH = f"definitions/{BOARDS}"
HOSTILE = "<script>alert(1)</script> \"'> {{ 7*7 }} \u202e \x1b[31m \x01 :100644 100644 deadbeef deadbeef M"


@pytest.fixture
def repository(tmp_path: Path) -> DefinitionRepository:
    return DefinitionRepository(tmp_path / "project")


def test_each_field_that_a_commit_changed_is_told_with_its_values(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric(), "Count boards")
    repository.write_and_commit(
        BOARDS, metric(status="broken", product_categories=["boards"], product_group=None), "Break it"
    )
    changed, added = repository.history().changes
    assert told(repository.history()) == [
        ("changed", "counts.boards", {"product_group": ("planning", None), "status": ("active", "broken"),
                                      "product_categories": (None, ["boards"])}),
        ("added", "counts.boards", {}),
    ]  # fmt: skip
    assert (changed.commit.subject, added.commit.subject) == ("Break it", "Count boards")
    assert changed.commit.when == datetime(2025, 1, 2, 12, tzinfo=UTC)
    assert (changed.kind, changed.file_path, added.product_group) == (Kind.METRIC, BOARDS_PATH, "planning")


def test_events_have_a_history_too_and_other_files_have_none(repository: DefinitionRepository) -> None:
    repository.write("events/open_board.yml", {"action": "open_board", "description": "Somebody opens a board."})
    repository.write("instrumentations/boards.yml", {"CountBoards": {"source": "database"}})
    repository.write("metrics/counts_all/README.md", "Counts of everything.")
    repository.commit()
    (change,) = repository.history().changes
    assert (change.kind, change.name) == (Kind.EVENT, "open_board")


def test_what_only_looks_different_is_no_change(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, "---\nkey_path: counts.boards\ndescription: All boards.\nmilestone: '16.1'\n")
    text = '# Why this is here.\nmilestone: "16.1"\ndescription: >-\n  All\n  boards.\n\nkey_path:   counts.boards\n'
    repository.write_and_commit(BOARDS, text)
    assert [change.type for change in repository.history().changes] == ["added"]


def test_true_is_not_one(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, "key_path: counts.boards\noptions: 1\n")
    repository.write_and_commit(BOARDS, "key_path: counts.boards\noptions: true\n")
    assert told(repository.history())[0][2] == {"options": (1, True)}


def test_a_field_whose_text_is_no_yaml_is_told_as_written(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, "key_path: counts.boards\ndescription: [All boards\n")
    repository.write_and_commit(BOARDS, metric(description="Boards in all projects and groups."))
    assert told(repository.history())[0][2]["description"] == ("[All boards", "Boards in all projects and groups.")


def test_a_definition_in_braces_is_compared_like_any_other(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, '{"key_path": "counts.boards", "status": "active", "milestone": "16.1"}')
    repository.write_and_commit(BOARDS, "key_path: counts.boards\nstatus: broken\nmilestone: '16.1'\n")
    assert told(repository.history())[0] == ("changed", "counts.boards", {"status": ("active", "broken")})


@pytest.mark.parametrize("fields", [{}, {"status": "broken"}], ids=["as it is", "and changes"])
def test_a_definition_that_a_commit_moves_keeps_its_history(
    repository: DefinitionRepository, fields: dict[str, object]
) -> None:
    repository.write("metrics/counts_all/others.yml", metric(key_path="counts.others"))
    repository.write_and_commit("metrics/old/boards.yml", metric(description="Boards of all kinds there are."))
    repository.write_and_commit("metrics/old/boards.yml", metric())
    repository.git("rm", "--quiet", "definitions/metrics/old/boards.yml", "definitions/metrics/counts_all/others.yml")
    repository.write_and_commit(BOARDS, metric(**fields), "Move it, and delete another")
    history = repository.history()
    outcomes = [change.type.value for change in history.by_file[BOARDS_PATH]]
    assert outcomes == [*(["changed"] if fields else []), "changed", "added"]
    assert [change.type.value for change in history.by_file["definitions/metrics/counts_all/others.yml"]] == [
        "deleted",
        "added",
    ]


def test_a_name_that_changes_in_place_is_a_change_of_the_same_definition(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric())
    repository.write_and_commit(BOARDS, metric(key_path="counts.all_boards"))
    assert told(repository.history())[0] == (
        "changed",
        "counts.all_boards",
        {"key_path": ("counts.boards", "counts.all_boards")},
    )


def test_a_deleted_definition_is_told_by_the_name_that_it_had(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric())
    (repository.root / BOARDS).unlink()
    repository.commit("Forget boards")
    removed = repository.history().changes[0]
    assert (removed.type, removed.name, removed.product_group, removed.fields) == (
        "deleted",
        "counts.boards",
        "planning",
        (),
    )


def test_a_definition_whose_status_turns_to_removed_counts_as_removed(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric())
    repository.write_and_commit(BOARDS, metric(status="removed", milestone_removed="16.9"))
    assert told(repository.history())[0] == (
        "removed",
        "counts.boards",
        {"status": ("active", "removed"), "milestone_removed": (None, "16.9")},
    )


def test_what_a_merge_brings_together_is_told_once_and_by_the_commits_that_wrote_it(
    repository: DefinitionRepository,
) -> None:
    repository.write_and_commit(BOARDS, metric(tiers=["free"], time_frame="all"))
    repository.git("checkout", "--quiet", "-b", "side")
    repository.write_and_commit(BOARDS, metric(tiers=["premium"], time_frame="all"), "On the side")
    repository.git("checkout", "--quiet", "main")
    repository.write_and_commit(BOARDS, metric(tiers=["free"], time_frame="all", status="broken"), "On main")
    repository.git("merge", "--quiet", "--no-commit", "-X", "ours", "side")
    merged = metric(tiers=["premium"], time_frame="7d", status="broken")
    repository.write_and_commit(BOARDS, merged, "Merge, and change one thing more")
    found = {change.commit.subject: change.fields for change in repository.history().changes}
    assert {subject: [one.field for one in fields] for subject, fields in found.items()} == {
        "Merge, and change one thing more": ["time_frame"],
        "On main": ["status"],
        "On the side": ["tiers"],
        "Say it better": [],
    }


def test_a_clean_merge_changes_nothing_itself(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric())
    repository.git("checkout", "--quiet", "-b", "side")
    repository.write_and_commit("metrics/counts_all/other.yml", metric(key_path="counts.other"), "On the side")
    repository.git("checkout", "--quiet", "main")
    repository.write_and_commit(BOARDS, metric(status="broken"), "On main")
    repository.git("merge", "--quiet", "--no-edit", "side")
    subjects = [change.commit.subject for change in repository.history().changes]
    assert sorted(subjects) == ["On main", "On the side", "Say it better"]


def test_where_a_shallow_clone_is_cut_off_nothing_was_added(repository: DefinitionRepository, tmp_path: Path) -> None:
    repository.write_and_commit(BOARDS, metric())
    repository.write_and_commit(BOARDS, metric(status="broken"))
    repository.write_and_commit(BOARDS, metric(status="broken", product_categories=["boards"]))
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=2", repository.folder.as_uri(), str(clone)], env=ENVIRONMENT, check=True
    )
    history = read_history(clone / "definitions")
    assert history is not None
    assert told(history) == [("changed", "counts.boards", {"product_categories": (None, ["boards"])})]
    assert not history.complete
    since = history.since(BOARDS_PATH, "status", "broken")
    assert since is not None
    assert (since.commit.when.date().isoformat(), since.at_least) == ("2025-01-02", True)
    assert history.since(BOARDS_PATH, "product_categories", ["boards"]) == (history.changes[0].commit, False)
    assert repository.history().complete


def test_a_partial_clone_fetches_nothing_and_says_that_it_is_not_complete(
    repository: DefinitionRepository, tmp_path: Path
) -> None:
    repository.write_and_commit(BOARDS, metric())
    repository.write_and_commit(BOARDS, metric(status="broken"))
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    command = ["git", "clone", "--quiet", "--filter=blob:none", repository.folder.as_uri(), str(clone)]
    subprocess.run(command, env=ENVIRONMENT, check=True)
    before = sorted(path.name for path in (clone / ".git/objects").rglob("*.pack"))
    history = read_history(clone / "definitions")
    assert history is not None
    assert not history.complete
    assert sorted(path.name for path in (clone / ".git/objects").rglob("*.pack")) == before


def test_no_message_and_no_file_name_can_pass_for_something_else(repository: DefinitionRepository) -> None:
    names = ['a"b\\.yml', "tab\there.yml", "line\nbreak.yml", ":100644 x.yml", "a" * 40 + ".yml", "ü 🦊.yml"]
    for number, name in enumerate(names):
        repository.write(f"metrics/counts_all/{name}", metric(key_path=f"counts.m{number}"))
    repository.commit(f"{HOSTILE}\n\n:100644 100644 0000 0000 A\n\nbody")
    for number, name in enumerate(names):
        repository.write(f"metrics/counts_all/{name}", metric(key_path=f"counts.m{number}", status="broken"))
    repository.commit("a" * 40)
    history = repository.history()
    assert {change.name for change in history.changes} == {f"counts.m{number}" for number in range(len(names))}
    assert len(history.changes) == 2 * len(names)
    assert history.changes[0].commit.subject == "a" * 40
    assert {change.file_path for change in history.changes} == {f"definitions/metrics/counts_all/{n}" for n in names}
    shown = history.changes[-1].commit.subject
    assert shown.startswith("<script>alert(1)</script>")
    assert "\x1b" not in shown
    assert "\x01" not in shown


def test_a_long_first_line_of_a_message_is_cut(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric(), "word " * 1000)
    assert len(repository.history().changes[0].commit.subject) == MAX_SUBJECT_LENGTH


def test_a_commit_from_a_time_that_no_calendar_has_is_read(repository: DefinitionRepository) -> None:
    repository.write(BOARDS, metric())
    repository.git("add", "--all")
    tree = repository.git("write-tree").strip()
    content = f"tree {tree}\nauthor A <a@b> 99999999999999 +0000\ncommitter A <a@b> 99999999999999 +0000\n\nLate\n"
    file = repository.folder / "commit"
    file.write_text(content)
    commit = repository.git("hash-object", "-t", "commit", "-w", "--literally", str(file)).strip()
    repository.git("update-ref", "refs/heads/main", commit)
    assert repository.history().changes[0].commit.when.year in (1970, 9999)


def test_the_number_of_processes_does_not_grow_with_the_history(
    repository: DefinitionRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    plain = subprocess.Popen

    class Counted(plain):  # type: ignore[misc, valid-type]
        def __init__(self, arguments: object, **options: object) -> None:
            started.append(arguments)
            super().__init__(arguments, **options)

    counts = []
    for number in range(30):
        repository.write_and_commit(f"metrics/counts_all/{number}.yml", metric(key_path=f"counts.m{number}"))
        if number in (1, 29):
            with monkeypatch.context() as patch:
                patch.setattr(subprocess, "Popen", Counted)
                started.clear()
                assert len(repository.history().changes) == number + 1
                counts.append(len(started))
    assert counts[0] == counts[1] == 5


def test_a_commit_is_in_the_milestone_that_its_definitions_name_or_that_of_the_commit_before(
    repository: DefinitionRepository,
) -> None:
    repository.write("metrics/counts_all/old.yml", metric(key_path="counts.old", milestone="<13.9"))
    repository.write_and_commit(BOARDS, metric(milestone="16.9"), "Add")
    repository.write_and_commit(BOARDS, metric(milestone="16.9", tiers=["free"]), "Change")
    repository.write_and_commit("metrics/counts_all/new.yml", metric(key_path="counts.new", milestone="16.10"), "Next")
    removed = metric(milestone="16.9", tiers=["free"], status="removed", milestone_removed="17.0")
    repository.write_and_commit(BOARDS, removed, "Remove")
    found = {change.commit.subject: change.commit.milestone for change in repository.history().changes}
    # What the first commit brings is of all milestones.
    assert found == {"Add": None, "Change": "16.9", "Next": "16.10", "Remove": "17.0"}


def test_since_when_a_field_has_its_value_is_known(repository: DefinitionRepository) -> None:
    repository.write_and_commit(BOARDS, metric(), "Add")
    repository.write_and_commit(BOARDS, metric(status="broken"), "Break")
    repository.write_and_commit(BOARDS, metric(status="broken", tiers=["free"]), "Something else")
    history = repository.history()
    since = history.since(BOARDS_PATH, "status", "broken")
    assert since is not None
    assert (since.commit.subject, since.at_least) == ("Break", False)
    from_the_start = history.since(BOARDS_PATH, "product_group", "planning")
    assert from_the_start is not None
    assert (from_the_start.commit.subject, from_the_start.at_least) == ("Add", True)
    assert history.since(BOARDS_PATH, "status", "a value that nobody committed") is None


def test_a_root_below_other_folders_knows_its_place_in_the_repository(tmp_path: Path) -> None:
    repository = DefinitionRepository(tmp_path / "project", root="ee/config")
    repository.write_and_commit(BOARDS, metric())
    (repository.folder / "config/metrics").mkdir(parents=True)
    (repository.folder / "config/metrics/x.yml").write_text("key_path: counts.x\n")
    repository.commit()
    history = repository.history()
    assert history.prefix == "ee/"
    assert [change.file_path for change in history.changes] == [f"config/{BOARDS}"]


def test_a_root_that_is_the_repository_itself_has_a_history(tmp_path: Path) -> None:
    repository = DefinitionRepository(tmp_path / "config", root=".")
    repository.write_and_commit(BOARDS, metric())
    assert [change.file_path for change in repository.history().changes] == [f"config/{BOARDS}"]
    assert repository.history().prefix == ""


def test_a_file_that_is_too_large_for_a_definition_is_left_out(repository: DefinitionRepository) -> None:
    repository.write("metrics/counts_all/large.yml", metric(key_path="counts.large", note="x" * MAX_DEFINITION_BYTES))
    repository.write_and_commit(BOARDS, metric())
    assert [change.name for change in repository.history().changes] == ["counts.boards"]


def test_nothing_that_the_repository_configures_is_run(repository: DefinitionRepository, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f'#!/bin/sh\ntouch {ran}\ncat "$1"\n')
    script.chmod(0o755)
    repository.write(BOARDS, metric())
    (repository.folder / ".gitattributes").write_text("*.yml diff=spy\n")
    repository.commit()
    repository.write_and_commit(BOARDS, metric(status="broken"))
    for name in ("diff.external", "diff.spy.textconv", "diff.spy.command", "core.fsmonitor", "core.pager"):
        repository.git("config", name, str(script))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "gpg.program", str(script))
    repository.git("config", "diff.renames", "copies")
    repository.git("config", "diff.relative", "true")
    assert len(repository.history().changes) == 2
    assert not ran.exists()


def test_variables_that_lead_git_elsewhere_are_not_followed(
    repository: DefinitionRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write_and_commit(BOARDS, metric())
    other = DefinitionRepository(tmp_path / "other")
    other.write_and_commit("metrics/counts_all/other.yml", metric(key_path="counts.other"))
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    assert [change.name for change in repository.history().changes] == ["counts.boards"]


def test_without_a_repository_there_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "definitions/metrics").mkdir(parents=True)
    assert read_history(tmp_path / "definitions") is None


@pytest.mark.parametrize("trouble", ["no commit", "not tracked", "no git", "damaged"])
def test_a_repository_that_tells_nothing_gives_no_history(
    repository: DefinitionRepository, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    repository.write(BOARDS, metric())
    if trouble == "not tracked":
        (repository.folder / ".gitignore").write_text("definitions\n")
    if trouble != "no commit":
        repository.commit()
    if trouble == "no git":
        monkeypatch.setenv("PATH", os.devnull)
    if trouble == "damaged":
        shutil.rmtree(repository.folder / ".git/objects")
    assert read_history(repository.root) is None


def test_a_repository_is_found_from_a_root_that_a_link_leads_to(
    repository: DefinitionRepository, tmp_path: Path
) -> None:
    repository.write_and_commit(BOARDS, metric())
    link = tmp_path / "link"
    link.symlink_to(repository.root)
    history = read_history(link)
    assert history is not None
    assert history.changes[0].file_path == BOARDS_PATH
    assert read_history(tmp_path) is None
