from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import MAX_COLLECTION_BYTES, MAX_DEFINITION_BYTES, ParsedFile, parse
from metrics_dictionary.reading.root import SourceFile
from metrics_dictionary.validation.engine.run_rules import with_help

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic


def parsed(text: str | bytes, kind: Kind = Kind.METRIC) -> ParsedFile:
    raw = text.encode() if isinstance(text, str) else text
    return parse(SourceFile(Path("metrics/a.yml"), "defs/metrics/a.yml", "defs/metrics/a.yml", kind), raw)


def data(text: str) -> object:
    file = parsed(text)
    assert file.diagnostics == ()
    assert file.document is not None
    return file.document.data


def help_of(diagnostic: Diagnostic) -> str:
    """Return what an author reads: the help of the finding, or of its rule."""
    return next(with_help([diagnostic])).help


def only(file: ParsedFile) -> Diagnostic:
    (diagnostic,) = file.diagnostics
    return diagnostic


def place(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    return diagnostic.rule, diagnostic.line, diagnostic.column, diagnostic.path


def test_fields_keep_the_order_of_the_author() -> None:
    fields = data("---\nb: 1\na:\n  d: x\n  c: [1, {e: 2}]\n")
    assert fields == {"b": 1, "a": {"d": "x", "c": [1, {"e": 2}]}}
    assert isinstance(fields, dict)
    assert list(fields) == ["b", "a"]


def test_keys_are_texts_as_they_are_in_json() -> None:
    assert data("on: 1\n1: 2\nnull: 3\n") == {"on": 1, "1": 2, "null": 3}


def test_an_unquoted_version_is_seen_as_the_number_that_it_is_read_as() -> None:
    assert data("milestone: 16.10\nother: '16.10'\n") == {"milestone": 16.1, "other": "16.10"}


def test_a_tag_that_asks_for_text_makes_text() -> None:
    assert data("milestone: !!str 16.10\nother: ! 16.10\n") == {"milestone": "16.10", "other": "16.10"}


def test_folded_and_literal_texts_are_read() -> None:
    assert data("a: >-\n  one\n  two\nb: |\n  one\n  two\nc: one\n  two\n") == {
        "a": "one two",
        "b": "one\ntwo\n",
        "c": "one two",
    }


def test_an_empty_file_holds_nothing() -> None:
    assert data("") is None
    assert data("# a comment\n") is None


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    file = parsed(b"\xef\xbb\xbfa: [\n")
    assert place(only(file)) == ("yaml-syntax", 1, 4, "$")
    assert parsed(b"\xef\xbb\xbfa: 1\n").diagnostics == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: b: c\n", 1, 5, "no key is possible here"),
        ("a:\n\tb: 1\n", 2, 1, "a tab is used for indentation"),
        ("a: |\n x\n\ty\n", 3, 1, "a tab is used for indentation"),
        ("a: @x\n", 1, 4, "cannot start with `@`"),
        ("a: %x\n", 1, 4, "cannot start with `%`"),
        ("b: 1\na: 'x\n", 2, 4, "the quote that opens here is never closed"),
        ("b: 2\na: [\n", 2, 4, "the bracket that opens here is never closed"),
        ("a: [1,\nb: 2\n", 1, 4, "the bracket that opens here is never closed"),
        ("a: [b: \n\n", 1, 4, "the bracket that opens here is never closed"),
        ("a: '['\nb: {c: [1],\n  # }\n", 2, 4, "the bracket that opens here is never closed"),
        ("a: [b, [c, d]\ne: f\n", 2, 1, "opens on line 1"),
        ("a: [b,\n  {c: d]\n", 2, 8, "opens on line 2"),
        ("a:\n- b\nc\n", 3, 1, "`c` is neither a key"),
        ("a:\n- b\nc d\ne: 1\n", 3, 1, "`c d` is neither a key"),
        ("- a\n-b\n", 2, 1, "`-b` is neither a key"),
        ("a: 'b' c\n", 1, 8, "a key is expected here"),
        ("- a\nb: 1\n", 2, 1, "an item without `- `"),
        ('a: "x\\q"\n', 1, 6, "`\\q` starts no escape"),
        ('a: "x\\u12"\n', 1, 6, "`\\u` starts no escape"),
        ("%FOO\n---\na: 1\n", 1, 5, "a line that starts with `%` is a directive of YAML"),
        ("%YAML 3.0\n---\na: 1\n", 1, 1, "asks for another version of YAML"),
        ("a: &\n", 1, 5, "no name follows"),
        ("a: *\n", 1, 5, "no name follows"),
        ("a: !x!y z\n", 1, 4, "this one is not valid"),
        ("a: |0\n x\n", 1, 5, "can follow `|` or `>`"),
        ("a: - b\n", 1, 4, "an item of a list is not possible here"),
        ("a: ? b\n", 1, 4, "a key is not possible here"),
        ("a: 1\nmilestone:\u00a01\n", 2, 1, "the line has U+00A0 (NO-BREAK SPACE) in it"),
        ("a: 1\nmilestone：1\nb: 2\n", 2, 1, "the line has U+FF1A (FULLWIDTH COLON) in it"),
        ("a: 1\nb\u200b: 1: 2\n", 2, 6, "the line has U+200B (ZERO WIDTH SPACE) in it"),
        ("[", 1, 1, "the bracket that opens here is never closed"),
    ],
)
def test_a_syntax_error_is_explained_where_it_is(text: str, line: int, column: int, words: str) -> None:
    file = parsed(text)
    diagnostic = only(file)
    assert file.document is None
    assert place(diagnostic) == ("yaml-syntax", line, column, "$")
    assert words in diagnostic.message
    assert help_of(diagnostic)


def test_each_repeated_key_is_reported_and_the_last_value_is_kept() -> None:
    file = parsed("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert [place(each) for each in file.diagnostics] == [
        ("yaml-duplicate-key", 4, 3, "$.b.c"),
        ("yaml-duplicate-key", 5, 1, "$.a"),
    ]
    assert file.document is not None
    assert file.document.data == {"a": 3, "b": {"c": 2}}


def test_a_key_is_the_same_with_and_without_quotes() -> None:
    assert place(only(parsed("a: 1\n'a': 2\n"))) == ("yaml-duplicate-key", 2, 1, "$.a")


def test_a_key_in_two_items_of_a_list_is_no_repetition() -> None:
    assert data("- a: 1\n- a: 2\n") == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a: &x 1\n", 4, "the anchor `x`"),
        ("a: &x {b: 1}\n", 4, "the anchor `x`"),
        ("a: *x\n", 4, "the alias `x`"),
        ("<<: {b: 1}\n", 1, "a merge key `<<`"),
    ],
)
def test_anchors_aliases_and_merge_keys_are_refused(text: str, column: int, words: str) -> None:
    file = parsed(text)
    assert file.document is None
    assert only(file).rule == "yaml-alias"
    assert only(file).column == column
    assert only(file).message == words


def test_a_quoted_merge_key_is_a_text() -> None:
    assert data("'<<': {b: 1}\n") == {"<<": {"b": 1}}


def test_an_alias_bomb_ends_in_milliseconds_with_one_finding() -> None:
    names = "abcdefghijklmnop"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
    start = time.perf_counter()
    file = parsed("\n".join(lines))
    assert time.perf_counter() - start < 0.25
    assert only(file).message == f"the anchor `a`, and {15 * 10} more in this file"


def test_a_second_document_is_reported_where_it_starts_and_the_first_one_is_read() -> None:
    file = parsed("---\na: 1\n---\nb: [\n")
    assert place(only(file)) == ("yaml-multiple-documents", 3, 1, "$")
    assert file.document is not None
    assert file.document.data == {"a": 1}


def test_the_marks_of_one_document_are_no_second_one() -> None:
    assert data("---\na: 1\n...\n") == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "line", "column", "words"),
    [
        ("a: 1\nb: é".encode("latin-1"), 2, 4, "byte 0xe9 is not UTF-8"),
        ("a: 1".encode("utf-16"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("\ufeffa: é".encode("utf-16-be"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("a: 1".encode("utf-16-le"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("a: 1".encode("utf-16-be"), 1, 1, "the file is UTF-16, not UTF-8"),
        (b"\xe9", 1, 1, "the file is not UTF-8"),
        (b"a\0\0b", 1, 2, "NUL"),
        ("a: é\0".encode(), 1, 5, "NUL"),
        ("a: é\nb: é\x07".encode(), 2, 5, "U+0007"),
    ],
)
def test_what_is_not_plain_utf_8_is_refused(raw: bytes, line: int, column: int, words: str) -> None:
    file = parsed(raw)
    assert file.document is None
    assert place(only(file)) == ("yaml-encoding", line, column, "$")
    assert words in only(file).message


def test_a_definition_may_be_as_long_as_the_limit_and_no_longer() -> None:
    filler = "# " + "x" * (MAX_DEFINITION_BYTES - 2)
    assert parsed(filler).diagnostics == ()
    assert only(parsed(filler + "x")).rule == "yaml-too-large"


def test_a_file_of_many_entries_may_be_longer_than_a_definition() -> None:
    filler = "# " + "x" * (MAX_COLLECTION_BYTES - 2)
    assert parsed(filler, Kind.INSTRUMENTATIONS).diagnostics == ()
    assert only(parsed(filler + "x", Kind.INSTRUMENTATIONS)).rule == "yaml-too-large"


@pytest.mark.parametrize("text", ["[" * 50 + "]" * 50, "- " * 50 + "x", "{a: " * 50, "[" * 60000])
def test_deep_nesting_ends_the_reading(text: str) -> None:
    file = parsed(text)
    assert file.document is None
    assert only(file).rule in ("yaml-too-large", "yaml-syntax")


def test_nesting_that_a_definition_may_need_is_read() -> None:
    assert data("[" * 40 + "]" * 40) is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 2024-01-31\n", "2024-01-31"),
        ("a: .inf\n", ".inf"),
        ("a: !!binary aGk=\n", "aGk="),
        ("a: !!python/object/apply:os.system [ls]\n", ["ls"]),
        ("a: !ruby/object:Object {b: 1}\n", {"b": 1}),
    ],
)
def test_a_value_that_json_cannot_carry_is_reported_and_kept_as_written(text: str, value: object) -> None:
    file = parsed(text)
    assert place(only(file)) == ("yaml-type", 1, 4, "$.a")
    assert file.document is not None
    assert file.document.data == {"a": value}


def test_a_key_must_be_a_string() -> None:
    found = parsed("? [a, b]\n: 1\n? {c: d}\n: 2\n").diagnostics
    assert [each.rule for each in found] == ["yaml-type", "yaml-type"]
    assert {each.help for each in found} == {"Write a string as the key, and the list or mapping as its value."}


def test_what_to_do_about_a_value_that_json_cannot_carry_depends_on_the_value() -> None:
    assert help_of(only(parsed("a: 2024-01-31\n"))) == 'Put the date in quotes: "2024-01-31".'
    assert help_of(only(parsed("a: .nan\n"))).startswith("Write a finite number")
    assert help_of(only(parsed("a: 99999999999999999999\n"))).startswith("Write a smaller number")
    assert help_of(only(parsed("a: !!binary aGk=\n"))).startswith("Remove the tag")


def test_all_that_is_wrong_is_reported_at_once() -> None:
    file = parsed("a: 1\na: 2024-01-31\nb: &x 1\n---\nc: 1\n")
    assert sorted(each.rule for each in file.diagnostics) == [
        "yaml-alias",
        "yaml-duplicate-key",
        "yaml-multiple-documents",
        "yaml-type",
    ]


def test_a_diagnostic_names_the_file_as_the_person_did() -> None:
    assert only(parsed("[")).file == "defs/metrics/a.yml"
