"""The rules about metrics: what one computes never changes under its key path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.computation import SCHEMA_FIELD, Aspect, allow_the_same, selection_changes
from metrics_dictionary.changes.compare.definition_rules import Breach, contact
from metrics_dictionary.changes.field_change import as_text, excerpts
from metrics_dictionary.tools.text import listed
from metrics_dictionary.validation.engine import message_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.changes.compare.comparison import ChangedDefinition, Comparison
    from metrics_dictionary.changes.compare.computation import SelectionChange
    from metrics_dictionary.changes.compare.definition_rules import Check
    from metrics_dictionary.dictionary.metric import MetricDefinition

    MetricChange = ChangedDefinition[MetricDefinition]


def deleted_metric(comparison: Comparison) -> Iterator[Breach]:
    """Find metrics that are gone, also removed ones: a key path must stay taken."""
    for metric, key_paths in comparison.metrics.deleted:
        lost = _named(key_paths)
        yield Breach(metric, (), f"the metric {lost} is gone", gone=True)


def changed_key_path(comparison: Comparison) -> Iterator[Breach]:
    """Find metrics that stand in their old file under another key path."""
    for change in comparison.metrics.changed:
        if renaming := change.field("key_path"):
            names = (message_parts.code(as_text(name)) for name in (renaming.before, renaming.after))
            yield Breach(change.after, ("key_path",), "the metric {} is called {} now".format(*names))


def changed_time_frame(comparison: Comparison) -> Iterator[Breach]:
    """Find metrics whose period is another one, or that are no longer computed for one of their periods."""
    for change in _live(comparison):
        if change.field("key_path"):
            continue
        other = change.field("time_frame")
        if other and change.lost:
            verb = "is" if len(change.lost) == 1 else "are"
            message = f"{_named(change.lost)} {verb} gone: `time_frame` {_from_to(other.before, other.after)}"
            yield Breach(change.after, ("time_frame",), message)
        elif other and not (isinstance(other.before, list) and isinstance(other.after, list)):
            yield _breach(change, "time_frame", other.before, other.after)


def changed_field(name: str, *, unless_alike: bool = False) -> Check:
    """Return a rule that finds live metrics in which a field changed, ``unless_alike`` those with the same SQL."""

    def check(comparison: Comparison) -> Iterator[Breach]:
        for change in _live(comparison):
            other = change.field(name)
            if other and not (unless_alike and (change.computed_alike or _counts_by_value(change))):
                yield _breach(change, name, other.before, other.after)

    return check


def _counts_by_value(change: MetricChange) -> bool:
    """Whether events give the value before and after, and no instrumentation: a class beside them changes nothing."""
    return all(metric.is_by_value and metric.instrumentation_name is None for metric in (change.before, change.after))


def changed_object_schema(comparison: Comparison) -> Iterator[Breach]:
    """Find live metrics whose value may be another object than before; annotations in a schema do not count."""
    old, new = (edition.dictionary.object_schemas for edition in (comparison.before, comparison.after))
    for change in _live(comparison):
        other = change.field(SCHEMA_FIELD)
        if other is None or other.before is None:
            continue
        if not isinstance(other.before, str) or not isinstance(other.after, str):
            yield Breach(
                change.after,
                (SCHEMA_FIELD,),
                f"the object schema of {_who(change)} {_from_to(other.before, other.after)}",
            )
        elif not allow_the_same(old.get(other.before, other.before), new.get(other.after, other.after)):
            yield _breach(change, SCHEMA_FIELD, other.before, other.after)


def changed_selection(aspect: Aspect) -> Check:
    """Return a rule that finds live metrics in which an aspect of a selection rule changed."""

    def check(comparison: Comparison) -> Iterator[Breach]:
        renamed = {
            change.before.action: change.after.action for change in comparison.events.changed if change.field("action")
        }
        for change in _live(comparison):
            if change.field("events"):
                for each in selection_changes(change.before, change.after, renamed):
                    if each.aspect is aspect:
                        yield _selection_breach(change, each)

    return check


def changed_computation(comparison: Comparison) -> Iterator[Breach]:
    """Find metrics that are computed differently, or no longer, though they say the same as before."""
    for change in _live(comparison):
        gone = next((each for each in change.computations if each.after is None), None)
        if gone is not None and not change.field("instrumentation_class"):
            there = comparison.after.dictionary.instrumentation_of(change.after) is not None
            why = "gives no SQL" if there else "is gone"
            message = f"{message_parts.code(gone.key_path)} has nothing that computes it any more: its class {why}"
            yield Breach(change.after, ("instrumentation_class",), message, _BRING_BACK)
        elif change.computations and not any(change.field(name) for name in _COMPUTING):
            computed = change.computations[0]
            parts = _from_to(computed.before, computed.after)
            message = f"{message_parts.code(computed.key_path)} is computed differently: it {parts}"
            yield Breach(change.after, ("instrumentation_class",), message)


_BRING_BACK = "Restore its class in `instrumentations/`, or mark the metric as removed."

_COMPUTING = ("instrumentation_class", "options", "time_frame")


def computed_alike(comparison: Comparison) -> Iterator[Breach]:
    """Find what looks like another computation but gives the same SQL."""
    for change in _live(comparison):
        if change.computed_alike:
            for name in ("instrumentation_class", "options"):
                if change.field(name):
                    yield Breach(change.after, (name,), f"`{name}` of {_who(change)} changed, its SQL did not")


def touched_indicator(comparison: Comparison) -> Iterator[Breach]:
    """Find any change to a metric from which a performance indicator is computed."""
    for change in comparison.metrics.changed:
        indicators = change.before.performance_indicator_types or change.after.performance_indicator_types
        if indicators:
            touched = [each.field for each in change.fields]
            what = _named(touched) if touched else "what computes it"
            message = f"{_who(change)} is behind {_indicators(indicators)}, and {what} changed"
            path = (touched[0] if touched else "instrumentation_class",)
            yield Breach(change.after, path, message, _tell(comparison, change.before, change.after))
    for metric, key_paths in comparison.metrics.deleted:
        if metric.performance_indicator_types:
            message = f"{_named(key_paths)} is behind {_indicators(metric.performance_indicator_types)}, and it is gone"
            yield Breach(metric, (), message, _tell(comparison, metric), gone=True)


def _live(comparison: Comparison) -> Iterator[MetricChange]:
    """Yield the changes to metrics that go on being computed; what a removed one says binds nobody."""
    return (change for change in comparison.metrics.changed if not change.after.removed)


def _breach(change: MetricChange, name: str, before: object, after: object) -> Breach:
    return Breach(change.after, (name,), f"`{name}` of {_who(change)} {_from_to(before, after)}")


def _selection_breach(change: MetricChange, each: SelectionChange) -> Breach:
    event = message_parts.code(each.event)
    if each.aspect is Aspect.EVENTS:
        what = f"no longer counts {event}" if each.position is None else f"counts {event} as well now"
        path = ("events",) if each.position is None else ("events", each.position)
        return Breach(change.after, path, f"{_who(change)} {what}")
    assert each.position is not None  # noqa: S101 - only a rule that is gone as a whole has none
    message = f"`{each.aspect}` of {_who(change)} for {event} {_from_to(each.before, each.after)}"
    return Breach(change.after, ("events", each.position, each.aspect.value), message)


def _who(change: MetricChange) -> str:
    return message_parts.code(change.before.key_path)


def _named(names: Iterable[str]) -> str:
    return listed(map(message_parts.code, names))


def _from_to(before: object, after: object) -> str:
    one, other = (message_parts.code(text) for text in excerpts(before, after, MAX_VALUE_LENGTH))
    if before is None:
        return f"is {other} now and was not there before"
    return f"was {one} and is {'gone' if after is None else other}"


MAX_VALUE_LENGTH = 56
"""Characters of a value that a message shows."""


def _indicators(names: Iterable[str]) -> str:
    indicators = list(names)
    return f"the performance indicator{'' if len(indicators) == 1 else 's'} {_named(indicators)}"


def _tell(comparison: Comparison, *metrics: MetricDefinition) -> str:
    groups = dict.fromkeys(metric.product_group for metric in metrics if metric.product_group)
    contacts = " and ".join(contact(comparison, group) for group in groups)
    return f"Tell {contacts or 'its owner'} before this is merged."
