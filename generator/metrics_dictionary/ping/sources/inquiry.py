"""An inquiry: one metric whose value is to be found, and everything that may be used to find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.dictionary.dictionary import Instrumentation
from metrics_dictionary.ping.failure import MetricFailed
from metrics_dictionary.ping.query.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.collect.measurement import Measurement
    from metrics_dictionary.ping.sources.sources import Sources

WITHOUT_INSTRUMENTATION = ("internal_events", "redis", "redis_hll")
"""Data sources whose metrics say all that is needed by themselves, in `events` or in `options`."""

PYTHON = "python"
"""The source of a metric whose class is registered by an installed package."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A metric, the definition of one time frame, with the instrumentation that computes it.

    ``measure`` gives the value of another metric by its key path.
    """

    metric: MetricDefinition
    instrumentation: Instrumentation
    now: datetime
    sources: Sources
    measure: Callable[[str], Measurement]

    @property
    def entry(self) -> Entry:
        """The instrumentation's entry, to be filled in by the metric."""
        return Entry.of(self.instrumentation, self.metric)

    @property
    def time_frame(self) -> str:
        """The period that the value covers; ``all`` where the definition does not say."""
        return text(self.metric.fields.get("time_frame")) or "all"


def instrumentation_of(metric: MetricDefinition, dictionary: Dictionary, classes: Collection[str]) -> Instrumentation:
    """Return what computes a metric: the dictionary's entry, else a Python class, else what its data source implies.

    Raises MetricFailed when nothing says how the value is computed.
    """
    name = metric.instrumentation_class
    if name is not None:
        if found := (dictionary.instrumentations or {}).get(name):
            return found
        if name in classes:
            return Instrumentation(name, {"source": PYTHON}, metric.file_path)
    if metric.data_source in WITHOUT_INSTRUMENTATION:
        return Instrumentation(str(metric.data_source), {"source": metric.data_source}, metric.file_path)
    if name is None:
        raise MetricFailed("the definition names no instrumentation_class, so nothing says how to compute the value")
    raise MetricFailed(
        f"nothing says how {name} computes the value; add an entry to instrumentations/, or install the package that "
        "registers the class"
    )
