"""The fields of a document, for rules that look at one definition: empty when it is of another kind or no mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Kind

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.definition import Fields
    from metrics_dictionary.reading.document import Document

_NO_FIELDS: Fields = {}


def metric_fields(document: Document) -> Fields:
    """Return the fields of a metric."""
    return document.data if document.kind is Kind.METRIC and isinstance(document.data, dict) else _NO_FIELDS


def event_fields(document: Document) -> Fields:
    """Return the fields of an event."""
    return document.data if document.kind is Kind.EVENT and isinstance(document.data, dict) else _NO_FIELDS


def definition_fields(document: Document) -> Fields:
    """Return the fields of a metric or an event."""
    return metric_fields(document) or event_fields(document)
