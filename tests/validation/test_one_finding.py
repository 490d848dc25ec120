"""One mistake is one finding, and no file passes because of that.

Whether the schema part of a file is right is asked of the jsonschema library, not of the keywords of this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.validation.schemas.definition_schemas import METRIC, schema
from metrics_dictionary.validation.validate import validate_file
from tests import small_root
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

SOUND = small_root.METRIC.replace("[7d, all]", "[7d]")

MISTAKES = {
    "a version without quotes": ('milestone: "16.10"', "milestone: 16.10", "unquoted-version"),
    "a date for a version": ('milestone: "16.10"', "milestone: 2024-01-31", "yaml-type"),
    "distinct values over all time": (
        "time_frame: [7d]",
        "time_frame: [all]\n#",
        "unique-all-time",
    ),
    "removed without its fields": ("status: active", "status: removed", "lifecycle-fields"),
    "broken without its field": ("status: active", "status: broken", "lifecycle-fields"),
    "a status written twice": ("status: active", "status: active\nstatus: removed", "yaml-duplicate-key"),
    "a version written three times": (
        'milestone: "16.10"',
        "milestone: 16.9\nmilestone: 16.10\nmilestone: 16.11",
        "yaml-duplicate-key",
    ),
    "a misspelled field": ("data_category: optional", "data_categroy: optional", "schema"),
    "a field with a hyphen": ("data_source: internal_events", "data-source: internal_events", "schema"),
}


def findings(folder: Path, text: str) -> list[Diagnostic]:
    found = validate_file(write(folder / "boards.yml", text)).diagnostics
    return [one for one in found if one.rule != "unchecked-references"]


def changed(*names: str) -> str:
    text = SOUND
    for name in names:
        old, new, _ = MISTAKES[name]
        assert old in text
        text = text.replace(old, new)
        if name == "distinct values over all time":
            text = text.replace("name: create_board", "name: create_board\n  unique: user.id")
    return text


@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_mistake_is_one_finding(tmp_path: Path, mistake: str) -> None:
    assert [one.rule for one in findings(tmp_path, changed(mistake))] == [MISTAKES[mistake][2]]


def test_removed_without_its_fields_names_both(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, changed("removed without its fields"))
    assert found.message == "the status is `removed`, but `milestone_removed` and `removed_by_url` are missing"


def test_a_key_written_three_times_says_so_at_the_second(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, changed("a version written three times"))
    assert (found.message, found.line) == ("the key `milestone` is written 3 times", 8)


def test_the_schema_speaks_where_a_comment_silences_the_rule(tmp_path: Path) -> None:
    for mistake, rule in (("removed without its fields", "lifecycle-fields"), ("a version without quotes", None)):
        silenced = rule or MISTAKES[mistake][2]
        text = changed(mistake) + f"# metrics-dictionary: ignore {silenced} -- an old tool writes it so\n"
        assert {one.rule for one in findings(tmp_path, text)} == {"schema"}


def test_a_silenced_schema_is_not_called_unused_where_a_rule_says_the_same(tmp_path: Path) -> None:
    text = changed("a version without quotes") + "# metrics-dictionary: ignore schema -- an old tool writes it so\n"
    assert [one.rule for one in findings(tmp_path, text)] == ["unquoted-version"]


def test_two_mistakes_are_two_findings(tmp_path: Path) -> None:
    text = changed("a version without quotes").replace("[free]", "[fre]")
    assert [one.rule for one in findings(tmp_path, text)] == ["unquoted-version", "schema"]


FIELDS: dict[str, Any] = yaml.safe_load(SOUND)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, 16.1, "16.10", "removed", "active", "broken", "all", ["all"], ["7d"], [], {}, True]
)


@settings(deadline=None, max_examples=150)
@given(
    values=st.dictionaries(st.sampled_from([*FIELDS, "milestone_removed", "removed_by_url", "extra"]), VALUES),
    without=st.sets(st.sampled_from([*FIELDS])),
    unique=st.booleans(),
)
def test_a_file_that_its_schema_refuses_keeps_an_error(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], without: set[str], unique: bool
) -> None:
    fields = {name: value for name, value in FIELDS.items() if name not in without}
    if unique and "events" in fields:
        fields["events"] = [{"name": "create_board", "unique": "user.id"}]
    fields |= values
    found = findings(tmp_path_factory.mktemp("one"), yaml.safe_dump(fields))
    refused = not Draft202012Validator(schema(METRIC)).is_valid(fields)
    assert not refused or any(one.severity is Severity.ERROR for one in found)
