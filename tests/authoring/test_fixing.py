"""`validate --fix`: what it mends, what it leaves alone, and that it touches nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from metrics_dictionary.authoring.edit.fixing import fix_paths
from metrics_dictionary.authoring.edit.source_text import data_of
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.root import SourceFile
from tests.authoring.any_definitions import definitions
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

METRIC = """\
key_path: counts.boards   \n\
description: |
  Boards.   \n\
  All of them.
product_group: 'plannig' # who?
value_type: number
status: actve
milestone: 16.10   # as written
introduced_by_url: https://example.com/1
time_frame: [7d,  all]
data_source: internal_events
data_category: optional
tiers: [fre]
events:
  - name: creat_board
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

EVENT = """\
---
description: Somebody saves a new issue board.
internal_events: true
action: create_board
identifiers: [user, project]
additional_properties:
  label:
    description: Where the board was made.
product_group: planning
milestone: "16.10"
introduced_by_url: https://example.com/1
tiers: [free]
"""


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
    assert [(fix.line, fix.what.partition(" (")[0]) for fix in fixing.fixes][:2] == [
        (5, "`'plannig'` is now `'planning'`"),
        (7, "`actve` is now `active`"),
    ]


def test_a_second_run_has_nothing_to_do(root: Path) -> None:
    fix_paths([root])
    assert fix_paths([root]).fixes == ()


def test_line_breaks_of_windows_and_a_byte_order_mark_stay(root: Path) -> None:
    file = root / "metrics" / "counts_all" / "boards.yml"
    file.write_bytes(METRIC.replace("\n", "\r\n").encode("utf-8-sig"))
    fix_paths([root])
    assert file.read_bytes() == MENDED.replace("\n", "\r\n").encode("utf-8-sig")


def test_a_name_with_two_near_misses_is_left_to_its_author(root: Path) -> None:
    write(root / "product_groups.yml", "planning:\n  name: A\nplanting:\n  name: B\n")
    file = write(root / "metrics" / "counts_all" / "boards.yml", MENDED.replace("'planning'", "planing"))
    assert fix_paths([root]).fixes == ()
    assert "product_group: planing #" in file.read_text(encoding="utf-8")


def test_an_owner_in_the_form_of_2021_is_brought_up_to_date(root: Path) -> None:
    file = write(root / "metrics" / "counts_all" / "boards.yml", MENDED.replace("'planning'", "group::planning"))
    fix_paths([root])
    assert "product_group: planning # who?" in file.read_text(encoding="utf-8")


def test_an_unknown_property_and_an_unknown_field_are_left_to_their_author(root: Path) -> None:
    text = MENDED.replace("label: push", "lable: push").replace("value_type", "value_typ")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    assert fix_paths([root]).fixes == ()
    assert file.read_text(encoding="utf-8") == text


def test_a_suppressed_finding_is_not_mended(root: Path) -> None:
    text = MENDED.replace("'planning' # who?", "plannig # metrics-dictionary: ignore unknown-product-group -- soon")
    file = write(root / "metrics" / "counts_all" / "boards.yml", text)
    assert fix_paths([root]).fixes == ()
    assert file.read_text(encoding="utf-8") == text


def test_only_the_named_file_is_mended(root: Path) -> None:
    other = write(root / "metrics" / "counts_all" / "other.yml", METRIC.replace("counts.boards", "counts.other"))
    fix_paths([root / "metrics" / "counts_all" / "boards.yml"])
    assert "plannig" in other.read_text(encoding="utf-8")


def test_a_file_outside_any_root_is_mended_as_far_as_it_can_be_judged(tmp_path: Path) -> None:
    file = write(tmp_path / "lone.yml", METRIC)
    fix_paths([file])
    text = file.read_text(encoding="utf-8")
    assert 'milestone: "16.10"' in text
    assert "plannig" in text


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
    assert fix_paths([root]).fixes == ()
    if not any("is now" in fix.what for fix in fixing.fixes):
        assert data_of(source, after) == before
    if not fixing.fixes:
        assert after == text
