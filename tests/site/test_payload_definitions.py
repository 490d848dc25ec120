"""What the payload reader's script is told about the definitions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.data.cross_references import CrossReferences
from metrics_dictionary.site.pages.payload_reader import payload_definitions
from tests.site.built_pages import page
from tests.site.conftest import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path


def columns(*metrics: dict[str, object], **dictionary: Any) -> Any:
    definitions = tuple(MetricDefinition(fields, "definitions/metrics/x.yml") for fields in metrics)
    return parsed(payload_definitions(CrossReferences(Dictionary(definitions, **dictionary))))


def parsed(module: str) -> Any:
    match = re.fullmatch(r"export default JSON\.parse\((\".*\")\);\n", module)
    assert match
    return json.loads(json.loads(match[1]))


def test_each_column_has_a_value_for_each_metric_in_the_order_of_the_key_paths() -> None:
    told = columns(
        {"key_path": "b", "status": "removed", "milestone_removed": "16.1", "value_type": "number"},
        {"key_path": "a", "status": "active", "product_group": "oven", "description": "Loaves. And more."},
    )
    assert told["key_path"] == ["a", "b"]
    assert told["description"] == ["Loaves.", ""]
    assert told["status"] == {"values": ["active", "removed"], "rows": [0, 1]}
    assert told["value_type"] == {"values": [None, "number"], "rows": [0, 1]}
    assert told["product_group"] == {"values": ["oven", "none"], "rows": [0, 1]}
    assert told["removed_in"] == {"1": "16.1"}


def test_every_product_group_that_owns_a_metric_has_a_name_and_a_page() -> None:
    told = columns({"key_path": "a", "product_group": "oven"}, {"key_path": "b"})
    assert told["groups"] == {
        "oven": {"name": "oven", "page": "groups/oven/"},
        "none": {"name": "No product group", "page": "groups/none/"},
    }


def test_only_pages_that_are_not_where_the_key_path_says_are_named() -> None:
    told = columns({"key_path": "counts.a"}, {"key_path": "counts.B"})
    assert told["page"] == {"0": "metrics/counts.~B/"}


def test_a_text_of_a_definition_stays_inside_the_one_text_of_the_module(small_site: Path) -> None:
    told = parsed((small_site / "payload/definitions.js").read_text(encoding="utf-8"))
    assert f"h.{HOSTILE}" in told["key_path"]
    assert columns({"key_path": "__proto__"}, object_schemas={"__proto__": {}})["object_schemas"] == {"__proto__": {}}


def test_the_page_forbids_itself_every_connection(small_site: Path) -> None:
    metas = [attributes for tag, attributes in page(small_site / "payload/index.html").elements if tag == "meta"]
    (policy,) = [meta["content"] for meta in metas if meta.get("http-equiv") == "Content-Security-Policy"]
    assert {"connect-src 'none'", "default-src 'none'", "form-action 'none'"} <= set((policy or "").split("; "))
