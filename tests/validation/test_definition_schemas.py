"""What holds for every schema file, and what editors and the site get from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from metrics_dictionary.validation.schemas import definition_schemas
from metrics_dictionary.validation.schemas.definition_schemas import description_of, schema
from metrics_dictionary.validation.schemas.field_reference import field_reference
from metrics_dictionary.validation.schemas.published_schema import published_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = sorted(path.name for path in (Path(definition_schemas.__file__).parent / "schemas").glob("*.json"))


def properties(node: object, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Yield every property that a schema declares outside of conditions."""
    if isinstance(node, list):
        for item in node:
            yield from properties(item, path)
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            yield f"{path}.{name}", value
        for key, value in node.items():
            if key == "properties":
                for name, inner in value.items():
                    yield from properties(inner, f"{path}.{name}")
            elif key not in ("if", "examples", "errorMessage"):
                yield from properties(value, path)


@pytest.mark.parametrize("name", FILES)
def test_a_schema_file_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("kind", ["metric", "event", "product_groups"])
def test_every_field_is_explained_in_a_sentence(kind: str) -> None:
    fields = field_reference(kind)
    for field in fields:
        assert field.description[:1].isupper() or field.description.startswith("`"), field.name
        assert field.description.endswith("."), field.name
        assert len(field.description) >= 20, field.name


@pytest.mark.parametrize("name", ["metric.json", "event.json", "product_groups.json", "instrumentation.json"])
def test_every_property_leads_to_a_description(name: str) -> None:
    top = {path.split(".")[1] for path, _ in properties(schema(name)) if path.count(".") == 1}
    for field in top - {"source"}:
        assert description_of(name, (field,)) != description_of(name, ()), field


@pytest.mark.parametrize("kind", ["metric", "event"])
def test_a_published_schema_refers_to_no_other_file(kind: str) -> None:
    published = published_schema(kind)
    assert '"$ref"' not in json.dumps(published)
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(published)


def test_a_published_schema_lists_the_product_groups_that_are_known() -> None:
    assert published_schema("metric", ["ovens", "shop"])["properties"]["product_group"]["enum"] == ["ovens", "shop"]
    assert "enum" not in published_schema("metric")["properties"]["product_group"]


def test_the_examples_of_a_field_are_valid_values_of_it() -> None:
    for kind in ("metric", "event"):
        for name, field in published_schema(kind)["properties"].items():
            for example in field.get("examples", []):
                assert Draft202012Validator(field).is_valid(example), name


def test_the_field_reference_follows_the_order_of_the_schema() -> None:
    names = [field.name for field in field_reference("metric")]
    assert names[:3] == ["key_path", "description", "product_group"]
    assert names.index("events") < names.index("events[].name") < names.index("tiers")


def test_the_field_reference_tells_what_may_be_written() -> None:
    fields = {field.name: field for field in field_reference("metric")}
    assert fields["status"].allowed == ("active", "removed", "broken")
    assert fields["status"].required
    assert fields["events[].unique"].allowed[0] == "user.id"
    assert fields["events[].name"].required
    assert not fields["events"].required
    assert fields["options.prefix"].types == ("string", "null")
    assert fields["options.include_usage_prefix"].default is True
    assert fields["instrumentation_class"].allowed == ()
    assert fields["time_frame"].types == ("string", "array")
    assert fields["events[].filter.NAME"].types == ("string", "number")
    assert fields["name"].deprecated


def test_a_field_without_a_description_of_its_own_takes_the_nearest() -> None:
    assert description_of("metric.json", ("options", "anything", 5)) == description_of("metric.json", ("options",))
    assert description_of("metric.json", ("nothing",)) == description_of("metric.json", ())
