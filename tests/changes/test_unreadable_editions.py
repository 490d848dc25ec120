"""What the commands say, and how they end, when a file of an edition cannot be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.changes.repositories import EVENT, LOAVES, METRIC, change, make_repository
from tests.program import run
from tests.repository import commit, git
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

ROLLS = "metrics/counts_all/rolls_sold.yml"
UNREADABLE = {
    "brackets": METRIC.replace("[free]", "[free"),
    "list": "- key_path: counts.rolls_sold\n",
    "empty": "",
    "nameless": METRIC.replace("key_path: counts.loaves_sold\n", ""),
}


@pytest.fixture(params=UNREADABLE)
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A repository whose first commit has a metric that cannot be read, and whose second has mended it."""
    root = make_repository(tmp_path / "bakery")
    write(root / ROLLS, UNREADABLE[request.param])
    commit(root.parent, "Break it")
    write(root / ROLLS, METRIC.replace("loaves", "rolls"))
    commit(root.parent, "Mend it")
    return root


def test_diff_and_changelog_do_not_say_that_nothing_breaks(root: Path) -> None:
    for arguments in (("diff", "HEAD~1"), ("diff", "HEAD", "HEAD~1"), ("diff", "HEAD~1", "HEAD", "--format=markdown")):
        done = run(*arguments, "--definitions", root)
        assert done.returncode == 1, arguments
        assert "nothing breaking" not in done.stdout.lower()
        assert "1 file cannot be read" in done.stdout
        assert "counts.rolls_sold" not in done.stdout  # neither added nor deleted: it may have been there
    notes = run("changelog", "--since", "HEAD~1", "--definitions", root)
    assert notes.returncode == 1
    assert "Nothing changed" not in notes.stdout
    assert "1 file cannot be read" in notes.stdout
    assert "1 file cannot be read" in notes.stderr


def test_json_counts_the_files_that_cannot_be_read(root: Path) -> None:
    done = run("diff", "HEAD~1", "--format", "json", "--definitions", root)
    assert json.loads(done.stdout)["summary"]["unread"] == 1


def test_a_check_against_it_fails(root: Path) -> None:
    done = run("validate", root, "--against", "HEAD~1", "--format", "json")
    findings = json.loads(done.stdout)["findings"]
    assert [one["severity"] for one in findings if one["rule"] == "unreadable-edition"] == ["error"]
    assert done.returncode == 1


def test_a_combined_file_without_paths_does_not_make_an_unread_definition_deleted(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "bakery")
    export = tmp_path / "old.yml"
    export.write_text(run("export", "--definitions", root).stdout, encoding="utf-8")
    write(root / LOAVES, UNREADABLE["brackets"])
    done = run("diff", export, root)
    assert done.returncode == 1
    assert "deleted" not in done.stdout


@pytest.mark.parametrize("entry", ["key_path: [a]", "key_path: ''", "action: 5"])
def test_an_entry_without_a_name_makes_no_combined_file(tmp_path: Path, entry: str) -> None:
    root = make_repository(tmp_path / "bakery")
    export = tmp_path / "old.yml"
    export.write_text(f"- {entry}\n", encoding="utf-8")
    done = run("diff", export, root)
    assert (done.returncode, done.stdout) == (2, "")


GROUPS = 'ovens:\n  name: Ovens\n  contact: "#g_ovens"\ntill:\n  name: Till\n'


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """A root of fifty metrics and an event in which ``rename-group`` has given their owner another identifier."""
    root = make_repository(tmp_path / "bakery")
    write(root / "product_groups.yml", GROUPS)
    for number in range(49):
        text = METRIC.replace("loaves_sold", f"loaves_sold_{number}")
        indicator = "performance_indicator_type: [gmau]\n" if number == 7 else ""
        write(root / f"metrics/counts_all/loaves_sold_{number}.yml", text + indicator)
    commit(root.parent)
    assert run("rename-group", "ovens", "bakers", "--definitions", root).returncode == 0
    assert git(root, "diff", "--stat").splitlines()[-1].strip().startswith("52 files changed")
    return root


def test_a_renamed_group_is_one_finding(renamed: Path) -> None:
    done = run("validate", renamed, "--against", "HEAD", "--format", "json")
    assert done.returncode == 0
    found = [(one["rule"], one["message"]) for one in json.loads(done.stdout)["findings"]]
    assert found[:1] == [("unchecked-references", found[0][1])]
    assert found[1:] == [("renamed-group", "the product group `ovens` is `bakers` now, in 51 definitions")]


def test_a_renamed_group_is_one_line_of_a_difference(renamed: Path) -> None:
    done = run("diff", "HEAD", "--definitions", renamed)
    assert done.returncode == 0
    head, verdict = done.stdout.splitlines()
    assert head == "product group ovens is bakers now, in 51 definitions"
    assert verdict.endswith(": 1 product group renamed. Nothing breaking.")
    document = json.loads(run("diff", "HEAD", "--format=json", "--definitions", renamed).stdout)
    assert document["groups"] == []
    assert document["renamed_groups"] == [{"before": "ovens", "after": "bakers", "definitions": 51}]
    notes = run("changelog", "--since", "HEAD", "--definitions", renamed).stdout
    assert "- product group `ovens` is `bakers` now, in 51 definitions" in notes
    assert "Nothing changed" not in notes


def test_a_definition_that_leaves_its_group_as_well_is_told(renamed: Path) -> None:
    change(renamed, "bakers", "till")
    done = run("validate", renamed, "--against", "HEAD", "--format", "json")
    found = {one["rule"]: one["message"] for one in json.loads(done.stdout)["findings"]}
    del found["unchecked-references"]
    assert found == {
        "changed-owner": "`counts.loaves_sold` went from `Ovens` (`#g_ovens`) to `Till`",
        "renamed-group": "the product group `ovens` is `bakers` now, in 50 definitions",
    }


def test_another_change_beside_a_new_name_of_the_group_is_told(renamed: Path) -> None:
    change(renamed, "value_type: number", "value_type: string")
    document = json.loads(run("diff", "HEAD", "--format=json", "--definitions", renamed).stdout)
    (group,) = document["groups"]
    (item,) = group["definitions"]
    assert [one["field"] for one in item["fields"]] == ["value_type"]
    assert document["summary"]["moved"] == 0


def test_an_event_in_an_unreadable_file_is_not_deleted(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "bakery")
    write(root / "events" / "loaf_sold.yml", EVENT.replace("action: loaf_sold\n", ""))
    done = run("diff", "HEAD", "--definitions", root)
    assert done.returncode == 1
    assert "deleted" not in done.stdout


@pytest.mark.parametrize(
    ("edition", "said"),
    [("/proc/self/mem", "cannot read the file: Input/output error"), ("x" * 5_000, "cannot be read: ")],
    ids=["no file", "no name"],
)
def test_an_edition_that_the_machine_does_not_let_be_read_is_one_line(tmp_path: Path, edition: str, said: str) -> None:
    root = make_repository(tmp_path / "bakery")
    for arguments in (("diff", edition), ("changelog", "--since", edition)):
        done = run(*arguments, "--definitions", root)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert said in done.stderr
