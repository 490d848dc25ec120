from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from metrics_dictionary.dictionary.dictionary import ProductGroup
from metrics_dictionary.validation.schemas.definition_schemas import EVENT, METRIC, schema
from metrics_dictionary.validation.schemas.published_schema import published_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = {
    "ovens": ProductGroup("ovens", "Ovens", description="Whatever is baked."),
    "shops": ProductGroup("shops", "Shops"),
}
KINDS = ("metric", "event")


def properties(part: Any) -> Iterator[tuple[str, Any]]:
    """Every property that a schema describes, however deep."""
    if isinstance(part, dict):
        for name, inner in part.get("properties", {}).items():
            if isinstance(inner, dict):
                yield name, inner
        for inner in part.values():
            yield from properties(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from properties(inner)


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_can_explain_every_field(kind: str) -> None:
    fields = published_schema(kind)["properties"]
    assert all(field["description"] for field in fields.values())


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_has_a_value_to_offer_for_every_required_field(kind: str) -> None:
    published = published_schema(kind, GROUPS)
    for name in published["allOf"][0]["required"]:
        assert {"enum", "examples", "default"} & published["properties"][name].keys(), name


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_and_examples_are_values_that_the_schema_allows(kind: str) -> None:
    for name, field in properties(published_schema(kind, GROUPS)):
        validator = Draft202012Validator({**field, "$schema": "https://json-schema.org/draft/2020-12/schema"})
        offered = [*field.get("examples", ()), *([field["default"]] if "default" in field else [])]
        for value in offered:
            assert validator.is_valid(value), (name, value)


@pytest.mark.parametrize("kind", KINDS)
def test_owners_are_the_product_groups_with_their_names(kind: str) -> None:
    owner = published_schema(kind, GROUPS)["properties"]["product_group"]
    assert owner["enum"] == ["ovens", "shops"]
    assert owner["enumDescriptions"] == ["Ovens: Whatever is baked.", "Shops"]


@pytest.mark.parametrize(("kind", "file"), [("metric", METRIC), ("event", EVENT)])
def test_publishing_leaves_the_schema_that_validates_as_it_is(kind: str, file: str) -> None:
    before = json.dumps(schema(file))
    published_schema(kind, GROUPS)
    assert json.dumps(schema(file)) == before


@pytest.mark.parametrize("kind", KINDS)
def test_it_refers_to_no_other_file(kind: str) -> None:
    text = json.dumps(published_schema(kind))
    assert '"$ref": "' not in text.replace('"$ref": "#', "")
