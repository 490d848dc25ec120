"""What nothing reads is told: the oracle is the number of files that the dictionary is read from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from metrics_dictionary.validation.validate import validate
from tests.program import run
from tests.small_root import METRIC, write, write_boards

NAMES = ("events", "instrumentations", "object_schemas", "product_groups.yml")


def slips(name: str) -> set[str]:
    """Return each spelling with one letter too few, or with two neighbors swapped, or with a capital."""
    stem, dot, ending = name.partition(".")
    less = {stem[:at] + stem[at + 1 :] for at in range(len(stem))}
    swapped = {stem[:at] + stem[at + 1] + stem[at] + stem[at + 2 :] for at in range(len(stem) - 1)}
    return {f"{slip}{dot}{ending}" for slip in {*less, *swapped, stem.title(), stem.replace("_", "-")}} - {name}


@pytest.mark.parametrize("name", NAMES)
def test_a_part_that_vanishes_by_one_slip_in_its_name_is_told(name: str, tmp_path: Path) -> None:
    root = write_boards(tmp_path)
    write(root / "instrumentations" / "plan.yml", "---\nCountBoardsMetric:\n  source: database\n")
    write(root / "object_schemas" / "board.json", "{}")
    files = validate(root).files_checked
    for slip in slips(name):
        (root / name).rename(root / slip)
        found = validate(root)
        assert found.files_checked == files - 1
        told = [one for one in found.diagnostics if one.rule == "misnamed-file"]
        assert [Path(one.file).relative_to(root).parts[0] for one in told] == [slip]
        assert [(one.suggestion or "").rstrip("/") for one in told] == [name]
        (root / slip).rename(root / name)
    assert all(one.rule != "misnamed-file" for one in validate(root).diagnostics)


@pytest.mark.parametrize("name", ["boards.ylm", "boards.yl", "boards.ymal", "boards.yaaml"])
def test_a_metric_that_vanishes_by_its_ending_is_told(name: str, tmp_path: Path) -> None:
    root = write_boards(tmp_path)
    write(root / "metrics" / "counts_all" / name, METRIC.replace("counts.boards", "counts.more_boards"))
    told = [one for one in validate(root).diagnostics if one.rule == "misnamed-file"]
    assert [Path(one.file).name for one in told] == [name]
    assert told[0].suggestion in ("boards.yml", "boards.yaml")


@pytest.mark.parametrize("name", ["boards.yml~", "boards.yml.bak", "boards.md", "boards.xml", ".boards.ylm", "boards"])
def test_backups_and_other_files_are_left_alone(name: str, tmp_path: Path) -> None:
    root = write_boards(tmp_path)
    write(root / "metrics" / "counts_all" / name, "# Boards\n" if name.endswith(("md", "xml")) else METRIC)
    assert all(one.rule != "misnamed-file" for one in validate(root).diagnostics)


def test_what_is_not_a_regular_file_is_not_opened(tmp_path: Path) -> None:
    root = write_boards(tmp_path / "definitions")
    (root / "evnets").mkdir()
    os.mkfifo(root / "evnets" / "pipe.yml")
    (root / "evnets" / "link.yml").symlink_to(root / "events" / "create_board.yml")
    (root / "evnets" / "nowhere.yml").symlink_to(root / "nowhere")
    (root / "metircs").symlink_to(root / "metrics")
    assert all(one.rule != "misnamed-file" for one in validate(root).diagnostics)


def test_a_name_that_is_not_utf_8_can_be_shown(tmp_path: Path) -> None:
    root = write_boards(tmp_path / "definitions")
    (root / "events").rename(os.fsdecode(os.fsencode(root) + b"/event\xff"))
    done = run("validate", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"event\udcff" in done.stdout


def test_a_root_whose_metrics_are_misspelled_is_told_which_folder_is_meant(tmp_path: Path) -> None:
    write(tmp_path / "defs" / "metircs" / "counts_all" / "boards.yml", METRIC)
    for command in ("validate", "export"):
        done = run(command, *(["--definitions"] if command == "export" else []), "defs", cwd=tmp_path)
        assert done.returncode == 2
        assert "is defs/metircs/ meant to be metrics/?" in done.stderr


def test_one_file_of_a_root_is_checked_without_a_word_about_the_folders_beside_it(tmp_path: Path) -> None:
    root = write_boards(tmp_path)
    (root / "product_groups.yml").rename(root / "product_groups.yaml")
    whole = json.loads(run("validate", root, "--format", "json").stdout)["findings"]
    one = run("validate", root / "metrics" / "counts_all" / "boards.yml", "--format", "json")
    assert "misnamed-file" in {finding["rule"] for finding in whole}
    assert "misnamed-file" not in {finding["rule"] for finding in json.loads(one.stdout)["findings"]}
