"""What a payload is computed from: everything outside the definitions that a metric may ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.sources.prometheus import Prometheus
    from metrics_dictionary.ping.sources.python_classes import PythonInstrumentation
    from metrics_dictionary.stores.store import Store

ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Sources:
    """What can be asked. What is None is not configured: its metrics get their fallback value and a reason.

    ``settings`` is the settings file's tables, nested; ``[license]`` among them is the licence. ``machine`` is fact ->
    what finds it out, ``classes`` class name -> what makes the Python object that computes it. ``schema_snapshot`` is
    the file with the expected structure of the database. Everything but the database, whose statements have a time
    limit of their own, has ``answer_seconds`` to answer for one metric.
    """

    database: Database | None = None
    store: Store | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    machine: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    prometheus: Prometheus | None = None
    classes: Mapping[str, Callable[[], PythonInstrumentation]] = field(default_factory=dict)
    schema_snapshot: Path | None = None
    answer_seconds: float = ANSWER_SECONDS
