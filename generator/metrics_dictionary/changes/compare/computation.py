"""What is computed differently: the SQL of a metric, or what else its instrumentation says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.sql import statement
from metrics_dictionary.ping.query.time_window import symbolic_time_window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition


@dataclass(frozen=True, slots=True)
class ComputationChange:
    """The computation of one key path, as SQL or as the JSON text of the instrumentation's entry."""

    key_path: str
    before: str
    after: str


class Computations(NamedTuple):
    """``alike`` is true where all of the SQL is known and none of it changed."""

    changes: tuple[ComputationChange, ...]
    alike: bool


def changed_instrumentations(before: Dictionary, after: Dictionary) -> frozenset[str]:
    """Return the class names whose entries differ; what a class is described as does not count."""
    old, new = before.instrumentations or {}, after.instrumentations or {}
    return frozenset(name for name in old.keys() & new.keys() if _meaning(old[name]) != _meaning(new[name]))


def computation_changes(
    metrics: Iterable[tuple[str, MetricDefinition, MetricDefinition]], before: Dictionary, after: Dictionary
) -> Computations:
    """Compare what computes each ``(key_path, older, newer)``, definitions of one time frame."""
    changes: list[ComputationChange] = []
    alike: list[bool] = []
    for key_path, one, other in metrics:
        old, new = _computation(one, before), _computation(other, after)
        alike.append(old is not None and old == new and old.sql)
        if old is not None and new is not None and old != new:
            changes.append(ComputationChange(key_path, old.text, new.text))
    return Computations(tuple(changes), bool(alike) and all(alike))


class _Computation(NamedTuple):
    text: str
    sql: bool


def _computation(metric: MetricDefinition, dictionary: Dictionary) -> _Computation | None:
    instrumentation = (dictionary.instrumentations or {}).get(metric.instrumentation_class or "")
    if instrumentation is None:
        return None
    if instrumentation.source == "database":
        window = symbolic_time_window(text(metric.fields.get("time_frame")))
        try:
            return _Computation(statement(instrumentation, metric, window), sql=True)
        except InstrumentationError:
            return None
    return _Computation(json.dumps(_meaning(instrumentation), sort_keys=True, ensure_ascii=False), sql=False)


def _meaning(instrumentation: Instrumentation) -> dict[str, object]:
    return {name: value for name, value in instrumentation.fields.items() if name != "description"}
