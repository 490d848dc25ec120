"""The canonical form: what it looks like, that it says the same, and that it is final."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.authoring.edit.formatting import format_files, formatted
from metrics_dictionary.authoring.edit.source_text import data_of
from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.root import SourceFile
from tests.authoring.any_definitions import definitions

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

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


SHELVES = """\
---
tiers:
- free
# - premium
# - ultimate
action: move_shelf
internal_events: true
# Only a librarian may do it.
identifiers:
# - project
- user
# The room is not recorded.
product_group: planning
additional_properties:
  label:
    description: Where it was changed.
    # value:
    #   description: later
  # property:
  #   description: never
extra_properties:
  # weight:
  #   description: later
description: Somebody moves a shelf.
"""

SHELVES_IN_ORDER = """\
---
description: Somebody moves a shelf.
internal_events: true
action: move_shelf
# Only a librarian may do it.
identifiers:
# - project
- user
additional_properties:
  label:
    description: Where it was changed.
    # value:
    #   description: later
  # property:
  #   description: never
extra_properties:
  # weight:
  #   description: later
# The room is not recorded.
product_group: planning
tiers:
- free
# - premium
# - ultimate
"""


def test_what_is_commented_out_stays_in_its_list_or_mapping_and_other_comments_go_with_their_field() -> None:
    event = SourceFile(Path("e.yml"), "e.yml", "d/events/e.yml", Kind.EVENT)
    assert formatted(SHELVES, event) == SHELVES_IN_ORDER
    assert formatted(SHELVES_IN_ORDER, event) == SHELVES_IN_ORDER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tiers:\n  - a\n  # - b\nkey_path: x\n", "key_path: x\ntiers:\n- a\n# - b\n"),
        ("tiers:\n  - a\n# - b\nkey_path: x\n", "key_path: x\ntiers:\n- a\n# - b\n"),
        ("tiers:\n- a\n#- b\nkey_path: x\n", "key_path: x\ntiers:\n- a\n#- b\n"),
        ("tiers:\n- a\n\n# - b\nkey_path: x\n", "# - b\nkey_path: x\ntiers:\n- a\n"),
        ("tiers:\n# - b\nkey_path: x\n", "key_path: x\ntiers:\n# - b\n"),
        ("tiers:\n  # - b\nkey_path: x\n", "key_path: x\ntiers:\n# - b\n"),
        (
            "tiers:\n- a\n# so:\n# - b\n# for x\nkey_path: x\n",
            "# for x\nkey_path: x\ntiers:\n- a\n# so:\n# - b\n",
        ),
        ("events:\n- name: a\n# - name: b\n#   unique: c\nkey_path: x\n", None),
        ("events:\n- name: a\n  # unique: b\n- name: c\nkey_path: x\n", None),
        ("tiers: [a,\n  # - b\n  ]\nkey_path: x\n", "key_path: x\ntiers:\n- a\n# - b\n"),
    ],
)
def test_a_comment_that_reads_as_an_item_stays_with_the_list(text: str, expected: str | None) -> None:
    field, _, rest = text.partition("key_path: x\n")
    new = formatted(text, SOURCE)
    assert new == f"---\n{expected if expected is not None else f'key_path: x{chr(10)}{field}'}"
    assert formatted(new, SOURCE) == new
    assert rest == ""


@st.composite
def commented_out(draw: DrawFn) -> str:
    """Return a metric in which each comment names the field that it belongs to."""
    lines = ["---"]
    for name in draw(st.permutations(["key_path", "status", "milestone", "time_frame", "events", "options", "tiers"])):
        indent = draw(st.sampled_from(["", "  "]))
        lines += draw(st.sampled_from([[], [f"# about {name}"], [f"# about {name}", f"# and {name}"]]))
        form = draw(st.sampled_from(["scalar", "nothing", "list", "rules", "mapping"]))
        lines.append(f"{name}: word" if form == "scalar" else f"{name}:")
        left_out = draw(st.booleans())
        if form == "list":
            lines += [f"{indent}- a"]
            lines += [f"{indent}# - out of {name}", f"{indent}#- out of {name}"] if left_out else []
        elif form == "rules":
            lines += [f"{indent}- name: a", f"{indent}  filter:", f"{indent}    label: b"]
            lines += [f"{indent}    # value: out of {name}"] if draw(st.booleans()) else []
            lines += [f"{indent}# - name: out of {name}", f"{indent}#   filter: out of {name}"] if left_out else []
        elif form == "mapping":
            lines += ["  a:", "    b: c", *(["  # d:", f"  #   e: out of {name}"] if left_out else ())]
        elif form == "nothing" and left_out:
            lines += [f"{indent}# - out of {name}"]
    return "\n".join(lines) + "\n"


@given(commented_out())
@settings(max_examples=300, deadline=None)
def test_every_comment_stays_with_its_field_wherever_that_goes(text: str) -> None:
    new = formatted(text, SOURCE)
    assert new is not None
    assert formatted(new, SOURCE) == new
    field = ""
    waiting: list[str] = []
    for line in new.splitlines():
        if line[0].isalpha():
            field = line.partition(":")[0]
            assert [name for name in waiting if name != field] == []
            waiting = []
        elif "# about " in line or "# and " in line:
            waiting.append(line.split()[-1])
        elif "out of" in line:
            assert line.split()[-1] == field
    assert waiting == []
    for mark in ("out of", "about"):
        assert new.count(mark) == text.count(mark)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_those_of_the_first_line_and_no_reason_to_write(tmp_path: Path, end: str) -> None:
    file = tmp_path / "definitions" / "metrics" / "counts_all" / "boards.yml"
    file.parent.mkdir(parents=True)
    written = CANONICAL.replace("\n", end).encode()
    file.write_bytes(written)
    assert format_files([tmp_path / "definitions"]).changed == ()
    assert file.read_bytes() == written
    mixed = CANONICAL.replace("\n", end, 1).encode()
    file.write_bytes(mixed)
    assert format_files([tmp_path / "definitions"]).changed == ()
    file.write_bytes(ANY_STYLE.replace("\n", end, 1).encode())
    assert format_files([tmp_path / "definitions"]).changed == (str(file),)
    assert file.read_bytes() == written
