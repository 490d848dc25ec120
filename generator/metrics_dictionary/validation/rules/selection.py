"""Selection rules: what a metric counts must be one thing, and countable over its time frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.selection_rule import TOTAL
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.rule import Finding, Place, metric_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.validation.rules.context import RuleContext

_FILTER_TYPES: dict[type, str] = {str: "a string", int: "a number", float: "a number"}


def mixed_event_selection(document: Document) -> Iterator[Finding]:
    """Find a metric that counts distinct values of one event and every occurrence of another."""
    kinds = _uniqueness(document)
    if len(set(kinds.values())) < 2:
        return
    first = next(iter(kinds))
    other = next(position for position, unique in kinds.items() if unique != kinds[first])
    yield Finding(
        document,
        ("events", other),
        f"the rule counts {_counted(kinds[other])}, but the first rule counts {_counted(kinds[first])}",
        related=(Place(document, ("events", first), f"counts {_counted(kinds[first])}"),),
    )


def unique_all_time(document: Document) -> Iterator[Finding]:
    """Find a count of distinct values whose time frame has no end: weekly sets of values are all that is kept."""
    kinds = _uniqueness(document)
    if not any(kinds.values()):
        return
    time_frame = metric_fields(document).get("time_frame")
    message = "distinct values cannot be counted over the time frame `all`"
    related = (
        Place(document, ("events", next(at for at, unique in kinds.items() if unique)), "counts distinct values"),
    )
    if time_frame == "all":
        yield Finding(document, ("time_frame",), message, related=related)
    elif isinstance(time_frame, list) and "all" in time_frame:
        yield Finding(document, ("time_frame", time_frame.index("all")), message, related=related)


def filter_type(context: RuleContext) -> Iterator[Finding]:
    """Find a filter on the number 3 where another one of the same event and property asks for the string "3".

    A counter is named by the texts of what its metric filters, as GitLab names its keys, so both would count into one.
    """
    first: dict[tuple[str | None, str, str], Place] = {}
    for metric, rules in context.selections:
        for rule in rules:
            for name, wanted in rule.filter.items():
                kind = _FILTER_TYPES.get(type(wanted))
                if kind is None:
                    continue
                place = Place(context.document_of(metric), ("events", rule.position, "filter", name), kind)
                other = first.setdefault((rule.name, name, str(wanted)), place)
                if other.message != kind:
                    yield Finding(
                        place.document,
                        place.path,
                        f"{code(wanted)} is {kind} here and {other.message} at {other.location}, "
                        "but both filters share one counter",
                        related=(Place(other.document, other.path, f"{other.message} here"),),
                    )


def _uniqueness(document: Document) -> dict[int, bool]:
    """Return the position of each selection rule with a number -> whether it counts distinct values."""
    events = metric_fields(document).get("events")
    if not isinstance(events, list):
        return {}
    return {
        position: entry.get("unique") is not None
        for position, entry in enumerate(events)
        if isinstance(entry, dict) and entry.get("operator") != TOTAL
    }


def _counted(unique: bool) -> str:
    return "distinct values" if unique else "every occurrence"
