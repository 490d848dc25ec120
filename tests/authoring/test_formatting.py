"""The canonical form: what it looks like, that it says the same, and that it is final."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from metrics_dictionary.authoring.edit.formatting import format_files, formatted
from metrics_dictionary.authoring.edit.source_text import data_of
from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.root import SourceFile
from tests.authoring.any_definitions import definitions

SOURCE = SourceFile(Path("m.yml"), "m.yml", "d/metrics/m.yml", Kind.METRIC)

ANY_STYLE = """\
# yaml-language-server: $schema=x

tiers: [free,
  premium] # everyone

# the version is old
milestone: '9.10'
key_path: "counts.boards" # in the payload
description: 'It''s #1'
events:
  - filter: {label: 'push'}
    # by name
    name: create_board
  # - name: another
product_group: planning
"""

CANONICAL = """\
# yaml-language-server: $schema=x
---
key_path: counts.boards  # in the payload
description: "It's #1"
product_group: planning
# the version is old
milestone: "9.10"
events:
- filter:
    label: push
  # by name
  name: create_board
  # - name: another
tiers:  # everyone
- free
- premium
"""


def test_fields_lists_and_quotes_come_to_one_form_and_comments_stay_with_their_field() -> None:
    assert formatted(ANY_STYLE, SOURCE) == CANONICAL


def test_a_line_that_is_too_long_is_folded_and_one_that_fits_keeps_the_breaks_of_its_author() -> None:
    words = "word " * 40
    text = f"---\nkey_path: a\ndescription: {words}end\n"
    new = formatted(text, SOURCE)
    assert new is not None
    assert "description: >-\n  word" in new
    assert max(map(len, new.split("\n"))) <= 120
    as_written = "---\nkey_path: a\ndescription: >-\n  One sentence.\n  Another one.\n"
    assert formatted(as_written, SOURCE) == as_written


def test_a_block_whose_line_breaks_matter_keeps_them() -> None:
    text = "---\nkey_path: a\ndescription: |\n  One.\n\n    Indented.\n  Last.\n"
    assert formatted(text, SOURCE) == text


def test_a_number_in_place_of_a_version_stays_the_number_that_it_is() -> None:
    assert formatted("milestone: 16.10\n", SOURCE) == "---\nmilestone: 16.10\n"


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "%YAML 1.1\n---\na: 1\n", "a: 1\n...\n", "{}\n"])
def test_what_is_no_plain_mapping_is_left_alone(text: str) -> None:
    assert formatted(text, SOURCE) is None


@given(definitions())
@settings(max_examples=300, deadline=None)
def test_the_canonical_form_says_the_same_and_is_final(text: str) -> None:
    before = data_of(SOURCE, text)
    if before is None:
        return
    new = formatted(text, SOURCE)
    if not mapping(before):
        return
    assert new is not None
    assert _meaning(data_of(SOURCE, new)) == _meaning(before)
    assert formatted(new, SOURCE) == new
    assert new.startswith(("---\n", "#"))
    assert new.endswith("\n")
    assert not any(line != line.rstrip() for line in new.split("\n"))


def _meaning(data: object) -> str:
    return json.dumps(sorted(mapping(data).items(), key=lambda pair: pair[0]))


def test_a_check_writes_nothing_and_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    file = tmp_path / "definitions" / "metrics" / "counts_all" / "boards.yml"
    file.parent.mkdir(parents=True)
    file.write_bytes(ANY_STYLE.replace("\n", "\r\n").encode("utf-8-sig"))
    before = file.read_bytes()
    assert format_files([tmp_path / "definitions"], check=True).changed == (str(file),)
    assert file.read_bytes() == before
    assert format_files([tmp_path / "definitions"]).changed == (str(file),)
    assert file.read_text(encoding="utf-8") == CANONICAL
    assert format_files([tmp_path / "definitions"]).changed == ()


def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_the_others_are_formatted(tmp_path: Path) -> None:
    folder = tmp_path / "definitions" / "metrics"
    folder.mkdir(parents=True)
    (folder / "broken.yml").write_text("a: [\n", encoding="utf-8")
    (folder / "good.yml").write_text("key_path: a\n", encoding="utf-8")
    (folder / "link.yml").symlink_to(folder / "good.yml")
    result = format_files([tmp_path / "definitions"])
    assert result.changed == (str(folder / "good.yml"),)
    assert [file for file, _ in result.left_alone] == [str(folder / "broken.yml"), str(folder / "link.yml")]
    assert (folder / "link.yml").is_symlink()
    assert (folder / "broken.yml").read_text(encoding="utf-8") == "a: [\n"


def test_most_shipped_definitions_are_canonical_and_the_rest_have_lines_that_are_too_long() -> None:
    root = Path(__file__).parents[2] / "definitions"
    result = format_files([root], check=True)
    assert result.left_alone == ()
    for file in result.changed:
        assert any(len(line) > 120 for line in Path(file).read_text(encoding="utf-8").split("\n")), file
