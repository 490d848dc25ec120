"""The rules beyond the schemas: what each finds, how much it matters, and what an author does about it.

A rule is a generator of findings and a row here. The rules of ``DEFINITION_RULES`` look at one document, those of
``DICTIONARY_RULES`` at all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.validation.rules.descriptions import description_quality
from metrics_dictionary.validation.rules.duplicates import duplicate_event, duplicate_instrumentation
from metrics_dictionary.validation.rules.key_paths import duplicate_key_path, key_path_conflict, malformed_key_path
from metrics_dictionary.validation.rules.lifecycle import lifecycle_fields
from metrics_dictionary.validation.rules.names import (
    empty_time_frame,
    event_file_name,
    file_location,
    time_frame_suffix,
)
from metrics_dictionary.validation.rules.references import (
    unknown_event,
    unknown_event_property,
    unknown_instrumentation,
    unknown_metric,
    unknown_product_group,
    unknown_value_schema,
)
from metrics_dictionary.validation.rules.rule import Rule
from metrics_dictionary.validation.rules.selection import mixed_event_selection, unique_all_time
from metrics_dictionary.validation.rules.unused import unused_event, unused_instrumentation
from metrics_dictionary.validation.rules.versions import unquoted_version

if TYPE_CHECKING:
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.validation.rules.context import RuleContext

DEFINITION_RULES: dict[str, Rule[Document]] = {
    "unquoted-version": Rule(
        unquoted_version,
        Severity.ERROR,
        summary="a version without quotes, which YAML reads as a number: `16.10` becomes 16.1",
        help='Put the version in quotes: `milestone: "16.10"`.',
    ),
    "malformed-key-path": Rule(
        malformed_key_path,
        Severity.ERROR,
        summary="a key path that is empty, has an empty level, or has characters that no address can hold",
        help="Write levels of letters, digits, `_` and `-`, separated by single dots: `counts.ci_builds`.",
    ),
    "lifecycle-fields": Rule(
        lifecycle_fields,
        Severity.ERROR,
        summary="a status that the fields about removal and repair contradict or do not complete",
        help=(
            "A removed definition states `milestone_removed` and `removed_by_url`, a broken metric `repair_issue_url`, "
            "an active definition no removal, and nothing is removed before it was introduced."
        ),
    ),
    "mixed-event-selection": Rule(
        mixed_event_selection,
        Severity.ERROR,
        summary="selection rules that count distinct values beside others that count every occurrence",
        help="Give each entry of `events` a `unique`, or none of them; what differs goes to a metric of its own.",
    ),
    "unique-all-time": Rule(
        unique_all_time,
        Severity.ERROR,
        summary="a count of distinct values over all time, for which nobody keeps the values",
        help="Use the time frames `7d` and `28d`, or take `unique` out to count every occurrence.",
    ),
    "empty-time-frame": Rule(
        empty_time_frame,
        Severity.WARNING,
        summary="an empty array of time frames, which makes no metric",
        help="List the time frames that are wanted: `7d`, `28d`, `all`.",
    ),
    "time-frame-suffix": Rule(
        time_frame_suffix,
        Severity.WARNING,
        summary="a key path that speaks of another period than the time frame, or that would get its suffix twice",
        help=(
            "With one time frame end the key path in what fits: `_weekly` for `7d`, `_monthly` for `28d`, nothing for "
            "`all`. With an array leave the suffix out: it is added for each time frame."
        ),
    ),
    "file-location": Rule(
        file_location,
        Severity.WARNING,
        summary="a metric in the folder of another time frame",
        help="Move the file: `counts_7d` and `counts_28d` hold one time frame, `counts_all` holds `all` and arrays.",
    ),
    "event-file-name": Rule(
        event_file_name,
        Severity.WARNING,
        summary="an event in a file whose name does not contain the action",
        help="Name the file after the action, so that whoever knows the event finds the file.",
    ),
    "description-quality": Rule(
        description_quality,
        Severity.WARNING,
        summary="a description that is empty, a placeholder, a repetition of the name, or shorter than four words",
        help="Say what is counted, of what, when, and what is left out.",
    ),
}

DICTIONARY_RULES: dict[str, Rule[RuleContext]] = {
    "duplicate-key-path": Rule(
        duplicate_key_path,
        Severity.ERROR,
        summary="two metrics with one key path, time frames expanded",
        help="Give one of them another key path, or delete the definition that is not wanted.",
    ),
    "key-path-conflict": Rule(
        key_path_conflict,
        Severity.ERROR,
        summary="a key path that lies below the value of another metric, so that a payload cannot hold both",
        help="Rename one of them: a place in the payload is either a value or an object with more levels.",
    ),
    "duplicate-event": Rule(
        duplicate_event,
        Severity.ERROR,
        summary="two events with one action",
        help="Give one of them another action, or make one definition of both.",
    ),
    "duplicate-instrumentation": Rule(
        duplicate_instrumentation,
        Severity.ERROR,
        summary="two instrumentations with one class name",
        help="Rename one of them and the metrics that use it, or delete the one that is not wanted.",
    ),
    "unknown-product-group": Rule(
        unknown_product_group,
        Severity.ERROR,
        summary="an owner that is no product group",
        help="Name a group of `product_groups.yml`, or add the group there.",
    ),
    "unknown-event": Rule(
        unknown_event,
        Severity.ERROR,
        summary="a selection rule that names an event without a definition",
        help="Correct the name, or define the event in `events/`.",
    ),
    "unknown-event-property": Rule(
        unknown_event_property,
        Severity.ERROR,
        summary="a filter, a distinct value or a sum over something that the event does not carry",
        help="Use what the event declares in `identifiers` and `additional_properties`, or declare it there.",
    ),
    "unknown-instrumentation": Rule(
        unknown_instrumentation,
        Severity.ERROR,
        summary="an instrumentation class without an entry, so that nobody can compute the value",
        help="Correct the name, or add the class to a file of `instrumentations/`.",
    ),
    "unknown-value-schema": Rule(
        unknown_value_schema,
        Severity.ERROR,
        summary="a JSON Schema for the value that does not exist",
        help="Correct the path, or add the schema to the definitions.",
    ),
    "unknown-metric": Rule(
        unknown_metric,
        Severity.ERROR,
        summary="an instrumentation that computes with a metric that does not exist",
        help="Name the key path of a metric, with the suffix of its time frame where the definition has an array.",
    ),
    "unused-event": Rule(
        unused_event,
        Severity.INFO,
        summary="an event that feeds no metric",
        help="Write a metric that counts it, or remove the event when nobody else needs it.",
    ),
    "unused-instrumentation": Rule(
        unused_instrumentation,
        Severity.INFO,
        summary="an instrumentation class that no metric uses",
        help="Use it in a metric, or delete it.",
    ),
}
