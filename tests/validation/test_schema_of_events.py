"""What an event may look like: each row changes one valid event, says whether it still is one, and why."""

# ruff: noqa: E501 - a table is read best with one row a line

from __future__ import annotations

import pytest

from metrics_dictionary.reading.document import Kind
from tests.validation.schema_samples import ABSENT, changed, schema_messages

EVENT = {
    "description": "Somebody puts a loaf into the oven.",
    "action": "bake_loaf",
    "product_group": "ovens",
    "milestone": "16.10",
    "introduced_by_url": "https://example.com/changes/1",
    "tiers": ["free"],
}
TOLD = {"description": "How it was baked."}
REMOVED = {"status": "removed", "milestone_removed": "17.0", "removed_by_url": "https://example.com/changes/2"}
TRACKER = {"tracking_class": "Ovens::Tracking"}

VALID = [
    ("nothing more than it needs", {}),
    ("a version that nobody knows", {"milestone": None, "introduced_by_url": None}),
    ("identifiers", {"identifiers": ["user", "project", "namespace", "feature_enabled_by_namespace_ids"]}),
    ("no identifiers", {"identifiers": None}),
    ("a tier twice", {"tiers": ["free", "free"]}),
    ("a removal", REMOVED),
    ("an active state", {"status": "active"}),
    ("fields about a removal but no status; a rule of its own", {"milestone_removed": "17.0"}),
    ("the framework's mark", {"internal_events": True, "classification": "duo"}),
    ("no additional property", {"additional_properties": {}}),
    ("each built-in property alone", {"additional_properties": {"property": TOLD}}),
    ("all built-in properties", {"additional_properties": {"label": TOLD, "property": TOLD, "value": TOLD}}),
    ("a custom property beside value", {"additional_properties": {"value": TOLD, "oven": TOLD}}),
    ("a custom property beside label and property", {"additional_properties": {"label": TOLD, "property": TOLD, "oven": TOLD}}),
    ("a custom property alone", {"additional_properties": {"oven": TOLD}}),
    ("a custom property beside label", {"additional_properties": {"label": TOLD, "oven": TOLD}}),
    ("a custom property beside property", {"additional_properties": {"property": TOLD, "oven": TOLD}}),
    ("no extra tracker", {"extra_trackers": []}),
    ("extra trackers", {"extra_trackers": [TRACKER, {**TRACKER, "protected_properties": {"oven": TOLD, "label": TOLD}}]}),
    ("an extra tracker for which nothing is protected", {"extra_trackers": [{**TRACKER, "protected_properties": {}}]}),
    ("a custom property of nothing", {"additional_properties": {"oven": None}}),
    ("custom properties of nothing beside value", {"additional_properties": {"value": TOLD, "oven": None, "shelf": None}}),
    ("older fields", {"category": "x", "extra_properties": {"a": 1}, "iglu_schema_url": None, "extra_tracking_classes": ["A"]}),
]  # fmt: skip

INVALID = [
    *((f"no {name}", {name: ABSENT}, f"the event has no `{name}`") for name in EVENT),
    ("an unknown field", {"distributions": ["ce"]}, "`distributions` is unknown"),
    ("an action with capitals", {"action": "Bake"}, "`action` must be a name of lowercase letters, digits and underscores, not"),
    ("an action with a line break at its end", {"action": "bake\n"}, r"not `bake\n`"),
    ("a mark that is off", {"internal_events": False}, "`internal_events` must be `true`, not the value false"),
    ("a number for a mark", {"internal_events": 1}, "`internal_events` must be true or false, not the number 1"),
    ("an unknown identifier", {"identifiers": ["user", "group"]}, "`identifiers[1]` must be `project`, `user`, `namespace` or"),
    ("a classification of nothing", {"classification": None}, "`classification` must be a string, not nothing"),
    ("another classification", {"classification": "dou"}, "`classification` must be `duo`, not `dou`"),
    ("a status of metrics", {"status": "broken"}, "`status` must be `active` or `removed`, not `broken`"),
    ("a removal without a version", REMOVED | {"milestone_removed": ABSENT}, "has no `milestone_removed`: a removed event"),
    ("a removal without a URL", REMOVED | {"removed_by_url": ABSENT}, "has no `removed_by_url`: a removed event"),
    ("a removal by nobody", REMOVED | {"removed_by_url": None}, "`removed_by_url` must be a string, not nothing"),
    ("an active event with a removal", {"status": "active", "milestone_removed": "17.0"}, "must not be there while the event"),
    ("additional properties of nothing", {"additional_properties": None}, "`additional_properties` must be a mapping, not noth"),
    ("a property without a description", {"additional_properties": {"label": {}}}, "`additional_properties.label` has no `desc"),
    ("a property of nothing", {"additional_properties": {"label": None}}, "`additional_properties.label` must be a mapping, not"),
    ("a property with a type", {"additional_properties": {"value": {**TOLD, "type": "x"}}}, "properties.value.type` is unknown"),
    ("a custom property alone without a description", {"additional_properties": {"oven": {}}}, "`additional_properties.oven` has no `desc"),
    ("extra trackers as names", {"extra_trackers": ["Ovens::Tracking"]}, "`extra_trackers[0]` must be a mapping, not"),
    ("an extra tracker without a class", {"extra_trackers": [{"protected_properties": {}}]}, "`extra_trackers[0]` has no `tracking_class`"),
    ("an extra tracker with another field", {"extra_trackers": [{**TRACKER, "properties": {}}]}, "`extra_trackers[0].properties` is unknown"),
    ("a protected property without a description", {"extra_trackers": [{**TRACKER, "protected_properties": {"oven": {}}}]},
     "`extra_trackers[0].protected_properties.oven` has no `description`"),
    ("a custom property with nothing beside it", {"additional_properties": {"value": TOLD, "a": TOLD, "b": None}},
     "`additional_properties.b` must be a mapping, not nothing"),
    ("a custom property without a description", {"additional_properties": {"value": TOLD, "a": {}}},
     "`additional_properties.a` has no `description`"),
]  # fmt: skip


@pytest.mark.parametrize("changes", [row[1] for row in VALID], ids=[row[0] for row in VALID])
def test_an_event_is_valid_with(changes: dict[str, object]) -> None:
    assert schema_messages(changed(EVENT, **changes), Kind.EVENT) == []


@pytest.mark.parametrize(("changes", "words"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_an_event_is_invalid_for_one_reason_with(changes: dict[str, object], words: str) -> None:
    (message,) = schema_messages(changed(EVENT, **changes), Kind.EVENT)
    assert words in message
