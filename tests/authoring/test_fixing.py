"""The fixes: which are safe, what each writes, and that none touches anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from metrics_dictionary.authoring.edit.fixing import Fixing, fixing_of
from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.source_text import data_of
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.root import SourceFile
from tests.authoring.any_definitions import definitions
from tests.small_root import EVENT, write

if TYPE_CHECKING:
    from pathlib import Path

METRIC = """\
key_path: counts.boards   \n\
description: |
  Boards.   \n\
  All of them.
product_group: 'Plan-ning' # who?
value_type: number
status: Active
milestone: 16.10   # as written
introduced_by_url: https://example.com/1
time_frame: [7d,  all]
data_source: internal_events
data_category: optional
tiers: [FREE]
events:
  - name: Create Board
    filter: {label: push}
"""

MENDED = """\
---
key_path: counts.boards
description: |
  Boards.   \n\
  All of them.
product_group: 'planning' # who?
value_type: number
status: active
milestone: "16.10"   # as written
introduced_by_url: https://example.com/1
time_frame: [7d,  all]
data_source: internal_events
data_category: optional
tiers: [free]
events:
  - name: create_board
    filter: {label: push}
"""


def fix_paths(paths: list[Path], *, unsafe: bool = False) -> Fixing:
    """Fix files on the disk."""
    fixing = fixing_of(paths, unsafe=unsafe)
    save_all({path: after for path, (_, after) in fixing.texts.items()})
    return fixing


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "definitions"
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC)
    write(root / "events" / "create_board.yml", EVENT)
    write(root / "product_groups.yml", "planning:\n  name: Planning\ncompliance:\n  name: Compliance\n")
    return root


def test_what_leaves_no_choice_is_mended_and_every_other_character_stays(root: Path) -> None:
    fixing = fix_paths([root])
    assert (root / "metrics" / "counts_all" / "boards.yml").read_text(encoding="utf-8") == MENDED
    assert (root / "events" / "create_board.yml").read_text(encoding="utf-8") == EVENT
    assert fixing.left_alone == ()
    assert [(fix.line, fix.what.partition(" (")[0]) for fix in fixing.changes][:2] == [
        (5, "`'Plan-ning'` is now `'planning'`"),
        (7, "`Active` is now `active`"),
    ]


def test_a_second_run_has_nothing_to_do(root: Path) -> None:
    fix_paths([root])
    assert fix_paths([root]).changes == ()


def test_line_breaks_of_windows_and_a_byte_order_mark_stay(root: Path) -> None:
    file = root / "metrics" / "counts_all" / "boards.yml"
    file.write_bytes(METRIC.replace("\n", "\r\n").encode("utf-8-sig"))
    fix_paths([root])
    assert file.read_bytes() == MENDED.replace("\n", "\r\n").encode("utf-8-sig")


def test_a_name_that_two_groups_spell_in_different_ways_is_left_to_its_author(root: Path) -> None:
    write(root / "product_groups.yml", "plan_ning:\n  name: A\nplanning:\n  name: B\n")
    file = write(root / "metrics" / "counts_all" / "boards.yml", MENDED.replace("'planning'", "Planning"))
    assert fix_paths([root]).changes == ()
    assert "product_group: Planning #" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("'planning'", "group::planning"),
        ("'planning'", "plannig"),
        ("status: active", "status: inactive"),
        ("[7d,  all]", "[1d,  all]"),
        ("data_category: optional", "data_category: non_optional"),
        ("name: create_board", "name: uncreate_board"),
        ("label: push", "lable: push"),
        ("value_type", "value_typ"),
    ],
)
def test_a_guess_is_written_only_on_request(root: Path, right: str, wrong: str) -> None:
    text = MENDED.replace(right, wrong)
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    assert fix_paths([root]).changes == ()
    assert file.read_text(encoding="utf-8") == text
    fix_paths([root], unsafe=True)
    expected = MENDED.replace("'planning'", "planning") if "plan" in wrong else MENDED
    assert file.read_text(encoding="utf-8") == expected


def test_keys_are_fixed_as_values_are_even_one_within_another(root: Path) -> None:
    text = MENDED.replace("filter: {label", "Filter: {Label").replace("value_type", "Value-Type")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    fix_paths([root])
    assert file.read_text(encoding="utf-8") == MENDED


def test_two_keys_that_would_become_one_are_left_alone(root: Path) -> None:
    text = MENDED.replace("value_type: number", "Value_type: number\nvalue-type: number")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    fixing = fix_paths([root])
    assert file.read_text(encoding="utf-8") == text
    assert fixing.left_alone == ((str(file), "the file could not be read after the fixes; change it by hand"),)


def test_a_suppressed_finding_is_not_mended(root: Path) -> None:
    text = MENDED.replace("'planning' # who?", "plannig # metrics-dictionary: ignore unknown-product-group -- soon")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    assert fix_paths([root]).changes == ()
    assert file.read_text(encoding="utf-8") == text


def test_only_the_named_file_is_mended(root: Path) -> None:
    other = write(root / "metrics" / "counts_all" / "other.yml", METRIC.replace("counts.boards", "counts.other"))
    fix_paths([root / "metrics" / "counts_all" / "boards.yml"])
    assert "Plan-ning" in other.read_text(encoding="utf-8")


def test_a_file_outside_any_root_is_mended_as_far_as_it_can_be_judged(tmp_path: Path) -> None:
    file = write(tmp_path / "lone.yml", METRIC)
    fix_paths([file])
    text = file.read_text(encoding="utf-8")
    assert 'milestone: "16.10"' in text
    assert "Plan-ning" in text


def test_a_file_with_a_key_written_twice_is_left_alone_and_said_so(root: Path) -> None:
    text = METRIC + "status: active\n"
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    fixing = fix_paths([root])
    assert file.read_text(encoding="utf-8") == text
    assert fixing.left_alone == ((str(file), "line 17: the key `status` is written twice"),)


def test_a_link_is_not_followed(root: Path) -> None:
    target = root / "metrics" / "counts_all" / "boards.yml"
    link = root / "metrics" / "counts_all" / "link.yml"
    link.symlink_to(target)
    fixing = fix_paths([root])
    assert link.is_symlink()
    assert (str(link), "it is a link; name the file that it leads to") in fixing.left_alone


@given(text=definitions())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mending_is_final_and_changes_only_what_it_names(root: Path, text: str) -> None:
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    source = SourceFile(file, str(file), "definitions/metrics/counts_all/boards.yml", Kind.METRIC)
    before = data_of(source, text)
    fixing = fix_paths([root])
    after = file.read_bytes().decode()
    assert fix_paths([root]).changes == ()
    if not any("is now" in fix.what for fix in fixing.changes):
        assert data_of(source, after) == before
    if not fixing.changes:
        assert after == text


@pytest.mark.parametrize("word", ["no", "12:30", "1_000", "2024-01-31"])
def test_what_yaml_misreads_gets_quotes_as_it_is_written(root: Path, word: str) -> None:
    text = MENDED.replace("label: push", f"label: {word}")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    fix_paths([root])
    assert file.read_text(encoding="utf-8") == text.replace(word, f'"{word}"')
    written = yaml.load(text, yaml.BaseLoader)
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == written | {"milestone": "16.10"}


def test_a_number_that_readers_disagree_on_keeps_its_value_or_becomes_a_string_only_on_request(root: Path) -> None:
    text = "---\nARows:\n  source: database\n  operation: count\n  table: rows\n  where:\n    a: 1_000\n    b: 0o17\n"
    file = write(root / "instrumentations" / "rows.yml", text)
    fix_paths([root])
    quoted = text.replace("0o17", '"0o17"')
    assert file.read_text(encoding="utf-8") == quoted
    fix_paths([root], unsafe=True)
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == yaml.safe_load(text)
    assert file.read_text(encoding="utf-8") == quoted.replace("1_000", "1000")
