"""Instrumentations in Python, which an installed package registers for metrics that nothing else can compute.

A package states them in its ``pyproject.toml``::

    [project.entry-points."metrics_dictionary.instrumentations"]
    CountUnicornsMetric = "unicorns.metrics:CountUnicornsMetric"

The name is the metric's ``instrumentation_class``. An entry of the same name in ``instrumentations/`` takes
precedence: it is what the site shows.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from metrics_dictionary.ping.sources.evaluation import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.ping.sources.evaluation import Evaluation, PythonInstrumentation

GROUP = "metrics_dictionary.instrumentations"


def registered_classes() -> dict[str, Callable[[], PythonInstrumentation]]:
    """Return class name -> what makes an instance; a package is imported when its first metric is computed."""
    return {point.name: partial(_instance, point) for point in entry_points(group=GROUP)}


def _instance(point: EntryPoint) -> PythonInstrumentation:
    made: PythonInstrumentation = point.load()()
    return made


def python_value(evaluation: Evaluation) -> object:
    """Return what the class computes."""
    sources = evaluation.sources
    instrumentation = sources.classes[evaluation.instrumentation.name]()
    return instrumentation.value(evaluation.metric, Context(evaluation.now, evaluation.window, sources))
