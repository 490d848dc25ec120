"""The rules about what changed since another edition of the definitions; ``generator/lifecycle`` checks them.

A definition is a promise to whoever compares numbers across releases: what is computed never changes under one name,
and no name is ever used for something else.
"""

from __future__ import annotations

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.validation.rules.entry import CatalogueEntry

_NEW_METRIC = "Undo it. Make a new metric with another key path, and set this one to `status: removed`."


def _breaking(summary: str, help_text: str = _NEW_METRIC) -> CatalogueEntry:
    return CatalogueEntry(Severity.ERROR, summary, help_text)


AGAINST_RULES = {
    "deleted-definition": _breaking(
        "a definition that is gone",
        "Restore the file, and set `status: removed` in it where it is no longer wanted: old numbers stay explained.",
    ),
    "changed-key-path": _breaking("a metric with another key path than before"),
    "changed-time-frame": _breaking("a metric that covers another period, or no longer one that it covered"),
    "changed-value-type": _breaking("a metric whose value has another type"),
    "changed-data-source": _breaking("a metric whose value comes from another source"),
    "changed-events": _breaking("a metric that counts other events than before"),
    "changed-unique": _breaking("a metric that counts the distinct values of something else"),
    "changed-filter": _breaking("a metric that counts other occurrences of an event, by its filter"),
    "changed-operator": _breaking("a metric that computes something else of an event, by its operator"),
    "changed-instrumentation": _breaking("a metric with another instrumentation class"),
    "changed-options": _breaking("a metric that gives its instrumentation other options"),
    "changed-computation": _breaking(
        "a metric whose SQL, or what else computes it, changed with its instrumentation",
        "Undo it. Write a new class in `instrumentations/`, and a new metric that uses it.",
    ),
    "computed-alike": CatalogueEntry(
        Severity.INFO,
        "another instrumentation class or other options, with the same SQL as before",
        "Nothing needs to be done: the numbers stay comparable.",
    ),
    "revived-definition": _breaking(
        "a removed definition that is in use again",
        "Leave it removed and use a new name: between the two lives there are no numbers, and perhaps another meaning.",
    ),
    "renamed-event": _breaking(
        "an event with another action, while metrics count it",
        "Undo it, or define a second event: occurrences under the new action never reach the old counters.",
    ),
    "dropped-event-property": _breaking(
        "something that an event no longer carries, while a metric filters by it, adds it up or counts its values",
        "Keep the property as long as a metric that is not removed needs it.",
    ),
    "changed-milestone": CatalogueEntry(
        Severity.WARNING,
        "a definition that claims to be introduced in another version",
        "Undo it, unless the old one was a mistake: the milestone says from when on there are numbers.",
    ),
    "touched-indicator": CatalogueEntry(
        Severity.WARNING,
        "a change to a metric behind a performance indicator",
        "Tell its owner before this is merged.",
    ),
    "changed-owner": CatalogueEntry(
        Severity.INFO,
        "a definition that another product group owns now",
        "Make sure that both groups know.",
    ),
    "incomplete-comparison": CatalogueEntry(
        Severity.WARNING,
        "an edition to compare with that is not the one asked for, or of which a part cannot be read",
        "Read on what the comparison was based; what it could not see is not judged.",
    ),
}
"""Rule id -> entry. They have work only where there is something to compare with."""
