"""Names that may be given once: events by action, or by category and action; instrumentation classes; groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.product_groups import product_groups_of
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.rule import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.dictionary import ProductGroup
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.validation.rules.context import RuleContext
    from metrics_dictionary.validation.rules.rule import JsonPath


def duplicate_event(context: RuleContext) -> Iterator[Finding]:
    """Find an event that an earlier file has already: an internal one by its action, others by their category too."""
    first: dict[tuple[str | None, str], EventDefinition] = {}
    for event in context.dictionary.event_definitions or ():
        owner = first.setdefault(event.identity, event)
        if owner is not event and event.action:
            other = Place(context.document_of(owner), ("action",), "first defined here")
            yield Finding(
                context.document_of(event),
                ("action",),
                f"the event {_of(event)} is already defined at {other.location}",
                related=(other,),
            )


def _of(event: EventDefinition) -> str:
    of_category = "" if event.is_internal or not event.category else f" of {code(event.category)}"
    return code(event.action) + of_category


def duplicate_instrumentation(context: RuleContext) -> Iterator[Finding]:
    """Find a class name that an earlier file has already; within one file that is a duplicate key."""
    first: dict[str, Document] = {}
    for document in context.documents:
        if document.kind is not Kind.INSTRUMENTATIONS or not isinstance(document.data, dict):
            continue
        for name in document.data:
            owner = first.setdefault(name, document) if isinstance(name, str) else document
            if owner is not document:
                other = Place(owner, (name,), "first defined here")
                yield Finding(
                    document,
                    (name,),
                    f"the instrumentation class {code(name)} is already defined at {other.location}",
                    at_key=True,
                    related=(other,),
                )


def duplicate_product_group(context: RuleContext) -> Iterator[Finding]:
    """Find a group that an earlier root's ``product_groups.yml`` has with another entry."""
    first: dict[str, tuple[Document, ProductGroup]] = {}
    for document in context.documents:
        if document.kind is not Kind.PRODUCT_GROUPS:
            continue
        for group in product_groups_of(document.data).values():
            owner, known = first.setdefault(group.identifier, (document, group))
            if known != group:
                path = _place_of(group, document)
                other = Place(owner, _place_of(known, owner), "first defined here")
                message = f"the product group {code(group.identifier)} has another entry at {other.location}"
                yield Finding(document, path, message, at_key=bool(path), related=(other,))


def _place_of(group: ProductGroup, document: Document) -> JsonPath:
    return (group.identifier,) if isinstance(document.data, dict) and group.identifier in document.data else ()
