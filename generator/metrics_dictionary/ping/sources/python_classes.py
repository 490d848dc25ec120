"""Instrumentations in Python, which an installed package registers for metrics that nothing else can compute.

A package states them in its ``pyproject.toml``::

    [project.entry-points."metrics_dictionary.instrumentations"]
    CountUnicornsMetric = "unicorns.metrics:CountUnicornsMetric"

The name is the metric's ``instrumentation_class``. An entry of the same name in ``instrumentations/`` goes first: it is
what the site shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.ping.query.time_window import TimeWindow, time_window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.ping.sources.inquiry import Inquiry
    from metrics_dictionary.ping.sources.sources import Sources

GROUP = "metrics_dictionary.instrumentations"


@dataclass(frozen=True, slots=True)
class Context:
    """What a class may use: when collecting began, the days that a ``7d`` or ``28d`` value covers, and the sources."""

    now: datetime
    window: TimeWindow | None
    sources: Sources


class PythonInstrumentation(Protocol):
    """A class of a package. It is made without arguments, once for each metric that it computes."""

    def value(self, metric: MetricDefinition, context: Context) -> object:
        """Return the metric's value: a number, text, truth value, list or mapping, or None for nothing.

        Whatever it raises becomes the reason why the metric has its fallback value. It has 30 seconds.
        """


def registered_classes() -> dict[str, Callable[[], PythonInstrumentation]]:
    """Return class name -> what makes an instance; a package is imported when its first metric is computed."""
    return {point.name: partial(_instance, point) for point in entry_points(group=GROUP)}


def _instance(point: EntryPoint) -> PythonInstrumentation:
    made: PythonInstrumentation = point.load()()
    return made


def python_value(inquiry: Inquiry) -> object:
    """Return what the class computes."""
    sources = inquiry.sources
    window = time_window(text(inquiry.metric.fields.get("time_frame")), inquiry.now)
    instrumentation = sources.classes[inquiry.instrumentation.name]()
    return instrumentation.value(inquiry.metric, Context(inquiry.now, window, sources))
