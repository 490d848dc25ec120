"""The reference pages, made from what explains itself: the schemas' fields and the registry of rules."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.site.parts.html import prose
from metrics_dictionary.site.parts.page import Page
from metrics_dictionary.site.parts.urls import twin
from metrics_dictionary.validation.rules.registry import RULES
from metrics_dictionary.validation.schemas.definition_schemas import INSTRUMENTATIONS, schema
from metrics_dictionary.validation.schemas.field_reference import Field, field_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from metrics_dictionary.site.data.site_data import SiteData

FIELDS_URL = "reference/fields/"
RULES_URL = "reference/rules/"

_FILES = (
    ("metric", "Metrics", "One metric a file, below metrics/."),
    ("event", "Events", "One event a file, below events/."),
    ("product_groups", "Product groups", "The groups that may own a definition, in product_groups.yml."),
)

_SOURCES = ("database", "setting", "license", "machine", "prometheus", "numbers", "without_parameters")


class Entry(NamedTuple):
    """A field as the reference shows it. ``anchor`` is unique on the page, ``examples`` are written as JSON."""

    anchor: str
    name: str
    kind: str
    required: bool
    description: Markup
    allowed: list[str]
    examples: list[str]


class Part(NamedTuple):
    """A section of the field reference: the fields of one kind of file or of one source of instrumentations."""

    anchor: str
    title: str
    about: Markup
    entries: list[Entry]


def reference_pages(site: SiteData) -> Iterator[Page]:
    """Yield the field reference and the rule reference."""
    fields = site.render("fields.html", parts=[*_definition_parts(), *_instrumentation_parts()])
    yield Page(FIELDS_URL, "Field reference", fields, section=FIELDS_URL, twin="schemas/metric.json")
    rules = site.render("rules.html", rules=RULES)
    yield Page(RULES_URL, "Rule reference", rules, section=FIELDS_URL, twin=twin(RULES_URL))


def _definition_parts() -> Iterator[Part]:
    for kind, title, about in _FILES:
        yield Part(kind, title, prose(about), [_entry(kind, field) for field in field_reference(kind)])


def _instrumentation_parts() -> Iterator[Part]:
    definitions = schema(INSTRUMENTATIONS)["$defs"]
    for source in _SOURCES:
        part = definitions[source]
        title = "Instrumentations: " + source.replace("_", " ")
        fields = [
            Field(
                name=name,
                types=(),
                required=name in (*part.get("required", ()), "source"),
                description=inner.get("description") or definitions[inner["$ref"].rsplit("/", 1)[1]]["description"],
                allowed=tuple(inner.get("enum", ())),
            )
            for name, inner in part["properties"].items()
            if not inner.get("$ref", "").startswith("#/$defs/instrumentation")
        ]
        anchor = f"instrumentation-{source}"
        yield Part(anchor, title, prose(part["description"]), [_entry(anchor, field) for field in fields])


def _entry(kind: str, field: Field) -> Entry:
    return Entry(
        anchor=f"{kind}-{re.sub(r'[^A-Za-z0-9_]+', '-', field.name.replace('[]', '-items'))}",
        name=field.name,
        kind=" or ".join(field.types),
        required=field.required,
        description=prose(field.description),
        allowed=[_written(value) for value in field.allowed],
        examples=[_written(value) for value in field.examples],
    )


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
