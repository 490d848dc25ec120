"""The JSON Schemas of the site's files for programs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from metrics_dictionary.validation.schemas.fields import field_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

_DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]


@cache
def twin_schemas() -> Mapping[str, Schema]:
    """Return name -> schema; each is published as ``schemas/NAME.json``."""
    return {
        "twin-metric": _definition("metric", "key_path", {}),
        "twin-event": _definition("event", "action", {"metrics": _texts("Key paths of the metrics that it feeds.")}),
        "twin-list": _list(),
        "twin-health": _health(),
        "twin-site": _site(),
        "twin-rules": _rules(),
        "twin-programs": _programs(),
    }


def _definition(kind: str, name: str, more: Mapping[str, Schema]) -> Schema:
    """Describe a definition as it is published: the fields mean what they mean in a file, yet may be mistaken."""
    meanings = {field.name: field.description for field in field_reference(kind) if not set(field.name) & set(".[")}
    properties: dict[str, Schema] = {field: {"description": meaning} for field, meaning in meanings.items()}
    properties[name] = {**properties[name], "type": "string", "minLength": 1}
    properties["file_path"] = _text("The definition's file, relative to the folder that holds the definitions.")
    return _document(
        f"One {kind} of the dictionary",
        {**properties, **more},
        [name, "file_path", *more],
        f"Its fields are as its author wrote them; {kind}.json tells which values are valid.",
    )


def _list() -> Schema:
    definitions = {"metric": _metric(), "event": _event(), "group": _group()}
    properties = {
        "$schema": _text("The address of this schema."),
        "title": _text("The name of the dictionary."),
        "generator": _text("What wrote the file, with its version."),
        "group": _reference("group", "The product group that the document is about."),
        "data_source": _text("The data source that the document is about."),
        "metrics": _entries("metric", "Metrics, one for each time frame, sorted by key path."),
        "events": _entries("event", "Events, sorted by action."),
        "groups": _entries("group", "Product groups, sorted by identifier."),
    }
    schema = _document("Definitions in brief", properties, ["$schema"], "What a definition does not state is left out.")
    return {**schema, "$defs": definitions}


def _metric() -> Schema:
    properties = {
        "key_path": _text("The place of the value in the payload, levels separated by dots."),
        "summary": _text("The first sentence of the description, cut if it is long."),
        "status": _text("active, broken or removed."),
        "product_group": _text("The identifier of the group that owns it."),
        "data_source": _text("Where the value comes from."),
        "data_category": _text("How the value may be used."),
        "value_type": _text("string, number, boolean or object."),
        "time_frame": _text("7d, 28d, all or none."),
        "milestone": _text("The version that introduced it; <13.9 means before 13.9."),
        **_addresses(),
    }
    return _object(properties, ["key_path", "summary", "page", "document"])


def _event() -> Schema:
    properties = {
        "action": _text("The event's name."),
        "summary": _text("The first sentence of the description, cut if it is long."),
        "status": _text("active or removed."),
        "product_group": _text("The identifier of the group that owns it."),
        "identifiers": _texts("Who and what it is about: user, project, namespace."),
        "milestone": _text("The version that introduced it."),
        **_addresses(),
    }
    return _object(properties, ["action", "summary", "status", "identifiers", "page", "document"])


def _group() -> Schema:
    properties = {
        "identifier": _text("What definitions write in product_group; none stands for those that name no group."),
        "name": _text("Its name for people."),
        "stage": _text("The stage that it belongs to."),
        "description": _text("What it is responsible for."),
        "contact": _text("Where to ask."),
        "metric_count": _count("How many metrics it owns."),
        "event_count": _count("How many events it owns."),
        **_addresses(),
    }
    return _object(properties, ["identifier", "name", "metric_count", "event_count", "page", "document"])


def _health() -> Schema:
    ailing: dict[str, Schema] = {
        "kind": {"description": "What is defined.", "enum": ["metric", "event"]},
        "name": _text("The key path or the action."),
        "url": _text("The address of its page, relative to this document."),
        "product_group": {"description": "The group that owns it; null for none.", "type": ["string", "null"]},
        "note": {"description": "What is to be said about this one; null for nothing.", "type": ["string", "null"]},
        "since": {"description": "The day since when, where it is known.", "type": ["string", "null"]},
    }
    check: dict[str, Schema] = {
        "title": _text("What is looked for."),
        "about": _text("What that means."),
        "unknown": {"description": "Why it cannot be told; null when it can.", "type": ["string", "null"]},
        "count": {"description": "How many it finds; null when that cannot be told.", "type": ["integer", "null"]},
        "filter": {
            "description": "The address of a list that shows them, if there is one.",
            "type": ["string", "null"],
        },
        "groups": _map("Product group -> how many it owns.", {"type": "integer"}),
        "definitions": _list_of("Each one.", _object(ailing, ["kind", "name", "url"])),
    }
    properties: dict[str, Schema] = {
        "as_of": {
            "description": "The newest commit that was looked at; null without history.",
            "type": ["string", "null"],
        },
        "definitions": _count("How many definitions were looked at."),
        "checks": _map("Check -> what it found.", _object(check, ["title", "about", "count", "definitions"])),
    }
    return _document("How the definitions are", properties, list(properties))


def _site() -> Schema:
    properties: dict[str, Schema] = {
        "generator": _text("What wrote the site, with its version."),
        "metrics": _count("How many metrics there are, one for each time frame."),
        "events": _count("How many events there are."),
        "downloads": _map(
            "The address of each download, with the SHA-256 of its bytes in hexadecimal.",
            {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        ),
    }
    return _document("What a site holds", properties, list(properties))


def _rules() -> Schema:
    rule: dict[str, Schema] = {
        "id": _text("The rule's name, as in a comment that silences it."),
        "severity": {"description": "Whether a finding fails a check.", "enum": ["error", "warning", "info"]},
        "summary": _text("What it finds."),
        "help": _text("What to do about a finding."),
    }
    entries = {**_own_schema(), "rules": _list_of("Each rule.", _object(rule, list(rule)))}
    return _document("The rules that definitions are checked against", entries, ["rules"])


def _programs() -> Schema:
    file: dict[str, Schema] = {
        "path": _text("Where it is; a word in capitals stands for the name of a definition, a group ..."),
        "about": _text("What is in it."),
        "schema": _text("The name of its schema: schemas/NAME.json."),
    }
    entries = {**_own_schema(), "files": _list_of("Each kind of file.", _object(file, ["path", "about"]))}
    return _document("The files for programs", entries, ["files"])


def _own_schema() -> dict[str, Schema]:
    return {"$schema": _text("The address of this schema.")}


def _addresses() -> dict[str, Schema]:
    return {
        "page": {**_text("The address of its page, relative to this document."), "format": "uri-reference"},
        "document": {**_text("The address of its own document, relative to this one."), "format": "uri-reference"},
    }


def _document(title: str, properties: Mapping[str, Schema], required: list[str], about: str = "") -> Schema:
    schema: Schema = {"$schema": _DRAFT, "title": title}
    if about:
        schema["description"] = about
    return {**schema, **_object(properties, required)}


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "required": required, "properties": dict(properties)}


def _entries(name: str, about: str) -> Schema:
    return _list_of(about, {"$ref": f"#/$defs/{name}"})


def _list_of(about: str, items: Schema) -> Schema:
    return {"description": about, "type": "array", "items": items}


def _map(about: str, values: Schema) -> Schema:
    return {"description": about, "type": "object", "additionalProperties": values}


def _reference(name: str, about: str) -> Schema:
    return {"description": about, "$ref": f"#/$defs/{name}"}


def _text(about: str) -> Schema:
    return {"description": about, "type": "string"}


def _texts(about: str) -> Schema:
    return _list_of(about, {"type": "string"})


def _count(about: str) -> Schema:
    return {"description": about, "type": "integer", "minimum": 0}
