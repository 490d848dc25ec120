"""Every rule: what it finds, how much that matters, and what an author does about it.

A rule is a generator of findings and a row here. Where the row has no function, the rule is checked where it is
broken: by the parser, by the run itself, or by ``changes.compare``, which holds two editions of the definitions
against each other. There a definition is a promise to whoever compares numbers across releases: what is computed never
changes under one name, and no name is ever used for something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.validation.engine.schema_rule import schema_findings
from metrics_dictionary.validation.rules.descriptions import description_quality
from metrics_dictionary.validation.rules.duplicates import (
    duplicate_event,
    duplicate_instrumentation,
    duplicate_product_group,
)
from metrics_dictionary.validation.rules.key_paths import (
    duplicate_key_path,
    key_path_conflict,
    key_path_letters,
    malformed_key_path,
)
from metrics_dictionary.validation.rules.lifecycle import lifecycle_fields
from metrics_dictionary.validation.rules.names import (
    empty_time_frame,
    event_file_name,
    file_location,
    long_name,
    time_frame_suffix,
)
from metrics_dictionary.validation.rules.plain_scalars import ambiguous_scalars, cut_off_text
from metrics_dictionary.validation.rules.references import (
    unknown_event,
    unknown_event_property,
    unknown_instrumentation,
    unknown_metric,
    unknown_product_group,
    unknown_value_schema,
    unused_event,
    unused_instrumentation,
)
from metrics_dictionary.validation.rules.rule import Finding, Rule, Scope
from metrics_dictionary.validation.rules.selection import filter_type, mixed_event_selection, unique_all_time
from metrics_dictionary.validation.rules.versions import unquoted_version
from metrics_dictionary.validation.rules.without_value import (
    missing_instrumentation,
    removed_event,
    removed_metric_in_use,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.validation.rules.context import RuleContext


_REPLACING = {
    *("unquoted-version", "lifecycle-fields", "unique-all-time"),
    *("unknown-instrumentation", "unknown-event-property"),
}
"""The rules that explain, better than the schema does, why the schema refuses the same value."""


def _text(
    name: str, summary: str, help_text: str, check: Callable[[Document], Iterator[Finding]] | None = None
) -> Rule:
    return Rule(name, Scope.TEXT, Severity.ERROR, summary, help_text, check, suppressible=False)


def _definition(
    name: str, severity: Severity, check: Callable[[Document], Iterator[Finding]], summary: str, help_text: str
) -> Rule:
    return Rule(name, Scope.DEFINITION, severity, summary, help_text, check, replaces_schema=name in _REPLACING)


def _dictionary(
    name: str, severity: Severity, check: Callable[[RuleContext], Iterator[Finding]], summary: str, help_text: str
) -> Rule:
    return Rule(name, Scope.DICTIONARY, severity, summary, help_text, check, replaces_schema=name in _REPLACING)


def _comparison(name: str, severity: Severity, summary: str, help_text: str) -> Rule:
    return Rule(name, Scope.COMPARISON, severity, summary, help_text)


def _breaking(name: str, summary: str, help_text: str = "") -> Rule:
    new_metric = "Undo it. Make a new metric with another key path, and set this one to `status: removed`."
    return _comparison(name, Severity.ERROR, summary, help_text or new_metric)


def _run(name: str, severity: Severity, summary: str, help_text: str) -> Rule:
    return Rule(name, Scope.RUN, severity, summary, help_text, suppressible=False)


_ROWS = (
    _text(
        "merge-conflict",
        "the markers that git leaves in a file where a merge has a conflict",
        "Keep what is right of each conflict, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`.",
    ),
    _text(
        "yaml-syntax",
        "text that is not YAML",
        "Indent with spaces. Put quotes around a string with `: ` or ` #` in it, or with a special character in front.",
    ),
    _text(
        "yaml-duplicate-key",
        "a key that appears twice in one mapping",
        "Keep one of them; only the last value would count.",
    ),
    _text(
        "yaml-alias",
        "anchors, aliases and merge keys",
        "Write the value out, so that the definition can be read by itself.",
    ),
    _text(
        "yaml-multiple-documents",
        "a second document in a file",
        "Write one definition per file, with at most one `---`, at the top.",
    ),
    _text(
        "yaml-encoding",
        "a file that is not UTF-8, or that contains control characters",
        "Save the file as UTF-8.",
    ),
    _text(
        "yaml-too-large",
        "a file that is too long or nested too deeply for a definition",
        "Split the file, or remove what does not belong in it.",
    ),
    _text(
        "yaml-type",
        "a value that JSON cannot carry or that readers of YAML disagree on: dates, infinities, 12:30, 1_000, tags",
        'Put the value in quotes to keep it as a string: "2024-01-31".',
        ambiguous_scalars,
    ),
    _text(
        "json-syntax",
        "an object schema that is not JSON",
        "Check the file with a JSON formatter.",
    ),
    _text(
        "duplicate-object-schema",
        "an object schema that another definitions root has at the same place",
        "Give one of the two another name, and correct the definitions that name it.",
    ),
    _definition(
        "schema",
        Severity.ERROR,
        schema_findings,
        "a field that is missing, is unknown, or has a value that the schema does not allow",
        "Follow the description of the field; each finding repeats it.",
    ),
    _definition(
        "cut-off-text",
        Severity.INFO,
        cut_off_text,
        "text behind ` #` in a string without quotes, which YAML cuts off as a comment",
        "Put the whole text in quotes if it is meant. Otherwise give the comment a line of its own.",
    ),
    _run(
        "unchecked-references",
        Severity.INFO,
        "a root without events, instrumentations or product groups, or a file in no root: references are not checked",
        "Add the missing part, or ignore this reminder.",
    ),
    _run(
        "misnamed-file",
        Severity.WARNING,
        "a folder or file of the root that nothing reads, although its name resembles one that is read",
        "Rename it, or move it out of the root.",
    ),
    _run(
        "suppression-without-reason",
        Severity.WARNING,
        "a comment that does not say why it suppresses a rule, and so suppresses nothing",
        "End the comment with the reason: `# metrics-dictionary: ignore RULE -- reason`.",
    ),
    _run(
        "unused-suppression",
        Severity.WARNING,
        "a comment that suppresses a rule that finds nothing in the file",
        "Delete the comment, or the name of the rule in it.",
    ),
    _run(
        "unknown-suppression",
        Severity.WARNING,
        "a comment that does not name a rule, or names one that cannot be suppressed",
        "Name a rule from the rule reference: `# metrics-dictionary: ignore RULE -- reason`.",
    ),
    _definition(
        "unquoted-version",
        Severity.ERROR,
        unquoted_version,
        "a version without quotes, which YAML reads as a number: `16.10` becomes 16.1",
        'Put the version in quotes: `milestone: "16.10"`.',
    ),
    _definition(
        "malformed-key-path",
        Severity.ERROR,
        malformed_key_path,
        "a key path that is empty, has an empty level, or has characters that an address cannot have",
        "Write levels of letters, digits, `_` and `-`, separated by single dots: `counts.ci_builds`.",
    ),
    _definition(
        "long-name",
        Severity.ERROR,
        long_name,
        "a key path, an event or a property whose name has more than 200 characters",
        "Choose a shorter name.",
    ),
    _definition(
        "lifecycle-fields",
        Severity.ERROR,
        lifecycle_fields,
        "a status that disagrees with the fields about removal and repair",
        (
            "A removed definition needs `milestone_removed` and `removed_by_url`. A broken metric needs "
            "`repair_issue_url`. An active definition has no removal fields. Removal comes after introduction."
        ),
    ),
    _definition(
        "mixed-event-selection",
        Severity.ERROR,
        mixed_event_selection,
        "a metric with selection rules that count distinct values and others that count every occurrence",
        "Add `unique` to every entry of `events` or to none. Move entries that differ to another metric.",
    ),
    _definition(
        "unique-all-time",
        Severity.ERROR,
        unique_all_time,
        "a count of distinct values over all time, although the values are kept for some weeks only",
        "Use the time frames `7d` and `28d`, or remove `unique` to count every occurrence.",
    ),
    _definition(
        "empty-time-frame",
        Severity.WARNING,
        empty_time_frame,
        "an empty array of time frames, which makes no metric",
        "List the time frames that you want: `7d`, `28d`, `all`.",
    ),
    _definition(
        "time-frame-suffix",
        Severity.WARNING,
        time_frame_suffix,
        "a key path whose suffix does not fit the time frame, or would be added twice",
        (
            "With one time frame, end the key path in `_weekly` for `7d`, in `_monthly` for `28d`, and without a "
            "suffix for `all`. With an array, leave the suffix out; it is added for each time frame."
        ),
    ),
    _definition(
        "file-location",
        Severity.WARNING,
        file_location,
        "a metric in the folder of another time frame",
        "Move the file: `counts_7d` and `counts_28d` are for one time frame each, `counts_all` for `all` and arrays.",
    ),
    _definition(
        "event-file-name",
        Severity.WARNING,
        event_file_name,
        "an event in a file whose name does not contain the action",
        "Name the file after the action, so that people who know the event find the file.",
    ),
    _definition(
        "description-quality",
        Severity.WARNING,
        description_quality,
        "a description that is empty, a placeholder, a repetition of the name, or shorter than four words",
        "Say what is counted, when, and what is left out.",
    ),
    _dictionary(
        "duplicate-key-path",
        Severity.ERROR,
        duplicate_key_path,
        "two metrics with the same key path, after time frames are expanded",
        "Give one of them another key path, or delete the definition that you do not want.",
    ),
    _dictionary(
        "key-path-conflict",
        Severity.ERROR,
        key_path_conflict,
        "a key path that lies below the value of another metric, so that a payload cannot hold both",
        "Rename one of them. A place in the payload is either a value or an object with more levels.",
    ),
    _dictionary(
        "key-path-letters",
        Severity.WARNING,
        key_path_letters,
        "a key path with a capital letter or a letter outside a to z, or one that differs from another only in case",
        (
            "Use the letters a to z, digits and `_`; some tools and file systems do not tell other names apart. A "
            "metric that is already collected keeps its key path: suppress the rule in its file, with the reason."
        ),
    ),
    _dictionary(
        "duplicate-event",
        Severity.ERROR,
        duplicate_event,
        "two internal events with the same action, or two events with the same category and action",
        "Give one of them another action, or merge the two definitions.",
    ),
    _dictionary(
        "duplicate-instrumentation",
        Severity.ERROR,
        duplicate_instrumentation,
        "two instrumentations with the same class name",
        "Rename one of them and the metrics that use it, or delete the one that you do not want.",
    ),
    _dictionary(
        "duplicate-product-group",
        Severity.ERROR,
        duplicate_product_group,
        "two definitions roots of one dictionary that describe a product group differently",
        "Keep one entry of the group, or make both the same.",
    ),
    _dictionary(
        "filter-type",
        Severity.ERROR,
        filter_type,
        "filters on one property of one event whose values have the same text, one a number and one a string",
        "Both filters share a counter, which is named by the text. Write the type that the event's property has.",
    ),
    _dictionary(
        "unknown-product-group",
        Severity.ERROR,
        unknown_product_group,
        "an owner that is not a product group",
        "Name a group from `product_groups.yml`, or add the group there.",
    ),
    _dictionary(
        "unknown-event",
        Severity.ERROR,
        unknown_event,
        "a selection rule that names an event without a definition",
        "Correct the name, or define the event in `events/`.",
    ),
    _dictionary(
        "unknown-event-property",
        Severity.ERROR,
        unknown_event_property,
        "a filter, a count of distinct values or a sum over something that the event does not have",
        "Use what the event declares in `identifiers` or `additional_properties`, or declare it there.",
    ),
    _dictionary(
        "unknown-instrumentation",
        Severity.ERROR,
        unknown_instrumentation,
        "an instrumentation class without an entry in `instrumentations/`",
        "Correct the name, or add the class to a file of `instrumentations/`.",
    ),
    _dictionary(
        "unknown-value-schema",
        Severity.ERROR,
        unknown_value_schema,
        "the path of an object schema that does not exist",
        "Correct the path, or add the object schema.",
    ),
    _dictionary(
        "unknown-metric",
        Severity.ERROR,
        unknown_metric,
        "an instrumentation that uses the value of a metric that does not exist",
        "Name the key path of a metric. Where its `time_frame` is an array, add the suffix.",
    ),
    _dictionary(
        "removed-event",
        Severity.WARNING,
        removed_event,
        "an active metric that counts a removed event, of which no new occurrence is accepted",
        "Set the metric to `status: removed` and count another event in a new one, or restore the event.",
    ),
    _dictionary(
        "removed-metric-in-use",
        Severity.WARNING,
        removed_metric_in_use,
        "an instrumentation that uses the value of a removed metric, which is in no payload",
        "Set the metric that uses the instrumentation to `status: removed`, and write a new one without that value.",
    ),
    _dictionary(
        "missing-instrumentation",
        Severity.WARNING,
        missing_instrumentation,
        "a metric that names no instrumentation class although its data source needs one",
        "Add `instrumentation_class` with the name of an entry in `instrumentations/`. Without it the value is -1.",
    ),
    _dictionary(
        "unused-event",
        Severity.INFO,
        unused_event,
        "an event that no metric counts",
        "Write a metric that counts it, or remove the event if nothing else needs it.",
    ),
    _dictionary(
        "unused-instrumentation",
        Severity.INFO,
        unused_instrumentation,
        "an instrumentation class that no metric uses",
        "Use the class in a metric, or delete it.",
    ),
    _breaking(
        "deleted-definition",
        "a definition that is gone",
        "Restore the file. If you no longer want it, set `status: removed` in it, so that old numbers stay explained.",
    ),
    _breaking("changed-key-path", "a metric with another key path than before"),
    _breaking("changed-time-frame", "a metric that covers another period, or no longer covers one that it did"),
    _breaking("changed-value-type", "a metric whose value has another type"),
    _breaking("changed-object-schema", "a metric whose value is an object that another schema describes"),
    _breaking("changed-data-source", "a metric whose value comes from another source"),
    _breaking("changed-events", "a metric that counts other events than before"),
    _breaking("changed-unique", "a metric that counts the distinct values of something else"),
    _breaking("changed-filter", "a metric whose filter selects other occurrences of an event"),
    _breaking("changed-operator", "a metric whose operator computes something else from an event"),
    _breaking("changed-instrumentation", "a metric with another instrumentation class"),
    _breaking("changed-options", "a metric with other options for its instrumentation"),
    _breaking(
        "changed-computation",
        "a metric whose SQL, or other computation, changed or is gone with its instrumentation",
        "Undo it. Write a new class in `instrumentations/`, and a new metric that uses it.",
    ),
    _comparison(
        "computed-alike",
        Severity.INFO,
        "another instrumentation class or other options, with the same SQL as before",
        "You need not do anything; the numbers stay comparable.",
    ),
    _breaking(
        "revived-definition",
        "a removed definition that is in use again",
        "Leave it removed and use a new name. There are no numbers for the time between, and the meaning may differ.",
    ),
    _breaking(
        "renamed-event",
        "an event that has another action while metrics count it",
        "Undo it, or define a second event. Occurrences of the new action never reach the old counters.",
    ),
    _breaking(
        "dropped-event-property",
        "something that an event no longer has while a metric filters by it, adds it up or counts its values",
        "Keep the property while a metric that is not removed needs it.",
    ),
    _comparison(
        "changed-milestone",
        Severity.WARNING,
        "a definition that says that it was introduced in another version",
        "Undo it, unless the old milestone was wrong. The milestone says from which version on there are numbers.",
    ),
    _comparison(
        "touched-indicator",
        Severity.WARNING,
        "a change to a metric behind a performance indicator",
        "Tell its owner before this is merged.",
    ),
    _comparison(
        "changed-owner",
        Severity.INFO,
        "a definition that now belongs to another product group",
        "Make sure that both groups know.",
    ),
    _comparison(
        "renamed-group",
        Severity.INFO,
        "a product group that has another identifier, with everything that it owns",
        "You need not do anything in the definitions; they follow the group.",
    ),
    _comparison(
        "unreadable-edition",
        Severity.ERROR,
        "a file of the older edition that cannot be read, so that what it promised is not known",
        "Compare with an edition that can be read. If this change repairs the file, compare it by hand, and suppress "
        "the rule in it.",
    ),
    _comparison(
        "incomplete-comparison",
        Severity.WARNING,
        "an edition to compare with that is not the one you asked for, or whose files have mistakes",
        "Read what the comparison is based on; what it cannot see is not judged.",
    ),
)

RULES = {rule.id: rule for rule in _ROWS}
"""Rule id -> rule, in the order in which a file meets the rules."""


def rules_of(scope: Scope) -> dict[str, Rule]:
    """Return rule id -> rule, of those that look at the same thing."""
    return {name: rule for name, rule in RULES.items() if rule.scope is scope}


DEFINITION_RULES = {
    rule.id: rule for rule in _ROWS if rule.scope is Scope.DEFINITION or rule.check is ambiguous_scalars
}
"""The rules that are applied to each document by itself."""

DICTIONARY_RULES = rules_of(Scope.DICTIONARY)
