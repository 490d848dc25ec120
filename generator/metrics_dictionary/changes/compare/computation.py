"""What a metric computes differently: its SQL, what else its instrumentation says, or the events that it counts.

And which objects its value may be: metrics whose value is an object promise their schema as others their value_type.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.changes.field_change import FieldChange
from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.sql import undated_statement
from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule


@dataclass(frozen=True, slots=True)
class ComputationChange:
    """The computation of one key path, as SQL or as the JSON text of the instrumentation's entry.

    ``after`` is None where nothing computes the metric any more.
    """

    key_path: str
    before: str
    after: str | None


class Computations(NamedTuple):
    """``alike`` is true where all of the SQL is known and none of it changed."""

    changes: tuple[ComputationChange, ...]
    alike: bool


def changed_instrumentations(before: Edition, after: Edition) -> frozenset[str]:
    """Return the class names whose entries differ or are gone; what a class is described as does not count."""
    old, new = before.dictionary.instrumentations or {}, after.dictionary.instrumentations or {}
    changed = {name for name in old.keys() & new.keys() if _meaning(old[name]) != _meaning(new[name])}
    return frozenset(changed | (old.keys() - new.keys() if after.tells_of_instrumentations else set()))


def computation_changes(
    metrics: Iterable[tuple[str, MetricDefinition, MetricDefinition]], before: Edition, after: Edition
) -> Computations:
    """Compare what computes each ``(key_path, older, newer)``, definitions of one time frame.

    A removed metric needs nothing that computes it.
    """
    changes: list[ComputationChange] = []
    alike: list[bool] = []
    for key_path, one, other in metrics:
        old, new = _computation(one, before.dictionary), _computation(other, after.dictionary)
        alike.append(old is not None and old == new and old.sql)
        if old is not None and new is not None and old != new:
            changes.append(ComputationChange(key_path, old.text, new.text))
        elif old is not None and new is None and after.tells_of_instrumentations and not other.removed:
            changes.append(ComputationChange(key_path, old.text, None))
    return Computations(tuple(changes), bool(alike) and all(alike))


class _Computation(NamedTuple):
    text: str
    sql: bool


def _computation(metric: MetricDefinition, dictionary: Dictionary) -> _Computation | None:
    instrumentation = dictionary.instrumentation_of(metric)
    if instrumentation is None:
        return None
    if instrumentation.source == "database":
        try:
            return _Computation(undated_statement(instrumentation, metric), sql=True)
        except InstrumentationError:
            return None
    return _Computation(json.dumps(_meaning(instrumentation), sort_keys=True, ensure_ascii=False), sql=False)


def _meaning(instrumentation: Instrumentation) -> dict[str, object]:
    return {name: value for name, value in instrumentation.fields.items() if name != "description"}


class Aspect(StrEnum):
    """The part of a selection rule that changed; ``events`` is the rule as a whole."""

    EVENTS = "events"
    UNIQUE = "unique"
    FILTER = "filter"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class SelectionChange:
    """``position`` is the rule's index in the newer metric; None for a rule that is gone. ``event`` is its name."""

    aspect: Aspect
    event: str
    position: int | None
    before: object = None
    after: object = None


def selection_changes(
    before: MetricDefinition, after: MetricDefinition, renamed: Mapping[str, str]
) -> Iterator[SelectionChange]:
    """Yield what changed between the rules of two metrics; their order has no meaning.

    ``renamed`` maps the former action of an event to its present one: following a new name changes no rule.
    """
    old = _by_event(before.selection_rules, renamed)
    new = _by_event(after.selection_rules, {})
    for event in dict.fromkeys((*old, *new)):
        yield from _changes(event, old.get(event, []), new.get(event, []))


def _by_event(rules: Iterable[SelectionRule], renamed: Mapping[str, str]) -> dict[str, list[SelectionRule]]:
    found: defaultdict[str, list[SelectionRule]] = defaultdict(list)
    for rule in rules:
        if rule.name:
            found[renamed.get(rule.name, rule.name)].append(rule)
    return found


def _changes(event: str, old: list[SelectionRule], new: list[SelectionRule]) -> Iterator[SelectionChange]:
    """Compare the rules about one event: those that are the same on both sides first, the others in order."""
    fresh = list(new)
    gone = []
    for rule in old:
        same = next((other for other in fresh if _what(other) == _what(rule)), None)
        if same is None:
            gone.append(rule)
        else:
            fresh.remove(same)
    for rule, other in zip(gone, fresh, strict=False):
        for aspect, one, another in zip(_ASPECTS, _what(rule), _what(other), strict=True):
            if one != another:
                yield SelectionChange(aspect, event, other.position, one, another)
    for rule in gone[len(fresh) :]:
        yield SelectionChange(Aspect.EVENTS, event, None, before=rule.name)
    for rule in fresh[len(gone) :]:
        yield SelectionChange(Aspect.EVENTS, event, rule.position, after=rule.name)


_ASPECTS = (Aspect.UNIQUE, Aspect.FILTER, Aspect.OPERATOR)


def _what(rule: SelectionRule) -> tuple[str | None, dict[str, object], str | None]:
    return rule.unique, dict(rule.filter), rule.operator


SCHEMA_FIELD = "value_json_schema"

_ANNOTATIONS = {"$comment", "$schema", "$id", "title", "description", "examples", "default", "deprecated"}
"""Keywords that allow and forbid nothing (JSON Schema 2020-12, core 8 and validation 9)."""

_BY_NAME = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
"""Keywords whose value maps names of the author's to schemas."""

_DATA = {"const", "enum", "required", "dependentRequired"}
"""Keywords whose value holds no schema."""


def changed_object_schemas(before: Edition, after: Edition) -> frozenset[str]:
    """Return the paths whose object schema allows other values in the newer edition, or is gone from it.

    A combined file has no object schemas and cannot tell; neither can a file that is not valid JSON.
    """
    old, new = before.dictionary.object_schemas, after.dictionary.object_schemas
    if not before.whole or not after.whole:
        return frozenset()
    return frozenset(
        path
        for path, schema in old.items()
        if schema is not None and not (path in new and (new[path] is None or allow_the_same(schema, new[path])))
    )


def object_schema_change(
    before: MetricDefinition, after: MetricDefinition, editions: tuple[Edition, Edition], changed: frozenset[str]
) -> Iterator[FieldChange]:
    """Yield the change of the schema under the path that both definitions name."""
    path = after.value_json_schema
    if path is not None and path == before.value_json_schema and path in changed:
        one, other = (edition.dictionary.object_schemas.get(path) for edition in editions)
        yield FieldChange(SCHEMA_FIELD, one, other)


def allow_the_same(one: object, other: object) -> bool:
    """Return whether two schemas differ in nothing but titles, descriptions and other annotations."""
    return equal(_permitted(one), _permitted(other))


def _permitted(schema: object) -> object:
    if isinstance(schema, list):
        return [_permitted(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, object] = {}
    for keyword, value in schema.items():
        if keyword in _BY_NAME and isinstance(value, dict):
            found[keyword] = {name: _permitted(part) for name, part in value.items()}
        elif keyword not in _ANNOTATIONS:
            found[keyword] = value if keyword in _DATA else _permitted(value)
    return found
