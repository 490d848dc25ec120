"""Object schemas in two editions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from metrics_dictionary.changes.compare.computation import allow_the_same
from tests.changes.repositories import LOAVES, METRIC, make_repository
from tests.program import run
from tests.repository import commit
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "object_schemas/loaves.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "bakery")
    write(root / LOAVES, METRIC.replace("value_type: number", f"value_type: object\nvalue_json_schema: {SCHEMA}"))
    write(root / SCHEMA, json.dumps({"type": "object", "required": ["rye"]}))
    commit(root.parent)
    return root


def rules(root: Path, against: str = "HEAD") -> dict[str, str]:
    done = run("validate", root, "--against", against, "--format", "json")
    return {one["rule"]: one["severity"] for one in json.loads(done.stdout)["findings"]}


def test_a_changed_schema_is_found_against_a_revision(root: Path) -> None:
    assert "changed-object-schema" not in rules(root)
    write(root / SCHEMA, json.dumps({"type": "object", "required": ["rye", "spelt"]}))
    assert rules(root)["changed-object-schema"] == "error"
    done = run("diff", "HEAD", "--definitions", root)
    assert done.returncode == 1
    assert "changed metric counts.loaves_sold" in done.stdout
    assert "error[changed-object-schema]" in done.stdout
    assert "spelt" in done.stdout


def test_the_same_schema_in_another_file_is_no_change(root: Path) -> None:
    (root / SCHEMA).rename(root / "object_schemas/bread.json")
    write(root / LOAVES, (root / LOAVES).read_text().replace("loaves.json", "bread.json"))
    assert "changed-object-schema" not in rules(root)
    write(root / "object_schemas/bread.json", json.dumps({"type": "object"}))
    assert rules(root)["changed-object-schema"] == "error"


def test_a_schema_that_could_not_be_read_is_named(root: Path) -> None:
    write(root / SCHEMA, "{")
    commit(root.parent)
    write(root / SCHEMA, json.dumps({"type": "object"}))
    assert rules(root)["unreadable-edition"] == "error"
    done = run("diff", "HEAD", "--definitions", root)
    assert done.returncode == 1
    assert "1 file cannot be read" in done.stdout


def test_a_combined_file_says_nothing_about_schemas(root: Path) -> None:
    export = root.parent / "old.yml"
    export.write_text(run("export", "--definitions", root).stdout, encoding="utf-8")
    assert "changed-object-schema" not in rules(root, str(export))


VALUES = [None, True, 0, 1.5, "", "rye", [], ["a"], {}, {"title": 1}, {"title": "x"}, {"default": 2, "title": "x"}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "A", "type": "object"}, {"type": "object", "description": "B", "examples": [1]}),
        ({"properties": {"title": {"type": "string"}}}, {"properties": {"title": {"type": "integer"}}}),
        ({"properties": {"title": {"title": "T"}}}, {"properties": {"title": {}}}),
        ({"const": {"title": "x"}}, {"const": {"title": 1}}),
        ({"enum": [{"default": 2, "title": "x"}]}, {"enum": [{"title": "x"}]}),
        ({"anyOf": [{"type": "string"}, {"title": "A"}]}, {"anyOf": [{"type": "string"}, {}]}),
        ({"required": ["title"]}, {"required": []}),
        (
            {"patternProperties": {"default": {"type": "string"}}},
            {"patternProperties": {"default": {"type": "number"}}},
        ),
        (True, False),
    ],
)
def test_what_is_called_the_same_allows_the_same_values(one: object, other: object) -> None:
    """The oracle is jsonschema's own verdict on values that tell the two apart."""
    verdicts = [[Draft202012Validator(schema).is_valid(value) for value in VALUES] for schema in (one, other)]  # type: ignore[arg-type]
    assert allow_the_same(one, other) is (verdicts[0] == verdicts[1])
