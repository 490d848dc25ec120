"""Values that are computed: by the database, from the counters of events, from other metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.structure import inconsistencies, parse_snapshot, snapshot
from metrics_dictionary.ping.measurement import Incomplete, MetricFailed, SourceUnavailableError
from metrics_dictionary.ping.query.resolution import resolve
from metrics_dictionary.stores.event_metrics import left_out, metric_value
from metrics_dictionary.stores.store import MAX_VALUE_LENGTH, MAX_VALUES, StoreUnavailableError
from metrics_dictionary.tools.text import counted

if TYPE_CHECKING:
    from metrics_dictionary.ping.query.entry import Entry
    from metrics_dictionary.ping.sources.evaluation import Evaluation


def database_value(evaluation: Evaluation) -> object:
    """Return what the database computes within the metric's time window."""
    relation = resolve(evaluation.instrumentation, evaluation.metric)
    if evaluation.sources.database is None:
        raise MetricFailed("no database is configured; name one in the setting `database`")
    return evaluation.sources.database.compute(relation.within(evaluation.window))


def schema_value(evaluation: Evaluation) -> object:
    """Return how the database's structure differs from the snapshot that the settings name: at most 150 differences."""
    file, database = evaluation.sources.schema_snapshot, evaluation.sources.database
    if file is None:
        raise MetricFailed(
            "no expected structure of the database is configured; write it with `metrics-dictionary database "
            "snapshot > FILE` and name the file in the setting `ping.schema_snapshot`"
        )
    if database is None:
        raise MetricFailed("no database is configured; name one in the setting `database`")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MetricFailed(f"{file}: cannot read the expected structure of the database: {error}") from None
    return inconsistencies(parse_snapshot(text, str(file)), snapshot(database))


def event_value(evaluation: Evaluation) -> object:
    """Return the value of a metric over events, from its counters in the store."""
    if evaluation.sources.store is None:
        raise MetricFailed("no store is configured; name one in the setting `store`")
    try:
        value = metric_value(evaluation.metric, evaluation.sources.store, evaluation.now)
        lost = left_out(evaluation.metric, evaluation.sources.store, evaluation.now)
        return Incomplete(value, _lacking(lost)) if lost else value
    except StoreUnavailableError as error:
        raise SourceUnavailableError(str(error)) from error


def _lacking(occurrences: int) -> str:
    return (
        f"the value is incomplete: it lacks {counted(occurrences, 'event')}, because a week, or all time, has "
        f"at most {MAX_VALUES:,} values, each of at most {MAX_VALUE_LENGTH} characters"
    )


def sum_value(evaluation: Evaluation) -> float:
    """Return the sum of other metrics. Raises MetricFailed when one of them has no number."""
    return sum(_number(evaluation, key_path) for key_path in operands(evaluation.entry))


def operands(entry: Entry) -> list[str]:
    """Return the key paths of the metrics that are added. Raises InstrumentationError."""
    if entry.at("operation").value != "add":
        raise entry.at("operation").error("must be `add`")
    key_paths = [item.string() for item in entry.at("metrics").items()]
    if not key_paths:
        raise entry.at("metrics").error("must name at least one metric")
    return key_paths


def _number(evaluation: Evaluation, key_path: str) -> int | float:
    measurement = evaluation.measure(key_path)
    if measurement.failure is not None:
        raise MetricFailed(f"{key_path} has no value: {measurement.failure}")
    value = measurement.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MetricFailed(f"the value of {key_path} is not a number")
    return value
