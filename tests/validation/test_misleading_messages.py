"""Mistakes whose message once named another cause. Plain Python and PyYAML say what the cause is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from metrics_dictionary.reading.events import MAX_DEPTH
from metrics_dictionary.validation.validate import validate
from tests.small_root import METRIC, write, write_boards

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic


@pytest.mark.parametrize("written", ["no", "Off", "true", "Y", "yes", "5", "1e3", "1.50", "0x1F", "-3", "on"])
def test_a_string_that_yaml_reads_as_something_else_is_offered_in_quotes_as_it_is_written(
    written: str, tmp_path: Path
) -> None:
    read = yaml.safe_load(written)
    found = findings(tmp_path, "events:\n- name: create_board\n  filter:\n    label: " + written + "\n")
    if isinstance(read, str):
        assert found == []
        return
    (one,) = found
    shown = f"the value {json.dumps(read)}" if isinstance(read, bool) else f"the number {read}"
    assert one.message.endswith(f"must be a string, but `{written}` without quotes is {shown}")
    assert one.suggestion is not None
    assert yaml.safe_load(one.suggestion) == written


@pytest.mark.parametrize("field", ["status", "value_type", "data_category"])
def test_quotes_are_not_offered_where_they_would_not_help(field: str, tmp_path: Path) -> None:
    before = next(line for line in METRIC.splitlines() if line.startswith(f"{field}:"))
    write(write_boards(tmp_path) / "metrics" / "counts_all" / "boards.yml", METRIC.replace(before, f"{field}: no"))
    (one,) = [one for one in told(tmp_path) if one.path == f"$.{field}"]
    assert one.message == f"`{field}` must be a string, not the value false"
    assert one.suggestion is None


@pytest.mark.parametrize("bracket", ["[", "{a: ", "[{a: "])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 900, 1_100, 3_000])
def test_nesting_beyond_the_limit_is_called_that_at_any_depth(bracket: str, levels: int, tmp_path: Path) -> None:
    closed = "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(bracket))
    nested = bracket * levels + "1" + closed * levels
    (one,) = findings(tmp_path, f"options:\n  a: {nested}\n")
    assert (one.rule, one.message) == ("yaml-too-large", f"the nesting is more than {MAX_DEPTH} levels deep")
    assert "levels" in one.help


@pytest.mark.parametrize("character", ["\U0001f600", "\U00010000", "\U0010ffff", "\U0001f1e9"])
def test_a_surrogate_pair_is_answered_with_the_escape_of_the_same_character(character: str, tmp_path: Path) -> None:
    (one,) = findings(tmp_path, f"name: {json.dumps(character)}\n")
    assert one.rule == "yaml-syntax"
    half = json.dumps(character)[1:7]
    assert one.message.startswith(f"`{half}` is half of a surrogate pair")
    escape = one.help.split("`")[1]
    assert yaml.safe_load(f'"{escape}"') == character


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "\\uDBFF and more"])
def test_a_lone_half_of_a_surrogate_pair_is_called_that(half: str, tmp_path: Path) -> None:
    (one,) = findings(tmp_path, f'name: "{half}"\n')
    assert one.message.startswith(f"`{half[:6]}` is half of a surrogate pair")
    assert "eight digits" in one.help


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", ".NaN"])
def test_the_help_about_a_number_that_json_does_not_have_speaks_of_numbers(number: str, tmp_path: Path) -> None:
    assert isinstance(yaml.safe_load(number), float)
    (one,) = findings(tmp_path, f"options:\n  limit: {number}\n")
    assert one.message == f"`{number}` is read as a number that JSON does not have"
    assert "number" in one.help
    assert "2024" not in one.help


def findings(root: Path, lines: str) -> list[Diagnostic]:
    """Return what is said of a metric that has some lines more, instead of its own where it has them."""
    name = lines.partition(":")[0]
    kept = METRIC.partition("events:\n")[0] if name == "events" else METRIC
    write(write_boards(root) / "metrics" / "counts_all" / "boards.yml", kept + lines)
    return told(root)


def told(root: Path) -> list[Diagnostic]:
    return [one for one in validate(root).diagnostics if one.file.endswith("boards.yml")]
