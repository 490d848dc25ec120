"""References: what a definition names must exist, and what is defined should be named.

Nothing is said about references into a part that the root does not have or into a file that could not be parsed, nor
about those of removed definitions: what they named may have gone with them.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.metric import SUFFIXES
from metrics_dictionary.dictionary.selection_rule import BUILT_IN_PROPERTIES, IDENTIFIERS
from metrics_dictionary.tools.text import listed
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.rule import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule
    from metrics_dictionary.tools.near_misses import Suggestion
    from metrics_dictionary.validation.rules.context import RuleContext
    from metrics_dictionary.validation.rules.rule import JsonPath


def unknown_product_group(context: RuleContext) -> Iterator[Finding]:
    """Find owners that are not product groups."""
    groups = context.dictionary.product_groups
    if groups is None:
        return
    live_events = (event for event in context.dictionary.event_definitions or () if not event.removed)
    owned: Iterable[MetricDefinition | EventDefinition] = chain(context.live_metrics, live_events)
    for definition in owned:
        group = definition.product_group
        if group is not None and group not in groups:
            yield Finding(
                context.document_of(definition),
                ("product_group",),
                f"{code(group)} is not a product group",
                suggestion=context.suggestion(_modern(group), groups, "product group"),
            )


_AMBIGUOUS_HELP = "Name an internal event, or make one of these internal with `internal_events: true`."


def unknown_event(context: RuleContext) -> Iterator[Finding]:
    """Find selection rules that name an event without a definition."""
    if context.dictionary.event_definitions is None:
        return
    named, events = context.dictionary.named_events, context.dictionary.events_by_action
    for metric, rules in context.selections:
        for rule in rules:
            name = rule.name
            if name is None or name in named:
                continue
            place = context.document_of(metric), ("events", rule.position, "name")
            if name in events:
                yield Finding(*place, _ambiguous(name, events[name]), help=_AMBIGUOUS_HELP)
            elif not context.stands_in_an_unread_file(name):
                suggestion = context.suggestion(name, events, "event")
                yield Finding(*place, f"the event {code(name)} has no definition", suggestion=suggestion)


def unknown_event_property(context: RuleContext) -> Iterator[Finding]:
    """Find filters, unique values and sums over what the event does not carry."""
    if context.dictionary.event_definitions is None:
        return
    events = context.dictionary.named_events
    for metric, rules in context.selections:
        for rule in rules:
            event = events.get(rule.name or "")
            if event and (rule.filter or rule.unique is not None or rule.operator is not None):
                yield from _unknown_properties(context, metric, rule, event)


def unknown_instrumentation(context: RuleContext) -> Iterator[Finding]:
    """Find instrumentation classes without an entry in ``instrumentations/``."""
    instrumentations = context.dictionary.instrumentations
    if instrumentations is None:
        return
    for metric in context.live_metrics:
        name = metric.instrumentation_name
        if name is not None and name not in instrumentations and not context.stands_in_an_unread_file(name):
            yield Finding(
                context.document_of(metric),
                ("instrumentation_class",),
                f"the instrumentation class {code(name)} has no entry in `instrumentations/`",
                suggestion=context.suggestion(name, instrumentations, "instrumentation"),
            )


def unknown_value_schema(context: RuleContext) -> Iterator[Finding]:
    """Find object metrics whose JSON Schema is not there."""
    schemas = context.dictionary.object_schemas
    for metric in context.live_metrics:
        path = metric.value_json_schema
        if path is not None and path not in schemas:
            yield Finding(
                context.document_of(metric),
                ("value_json_schema",),
                f"the object schema {code(path)} does not exist",
                suggestion=context.suggestion(path, schemas, "value schema"),
            )


def unknown_metric(context: RuleContext) -> Iterator[Finding]:
    """Find instrumentations that compute a number from metrics that do not exist."""
    key_paths = dict.fromkeys(key_path for key_path, _ in context.key_paths)
    for instrumentation in (context.dictionary.instrumentations or {}).values():
        for position, operand in operands_of(instrumentation):
            if operand not in key_paths and not context.stands_in_an_unread_file(_without_suffix(operand)):
                yield Finding(
                    context.document_of(instrumentation),
                    (instrumentation.name, "metrics", position),
                    f"no metric has the key path {code(operand)}",
                    suggestion=_suffixed(operand, key_paths) or context.suggestion(operand, key_paths, "metric"),
                )


def unused_event(context: RuleContext) -> Iterator[Finding]:
    """Find events that feed no metric; the older ``options.event`` and ``options.events`` are uses too."""
    used = {
        name
        for metric in context.live_metrics
        if "events" in metric.fields or "options" in metric.fields
        for name in metric.event_names
    }
    for event in context.dictionary.event_definitions or ():
        if event.action and event.action not in used and not event.removed:
            is_shared = len(context.dictionary.events_by_action[event.action]) > 1
            category = f" of {code(event.category)}" if is_shared and not event.is_internal and event.category else ""
            message = f"no metric counts the event {code(event.action)}{category}"
            yield Finding(context.document_of(event), ("action",), message)


def unused_instrumentation(context: RuleContext) -> Iterator[Finding]:
    """Find instrumentation classes that no metric names."""
    used = {metric.instrumentation_class for metric in context.live_metrics}
    for name, instrumentation in (context.dictionary.instrumentations or {}).items():
        if name not in used:
            message = f"no metric uses the instrumentation class {code(name)}"
            yield Finding(context.document_of(instrumentation), (name,), message, at_key=True)


def operands_of(instrumentation: Instrumentation) -> Iterator[tuple[int, str]]:
    """Yield the position and the key path of each metric that an instrumentation computes with."""
    operands = instrumentation.fields.get("metrics")
    if instrumentation.source == "numbers" and isinstance(operands, list):
        yield from ((position, operand) for position, operand in enumerate(operands) if isinstance(operand, str))


def _ambiguous(action: str, events: Sequence[EventDefinition]) -> str:
    categories = listed([code(event.category) for event in events])
    return f"{code(action)} is the action of {len(events)} events, of {categories}, and none of them is internal"


def _suffixed(key_path: str, key_paths: Collection[str]) -> str | None:
    """Return the key path with the first suffix that makes it one of ``key_paths``."""
    return next((key_path + suffix for suffix in SUFFIXES.values() if key_path + suffix in key_paths), None)


def _without_suffix(key_path: str) -> str:
    """Return a key path as a definition with an array of time frames writes it."""
    return next((key_path.removesuffix(suffix) for suffix in SUFFIXES.values() if key_path.endswith(suffix)), key_path)


def _unknown_properties(
    context: RuleContext, metric: MetricDefinition, rule: SelectionRule, event: EventDefinition
) -> Iterator[Finding]:
    protected = event.protected_properties
    properties = {name: about for name, about in event.additional_properties.items() if name not in protected}
    filters = [name for name in rule.filter if name not in properties]
    for name in filters:
        suggestion = context.suggestion(name, properties, f"property of {event.action}")
        yield _lacking(context, metric, ("events", rule.position, "filter", name), event, name, suggestion)
    if rule.unique is not None and not _carries(event, rule.unique):
        countable = [unique for unique in (*IDENTIFIERS, *BUILT_IN_PROPERTIES) if _carries(event, unique)]
        suggestion = context.suggestion(rule.unique, countable, f"unique value of {event.action}")
        yield _lacking(context, metric, ("events", rule.position, "unique"), event, rule.unique, suggestion)
    if rule.operator == "sum(value)" and "value" not in properties:
        yield _lacking(context, metric, ("events", rule.position, "operator"), event, "value", None)


def _lacking(
    context: RuleContext,
    metric: MetricDefinition,
    path: JsonPath,
    event: EventDefinition,
    needed: str,
    suggestion: Suggestion | None,
) -> Finding:
    kind = f"identifier {code(IDENTIFIERS[needed])}" if needed in IDENTIFIERS else f"property {code(needed)}"
    if needed in event.protected_properties:
        place: str = "extra_trackers"
        message = (
            f"the event {code(event.action)} records the {kind} for its extra trackers only, and no metric sees it"
        )
    else:
        place = next((name for name in ("additional_properties", "identifiers") if event.fields.get(name)), "action")
        message = f"the event {code(event.action)} does not declare the {kind}"
    related = (Place(context.document_of(event), (place,), f"{code(event.action)} is declared here"),)
    at_key = path[-2] == "filter"
    return Finding(context.document_of(metric), path, message, suggestion=suggestion, at_key=at_key, related=related)


def _carries(event: EventDefinition, unique: str) -> bool:
    if unique in IDENTIFIERS:
        return IDENTIFIERS[unique] in event.identifiers
    return unique in event.additional_properties and unique not in event.protected_properties


def _modern(group: str) -> str:
    """Return a group as it is written today: definitions of 2021 say ``group::global search``."""
    return group.removeprefix("group::").replace(" ", "_")
