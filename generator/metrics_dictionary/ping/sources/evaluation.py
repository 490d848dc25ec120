"""The evaluation of one metric: what computes it, what may be asked for that, and its value.

A metric names an instrumentation, the instrumentation a data source, and the source has a reader, which gets an
``Evaluation`` and returns the value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from metrics_dictionary.dictionary.dictionary import Instrumentation
from metrics_dictionary.ping.measurement import MetricFailed
from metrics_dictionary.ping.query.data_sources import DATA_SOURCES, PYTHON, WITHOUT_INSTRUMENTATION, DataSource
from metrics_dictionary.ping.query.entry import Entry
from metrics_dictionary.ping.query.time_window import TimeWindow, time_window

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.measurement import Measurement
    from metrics_dictionary.stores.store import Store

TIMEOUT = 30.0


@dataclass(frozen=True)
class Sources:
    """Everything outside the definitions that a metric may ask. None is not configured: its metrics fail.

    ``settings`` is the settings file's tables, nested; ``[license]`` among them is the license. ``machine`` is fact ->
    what finds it out. ``prometheus`` returns the first value of an instant query. ``classes`` is class name -> what
    makes the Python object that computes the metric. ``schema_snapshot`` is the file with the expected structure of
    the database. ``timeout`` is in seconds; it is for each metric whose source has no timeout of its own.
    """

    database: Database | None = None
    store: Store | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    machine: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    prometheus: Callable[[str], float] | None = None
    classes: Mapping[str, Callable[[], PythonInstrumentation]] = field(default_factory=dict)
    schema_snapshot: Path | None = None
    timeout: float = TIMEOUT


@dataclass(frozen=True, slots=True)
class Context:
    """What a Python class may use. ``now`` is when collecting began; ``window`` is None for all time."""

    now: datetime
    window: TimeWindow | None
    sources: Sources


class PythonInstrumentation(Protocol):
    """A class of an installed package. It is made without arguments, once for each metric that it computes."""

    def value(self, metric: MetricDefinition, context: Context) -> object:
        """Return the metric's value: a number, string, boolean, list or mapping, or None for nothing.

        Whatever it raises becomes the reason why the metric has its fallback value. It has 30 seconds.
        """


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A metric, the definition of one time frame, with what computes it and what may be asked.

    ``now`` is when collecting began. ``measure`` returns the measurement of another metric by its key path.
    """

    metric: MetricDefinition
    instrumentation: Instrumentation
    now: datetime
    sources: Sources
    measure: Callable[[str], Measurement]

    @property
    def entry(self) -> Entry:
        """The instrumentation's entry, whose parameters the metric's options fill in."""
        return Entry.of(self.instrumentation, self.metric)

    @property
    def window(self) -> TimeWindow | None:
        """The time window of the value; None where it covers all time."""
        return time_window(self.metric.time_frame, self.now)

    def read(self, source: DataSource) -> object:
        """Return the value that a source has, whatever it is. Raises what its reader raises."""
        return _reader(source.reader)(self)


@cache
def _reader(name: str) -> Callable[[Evaluation], object]:
    module, _, function = name.rpartition(".")
    reader: Callable[[Evaluation], object] = getattr(import_module(f"{__package__}.{module}"), function)
    return reader


def resolved_instrumentation(
    metric: MetricDefinition, dictionary: Dictionary, classes: Collection[str]
) -> Instrumentation:
    """Return what computes a metric: the dictionary's entry, else a Python class, else what its data source implies.

    Raises MetricFailed when nothing says how the value is computed.
    """
    if found := dictionary.instrumentation_of(metric):
        return found
    name = metric.instrumentation_name
    if name is not None and name in classes:
        return Instrumentation(name, {"source": PYTHON}, metric.file_path)
    if metric.data_source in WITHOUT_INSTRUMENTATION:
        return Instrumentation(str(metric.data_source), {"source": metric.data_source}, metric.file_path)
    if name is None:
        raise MetricFailed(
            "the definition does not say how to compute the value; name an `instrumentation_class` in it"
        )
    raise MetricFailed(
        f"the instrumentation {name} does not exist; add an entry to instrumentations/, or install the package that "
        "registers the class"
    )


def data_source_of(instrumentation: Instrumentation) -> DataSource:
    """Return the source that an instrumentation names. Raises MetricFailed for one that does not exist."""
    name = instrumentation.source
    if name not in DATA_SOURCES:
        known = ", ".join(sorted(DATA_SOURCES.keys() - {PYTHON}))
        problem = "the instrumentation has no `source`" if name is None else f"the source {name!r} does not exist"
        raise MetricFailed(f"{problem}; choose one of {known}")
    return DATA_SOURCES[name]
