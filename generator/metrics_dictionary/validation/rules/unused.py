"""What is defined but used by no metric. Removed metrics use nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.validation.engine.wording import code
from metrics_dictionary.validation.rules.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.validation.rules.context import RuleContext


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
            message = f"no metric counts the event {code(event.action)}"
            yield Finding(context.document_of(event), ("action",), message)


def unused_instrumentation(context: RuleContext) -> Iterator[Finding]:
    """Find instrumentation classes that no metric names."""
    used = {metric.instrumentation_class for metric in context.live_metrics}
    for name, instrumentation in (context.dictionary.instrumentations or {}).items():
        if name not in used:
            message = f"no metric uses the instrumentation class {code(name)}"
            yield Finding(context.document_of(instrumentation), (name,), message, at_key=True)
