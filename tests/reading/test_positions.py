from __future__ import annotations

import pytest
import yaml

from metrics_dictionary.reading import events
from metrics_dictionary.reading.events import MAX_DEPTH, PARSER
from metrics_dictionary.reading.positions import Positions, json_path

TEXT = """\
---
key_path: counts.loaves
milestone: 16.10
"quoted": 'a text'
events:
- name: bake
  filter:
    label: 'né' # é
- {name: sell, filter: {value: 3}}
tiers: [free, ultimate]
"""


def test_a_value_stands_where_it_starts() -> None:
    positions = Positions.of(TEXT)
    assert positions.value(()) == (2, 1)
    assert positions.value(("milestone",)) == (3, 12)
    assert positions.value(("events",)) == (6, 1)
    assert positions.value(("events", 0, "filter", "label")) == (8, 12)
    assert positions.value(("events", 1, "filter", "value")) == (9, 32)
    assert positions.value(("tiers", 1)) == (10, 15)


def test_a_key_stands_before_its_value() -> None:
    positions = Positions.of(TEXT)
    assert positions.key(("milestone",)) == (3, 1)
    assert positions.key(("quoted",)) == (4, 1)
    assert positions.key(("events", 1, "filter", "value")) == (9, 25)


def test_an_item_of_a_list_has_no_key_but_a_place() -> None:
    assert Positions.of(TEXT).key(("tiers", 0)) == Positions.of(TEXT).value(("tiers", 0)) == (10, 9)


def test_what_is_not_there_stands_where_its_nearest_parent_does() -> None:
    positions = Positions.of(TEXT)
    assert positions.value(("events", 0, "unique")) == (6, 3)
    assert positions.key(("events", 7, "name")) == positions.value(("events",))
    assert positions.value(("missing",)) == (2, 1)


def test_a_scalar_is_given_as_it_is_written() -> None:
    positions = Positions.of(TEXT)
    assert positions.written(("milestone",)) == "16.10"
    assert positions.written(("quoted",)) == "a text"
    assert positions.written(("events",)) == ""
    assert positions.written(("missing",)) == ""


def test_columns_count_characters_not_bytes() -> None:
    assert Positions.of("{é: ü, 😀: x}").value(("😀",)) == (1, 11)


def test_the_last_of_two_keys_counts() -> None:
    positions = Positions.of("a: 1\na: 2\n")
    assert positions.key(("a",)) == (2, 1)
    assert positions.written(("a",)) == "2"


def test_a_key_is_named_as_it_is_written() -> None:
    positions = Positions.of("on: 1\n5: 2\n~: 3\n")
    assert [positions.key((name,)) for name in ("on", "5", "~")] == [(1, 1), (2, 1), (3, 1)]


def test_a_text_that_breaks_off_has_its_first_character() -> None:
    positions = Positions.of("a: 1\nb: [1, 2\nc: @")
    assert positions.value(("a",)) == (1, 1)
    assert positions.key(("b",)) == (1, 1)


def test_a_text_without_anything_has_its_first_character() -> None:
    for text in ("", "# only a comment\n", "@", "\t"):
        assert Positions.of(text).value(("a", 0)) == (1, 1)


def test_only_the_first_document_is_located() -> None:
    assert Positions.of("a: 1\n---\nb: 1\n").value(("b",)) == (1, 1)


@pytest.mark.parametrize("parser", [PARSER, yaml.BaseLoader])
def test_nesting_without_end_is_not_followed(parser: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PARSER", parser)
    assert Positions.of("[" * 100 + "]" * 100).value((0,) * 200) == (1, MAX_DEPTH + 2)
    assert Positions.of("[" * 60_000).value((0,)) == (1, 1)


def test_a_path_is_shown_as_a_json_path() -> None:
    assert json_path(()) == "$"
    assert json_path(("events", 0, "name")) == "$.events[0].name"
    assert json_path(("options", "a b", "it's")) == """$.options['a b']["it's"]"""
