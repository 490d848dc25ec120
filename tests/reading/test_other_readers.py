"""What other readers make of a plain scalar, held against these readers themselves: Ruby's Psych and PyYAML.

No reader of YAML 1.2 is at hand: its core schema is written down here, as a table of its section 10.3.2.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from metrics_dictionary.reading.other_readers import Foreign, other_reading
from metrics_dictionary.reading.scalars import UnsupportedScalarError, read_scalar
from metrics_dictionary.validation.validate import validate_file
from tests.small_root import METRIC, write

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic

PSYCH = r"""
require "yaml"; require "json"; require "date"
STDIN.each_line do |line|
  value = begin
    YAML.unsafe_load("a: " + JSON.parse(line)[0])["a"]
  rescue StandardError, Psych::SyntaxError
    :error
  end
  case value
  when :error then puts '["error"]'
  when Date, Time then puts '["a date"]'
  when Symbol then puts '["a symbol"]'
  when Float then puts value.finite? ? JSON.generate(["value", value]) : '["not finite"]'
  else puts JSON.generate(["value", value])
  end
end
"""

CORE = [
    *(
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("2024-01-31", "2024-01-31"),
        ("010", 10),
        ("0b11", "0b11"),
    ),
    *(("yes", "yes"), ("On", "On"), ("true", True), ("TRUE", True), ("tRUE", "tRUE"), ("~", None), ("Null", None)),
    *(("0x1F", 31), ("1e3", 1000.0), ("1.5e3", 1500.0), (".5", 0.5), ("-.5", -0.5), ("1.", 1.0), ("+12", 12)),
    *(("16.10", 16.1), ("<13.9", "<13.9"), ("7d", "7d"), ("a:b", "a:b"), ("1,000", "1,000"), ("09", 9)),
]

WORDS = re.findall(
    r"\S+",
    """
    12:30 1:30:00 12:30.5 1_000 0o17 1,000 :foo 2024-01-31 2024-1-5 yes yEs no On OFF y n true null nUll ~ 010 09 0b11
    0x1F 0X1F 1e3 1.5e3 1.5e+3 .5 -.5 1. -1:30 1_0:30 190:20:30 16.10 <13.9 7d 1__0 0_ 12 -5 +5 counts.boards
    """,
)


def _numbers() -> list[str]:
    generator = random.Random(7)
    characters = "0123456789" * 2 + "__,.::-+eExob7afn"
    return ["".join(generator.choices(characters, k=generator.randint(1, 8))) for _ in range(3_000)]


def by_psych(texts: list[str]) -> list[list[object]]:
    lines = "".join(json.dumps([text]) + "\n" for text in texts)
    done = subprocess.run(["ruby", "-e", PSYCH], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_pyyaml(text: str) -> object:
    try:
        return yaml.load(f"a: {text}", yaml.SafeLoader)["a"]
    except (yaml.YAMLError, ValueError):
        return None


def is_plain(text: str) -> bool:
    try:
        (event,) = [one for one in yaml.parse(f"a: {text}") if isinstance(one, yaml.ScalarEvent)][1:]
    except (yaml.YAMLError, ValueError):
        return False
    return event.value == text and event.style is None


@pytest.mark.skipif(not shutil.which("ruby"), reason="asks Ruby")
def test_ruby_is_named_exactly_where_psych_reads_something_else() -> None:
    texts = [text for text in [*WORDS, *_numbers()] if is_plain(text)]
    differing = 0
    for text, answer in zip(texts, by_psych(texts), strict=True):
        kind, value = str(answer[0]), answer[1:]
        ours = by_pyyaml(text)
        if kind in ("error", "not finite") or not isinstance(ours, str | int | float | bool | None):
            continue
        same = kind == "value" and type(value[0]) is type(ours) and value[0] == ours
        found = other_reading(text, ours)
        assert (found is not None and found.reader == "Ruby") is not same, text
        if found is not None and not same:
            differing += 1
            assert found.value == (Foreign(kind) if kind != "value" else value[0]), text
    assert differing > 50


@pytest.mark.parametrize(("text", "value"), CORE)
def test_yaml_1_2_is_named_where_only_its_core_schema_differs(text: str, value: object) -> None:
    ours = by_pyyaml(text)
    if not isinstance(ours, str | int | float | bool | None):
        return
    found = other_reading(text, ours)
    if found is None:
        assert (type(value), value) == (type(ours), ours)
    elif found.reader == "YAML 1.2":
        assert (type(found.value), found.value) == (type(value), value)


@pytest.mark.parametrize("text", WORDS)
def test_what_we_read_is_what_pyyaml_reads_or_an_error(text: str) -> None:
    try:
        value, _ = read_scalar(text)
    except UnsupportedScalarError:
        assert ":" in text or not isinstance(by_pyyaml(text), str | int | float | bool | None)
    else:
        assert value == by_pyyaml(text)


@pytest.mark.parametrize(
    ("value", "message", "suggestion"),
    [
        ("12:30", "`12:30` is read as the number 750 here and as the number 45000 by Ruby", '"12:30"'),
        ("1:30:00", "`1:30:00` is read as the number 5400 here and as a string by YAML 1.2", '"1:30:00"'),
        ("2024-01-31", "`2024-01-31` is read as a date here and as a string by YAML 1.2", '"2024-01-31"'),
        ("1_000", "`1_000` is read as the number 1000 here and as a string by YAML 1.2", "1000"),
        ("0o17", "`0o17` is read as a string here and as the number 15 by YAML 1.2", '"0o17"'),
        ("010", "`010` is read as the number 8 here and as the number 10 by YAML 1.2", "8"),
        ("yes", "`yes` is read as true here and as a string by YAML 1.2", "true"),
        ("1,000", "`1,000` is read as a string here and as the number 1000 by Ruby", '"1,000"'),
        (":low", "`:low` is read as a string here and as a symbol by Ruby", '":low"'),
    ],
)
def test_where_no_type_is_declared_readers_have_to_agree(
    tmp_path: Path, value: str, message: str, suggestion: str
) -> None:
    (found,) = findings(tmp_path, f"options:\n  limit: {value}\n")
    assert (found.rule, found.message, found.suggestion) == ("yaml-type", message, suggestion)
    assert (found.line, found.column, found.path) == (16, 10, "$.options.limit")


def test_where_one_reading_has_the_declared_type_it_is_the_one() -> None:
    event = METRIC.replace("- name: create_board\n", "- name: create_board\n  filter: {value: 1_000}\n")
    assert findings_of(event) == []


def test_in_quotes_nobody_disagrees(tmp_path: Path) -> None:
    assert findings(tmp_path, "options:\n  a: '12:30'\n  b: \"1_000\"\n  c: 'yes'\n") == []


def findings(folder: Path, more: str) -> list[Diagnostic]:
    found = validate_file(write(folder / "boards.yml", METRIC + more)).diagnostics
    return [one for one in found if one.rule != "unchecked-references"]


def findings_of(text: str) -> list[Diagnostic]:
    found = validate_file(Path("boards.yml"), unsaved=text.encode()).diagnostics
    return [one for one in found if one.rule != "unchecked-references"]
