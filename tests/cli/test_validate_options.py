"""The options of ``validate`` that CI jobs and editors use, as whole commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.program import run
from tests.repository import commit, git
from tests.small_root import BAKERY_EVENT, METRIC, write, write_boards

if TYPE_CHECKING:
    import subprocess

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with a definitions root that has an old fault, which is on its main branch."""
    write(tmp_path / "definitions/product_groups.yml", "---\novens:\n  name: Ovens\n")
    write(tmp_path / "definitions/instrumentations/all.yml", "--- {}\n")
    write(tmp_path / "definitions/events/bake.yml", BAKERY_EVENT.format(name="bake", group="ovens"))
    write(tmp_path / "definitions/events/old.yml", BAKERY_EVENT.format(name="old", group="shops"))
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def validate(cwd: Path, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return run("validate", *arguments, cwd=cwd, given=given)


def test_several_formats_come_out_of_one_run(work: Path) -> None:
    outputs = ["--output", "sarif=f.sarif", "--output", "junit=f.xml", "--output=text=f.txt"]
    result = validate(work, "--format", "github", *outputs)
    assert result.returncode == 1
    assert "\n::error file=definitions/events/old.yml,line=6,col=16," in result.stdout
    assert json.loads((work / "f.sarif").read_text())["version"] == "2.1.0"
    assert (work / "f.xml").read_text().startswith("<?xml")
    assert "\x1b" not in (work / "f.txt").read_text()
    assert "old.yml:6:16: error[unknown-product-group]" in (work / "f.txt").read_text()


@pytest.mark.parametrize("value", ["sarif", "sarif=", "xml=f", "=f"])
def test_an_output_that_is_not_format_and_file_is_wrong_usage(work: Path, value: str) -> None:
    result = validate(work, "--output", value)
    assert result.returncode == 2
    assert "FORMAT=FILE" in result.stderr


def test_one_file_cannot_hold_two_formats(work: Path) -> None:
    result = validate(work, "--output", "sarif=f", "--output", "junit=f")
    assert (result.returncode, (work / "f").exists()) == (2, False)


def test_an_output_that_cannot_be_written_is_one_line_and_exit_status_2(work: Path) -> None:
    result = validate(work, "--output", "sarif=nowhere/f")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "nowhere/f" in result.stderr


def test_an_old_report_stays_whole_until_the_new_one_replaces_it(work: Path) -> None:
    report = write(work / "f.json", "old")
    number = report.stat().st_ino
    validate(work, "--output", "json=f.json")
    assert json.loads(report.read_text())["summary"]["errors"] == 1
    assert report.stat().st_ino != number
    assert sorted(path.name for path in work.iterdir()) == [".git", "definitions", "f.json"]


def test_a_site_address_must_be_one_and_makes_links(work: Path) -> None:
    assert validate(work, "--site-url", "javascript:x").returncode == 2
    result = validate(work, "--format", "sarif", "--site-url", "https://metrics.example.com/x")
    assert '"helpUri": "https://metrics.example.com/x/reference/rules/#schema"' in result.stdout


def test_changed_only_leaves_out_old_findings_and_says_how_many(work: Path) -> None:
    result = validate(work, "--changed-only")
    assert result.returncode == 0
    assert "old.yml" not in result.stdout
    assert result.stderr == "note: 3 more on unchanged lines\n"


@pytest.mark.parametrize("arguments", [("--changed-only", "definitions"), ("definitions", "--changed-only")])
def test_the_argument_behind_changed_only_may_be_the_root(work: Path, arguments: tuple[str, ...]) -> None:
    write(work / "definitions/events/new.yml", BAKERY_EVENT.format(name="new", group="ovenz"))
    result = validate(work, *arguments)
    assert result.returncode == 1
    assert "new.yml:6:16: error[unknown-product-group]" in result.stdout
    assert "old.yml" not in result.stdout


def test_whole_set_rules_still_see_what_did_not_change(work: Path) -> None:
    write(work / "definitions/events/zz.yml", BAKERY_EVENT.format(name="bake", group="ovens"))
    result = validate(work, "definitions", "--changed-only=HEAD")
    assert "zz.yml:4:9: error[duplicate-event]" in result.stdout


@pytest.mark.parametrize("arguments", [("--changed-only=nope",), ("--changed-only", "nope")])
def test_an_unknown_revision_is_one_line_and_exit_status_2(work: Path, arguments: tuple[str, ...]) -> None:
    result = validate(work, "definitions", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: no commit is called nope; name a branch, a tag or a commit\n"


def test_changed_only_outside_of_a_repository_is_one_line_and_exit_status_2(tmp_path: Path) -> None:
    write(tmp_path / "definitions/events/bake.yml", BAKERY_EVENT.format(name="bake", group="ovens"))
    result = validate(tmp_path, "--changed-only")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "git" in result.stderr


def test_standard_input_is_judged_in_place_of_the_file(work: Path) -> None:
    file = "definitions/events/bake.yml"
    result = validate(work, "--stdin-filename", file, "-", given=BAKERY_EVENT.format(name="bake", group="ovenz"))
    assert result.returncode == 1
    assert f"{file}:6:16: error[unknown-product-group]" in result.stdout
    assert "6 | product_group: ovenz\n" in result.stdout
    assert "old.yml" not in result.stdout
    assert validate(work, file).returncode == 0


def test_a_file_that_is_not_saved_yet_is_judged_where_it_will_be(work: Path) -> None:
    text = BAKERY_EVENT.format(name="bake", group="ovens")
    result = validate(work, "--stdin-filename", "definitions/events/new.yml", "--format", "json", "-", given=text)
    found = {finding["rule"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert {"duplicate-event", "event-file-name"} <= found.keys()
    assert {finding["file"] for finding in found.values()} == {"definitions/events/new.yml"}
    assert not (work / "definitions/events/new.yml").exists()


def test_a_text_of_a_file_outside_of_any_root_is_judged_by_itself(tmp_path: Path) -> None:
    text = BAKERY_EVENT.format(name="Bake", group="ovens")
    result = validate(tmp_path, "--stdin-filename", "elsewhere.yml", "-", given=text)
    assert "elsewhere.yml:4:9: error[schema]" in result.stdout
    assert "4 | action: Bake" in result.stdout


@pytest.mark.parametrize("text", ["a: [\n", "", "\0", "- &a x\n"])
def test_a_text_that_is_no_definition_is_a_finding(work: Path, text: str) -> None:
    result = validate(work, "--stdin-filename", "definitions/events/bake.yml", "-", given=text)
    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("-",),
        ("--stdin-filename", "definitions/events/bake.yml"),
        ("--stdin-filename", "definitions/events/bake.yml", "definitions"),
        ("--stdin-filename", "definitions/events/bake.yml", "--changed-only=HEAD", "-"),
        ("--stdin-filename", "definitions/events/notes.txt", "-"),
    ],
)
def test_standard_input_without_a_place_is_wrong_usage(work: Path, arguments: tuple[str, ...]) -> None:
    result = validate(work, *arguments, given="x")
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes", "--diff"])
def test_what_comes_from_standard_input_is_not_fixed(tmp_path: Path, option: str) -> None:
    root = write_boards(tmp_path / "definitions")
    given = METRIC.replace("planning", "Planning")
    done = run("validate", "--stdin-filename", root / "metrics/counts_all/boards.yml", "-", option, given=given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "are for files, not for standard input" in done.stderr
