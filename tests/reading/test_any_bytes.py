"""Whatever is in a file: reading it ends in diagnostics or in data that JSON can carry, never in an exception."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metrics_dictionary.reading import events
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import ParsedFile, parse
from metrics_dictionary.reading.positions import Positions
from metrics_dictionary.reading.root import SourceFile

DEFINITION = b"""\
---
key_path: counts.loaves
description: >-
  Loaves that were sold, "sourdough" included: all of them.
milestone: "16.10"
time_frame: [7d, 28d]
options: {event: 'sold', prefix: ~, limits: [1, 2.5, -3]}
events:
- name: sell_loaf # every sale
  unique: user.id
tiers:
- free
"""

WORDS_OF_THE_PARSER = re.compile(r"while (?:parsing|scanning)|did not find expected|found (?:undefined|unexpected|dup)")

# A busy machine must not fail a test about correctness.
UNTIMED = settings(deadline=None)

PIECES = [
    *(
        "a",
        "key: ",
        "- ",
        "? ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\n",
        "\n  ",
        "\t",
        "'",
        '"',
        "|",
        ">-",
        "#",
        " #",
        "&a ",
        "*a",
    ),
    *("!!", "!!python/name:os.system ", "!!binary ", "!!set ", "!!timestamp ", "<<: ", "---\n", "...\n", "%YAML 1.1\n"),
    *(
        "2024-99-99",
        "1:1",
        "0x",
        ".inf",
        "1" * 70,
        "~",
        "=",
        "\\",
        '"\\ud800"',
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "é",
        "😀",
    ),
    *("@", "`", "\r", "\x7f", "\ufffe"),
]


@UNTIMED
@given(st.binary(max_size=400))
@example(b"")
@example(b"\xff\xfe")
@example(b'"\\ud800\\udc00"')
@example(b"? {a: b}\n: c\n")
def test_any_bytes_end_in_diagnostics_or_data(raw: bytes) -> None:
    assert_harmless(raw)


@UNTIMED
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_heap_of_yaml_ends_in_diagnostics_or_data(pieces: list[str]) -> None:
    assert_harmless("".join(pieces).encode("utf-8"))


@UNTIMED
@given(st.data())
def test_a_definition_with_bytes_changed_ends_in_diagnostics_or_data(draw: st.DataObject) -> None:
    raw = bytearray(DEFINITION)
    for _ in range(draw.draw(st.integers(1, 4))):
        start = draw.draw(st.integers(0, len(raw)))
        end = min(start + draw.draw(st.integers(0, 6)), len(raw))
        raw[start:end] = draw.draw(st.binary(max_size=4) | st.sampled_from(PIECES).map(str.encode))
    assert_harmless(bytes(raw))


@UNTIMED
@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_the_parser_without_libyaml_is_as_harmless(pieces: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "PARSER", yaml.BaseLoader)
        assert_harmless("".join(pieces).encode("utf-8"))


def test_both_parsers_read_a_definition_alike() -> None:
    fast = parsed(DEFINITION)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "PARSER", yaml.BaseLoader)
        slow = parsed(DEFINITION)
        assert slow == fast
        assert Positions.of(DEFINITION.decode()).value(("events", 0, "unique")) == (10, 11)


def assert_harmless(raw: bytes) -> None:
    file = parsed(raw)
    if file.document is None:
        assert file.diagnostics
    else:
        json.dumps(file.document.data, allow_nan=False).encode("utf-8")
    for diagnostic in file.diagnostics:
        assert diagnostic.line >= 1
        assert diagnostic.column >= 1
        diagnostic.message.encode("utf-8")
        assert not WORDS_OF_THE_PARSER.search(diagnostic.message), diagnostic.message
    Positions.of(raw.decode("utf-8", "replace"))


def parsed(raw: bytes) -> ParsedFile:
    return parse(SourceFile(Path("a.yml"), "a.yml", "a.yml", Kind.METRIC), raw)
