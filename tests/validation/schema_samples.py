"""Definitions with changes, and what the schemas say about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.engine.schema_rule import schema_findings

if TYPE_CHECKING:
    from collections.abc import Mapping

ABSENT = object()
"""The value of a field that is taken away."""


def changed(definition: Mapping[str, object], **changes: object) -> dict[str, object]:
    """Return a definition with fields replaced, added or, with ABSENT, taken away."""
    return {name: value for name, value in {**definition, **changes}.items() if value is not ABSENT}


def schema_messages(data: object, kind: Kind) -> list[str]:
    """Return the messages of the schema rule about a definition."""
    return [finding.message for finding in schema_findings(document_of(data, kind))]


def document_of(data: object, kind: Kind) -> Document:
    """Return a document that an editor has not saved, written as JSON, which is YAML."""
    return Document("a.yml", "a.yml", kind, data, json.dumps(data).encode())
