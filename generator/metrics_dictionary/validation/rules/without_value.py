"""Metrics that promise a value which nothing computes: the class is missing, or what they compute with is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.references import operands_of
from metrics_dictionary.validation.rules.rule import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.validation.rules.context import RuleContext
    from metrics_dictionary.validation.rules.rule import JsonPath

COMPUTED_BY_CLASSES = ("database", "prometheus", "system", "license")
"""The data sources whose metrics have no value without an instrumentation class; events are counted without one."""

_PROMISED = ("active", "broken")


def missing_instrumentation(context: RuleContext) -> Iterator[Finding]:
    """Find metrics that need an instrumentation class and name none, in a root that has ``instrumentations/``."""
    if context.dictionary.instrumentations is None:
        return
    for metric in context.dictionary.metrics:
        needed = metric.data_source in COMPUTED_BY_CLASSES and metric.status in _PROMISED
        if needed and "instrumentation_class" not in metric.fields:
            yield Finding(
                context.document_of(metric),
                ("data_source",),
                f"the data source is {code(metric.data_source)}, and no `instrumentation_class` says how to compute "
                "the value",
            )


def removed_event(context: RuleContext) -> Iterator[Finding]:
    """Find active metrics that count a removed event, also through the older ``options``."""
    removed = {name: event for name, event in context.dictionary.named_events.items() if event.removed}
    if not removed:
        return
    for metric in context.dictionary.metrics:
        if metric.status == "active":
            for path, name in _named_events(metric):
                if name in removed:
                    status = Place(context.document_of(removed[name]), ("status",), f"{code(name)} is removed here")
                    message = f"the event {code(name)} is removed, so no new occurrence is counted"
                    yield Finding(context.document_of(metric), path, message, related=(status,))


def removed_metric_in_use(context: RuleContext) -> Iterator[Finding]:
    """Find removed metrics among those that the instrumentation of an active metric computes with."""
    removed = {key_path: metric for key_path, metric in context.key_paths if metric.removed}
    if not removed:
        return
    in_use = {metric.instrumentation_class for metric in context.dictionary.metrics if metric.status == "active"}
    kept = {key_path for key_path, metric in context.key_paths if not metric.removed}
    for instrumentation in (context.dictionary.instrumentations or {}).values():
        for position, operand in operands_of(instrumentation) if instrumentation.name in in_use else ():
            if operand in removed and operand not in kept:
                yield Finding(
                    context.document_of(instrumentation),
                    (instrumentation.name, "metrics", position),
                    f"the metric {code(operand)} is removed, so there is no sum",
                    related=(
                        Place(context.document_of(removed[operand]), ("status",), f"{code(operand)} is removed here"),
                    ),
                )


def _named_events(metric: MetricDefinition) -> Iterator[tuple[JsonPath, str]]:
    """Yield each event that the metric reads, with the place where it is named."""
    for rule in metric.selection_rules:
        if rule.name:
            yield ("events", rule.position, "name"), rule.name
    if event := string(metric.options.get("event")):
        yield ("options", "event"), event
    older = metric.options.get("events")
    for position, name in enumerate(older if isinstance(older, list) else ()):
        if isinstance(name, str):
            yield ("options", "events", position), name
