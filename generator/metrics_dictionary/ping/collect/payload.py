"""A Service Ping payload: what was collected, and what is known about how that went."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.dictionary import RECORDED_AT
from metrics_dictionary.ping.query.entry import MAX_DEPTH
from metrics_dictionary.stores.store import CachedPayload, UnreadableError
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.instruments import Gauge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from metrics_dictionary.ping.measurement import Measurement


RECORDED = Gauge("payload_recorded_timestamp_seconds", "When the last payload was collected, in seconds since 1970.")
DURATION = Gauge("payload_duration_seconds", "How long the metrics of the last payload took, added up.")
METRICS = Gauge(
    "payload_metrics", "Metrics of the last payload: those with a value, and those that failed.", ("result",)
)

AWAY = "is away"
NOT_CONFIGURED = "is not configured"
GIVES_NOTHING = "gives no value"


@dataclass(frozen=True)
class Payload:
    """The measurements of one collection, in the order of the key paths. ``recorded_at`` is when it began.

    ``outages`` are the services without which it was collected.
    """

    recorded_at: datetime
    measurements: tuple[Measurement, ...]
    outages: tuple[Outage, ...] = ()

    @cached_property
    def tree(self) -> dict[str, object]:
        """The values nested by key path, ``recorded_at`` first."""
        return nested(iso(self.recorded_at), {one.key_path: one.value for one in self.measurements})

    @cached_property
    def metadata(self) -> dict[str, object]:
        """For each metric its ``name``, ``time_elapsed`` in seconds and, where it failed, the ``error``.

        ``incomplete`` says what an object of totals by value lacks.

        ``outages`` stands there after an outage only: the metadata that GitLab's receiver knows has no such key.
        """
        metadata: dict[str, object] = {
            "recorded_at": iso(self.recorded_at),
            "uuid": self.tree.get("uuid"),
            "metrics": [_metadata(measurement) for measurement in self.measurements],
        }
        if self.outages:
            metadata["outages"] = [{**asdict(outage), "since": iso(outage.since)} for outage in self.outages]
        return metadata

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The metrics that have their fallback value."""
        return tuple(Failure(one.key_path, one.failure) for one in self.measurements if one.failure is not None)


@dataclass(frozen=True, slots=True)
class Outage:
    """A service that gave no value at all: ``service`` is ``database`` or ``store``.

    ``problem`` completes a sentence about the service: AWAY, NOT_CONFIGURED or GIVES_NOTHING.
    ``since`` is when the first of ``attempts`` collections in a row found it away; what happened between them is not
    known.
    """

    service: str
    reason: str
    since: datetime
    attempts: int = 1
    problem: str = AWAY


@dataclass(frozen=True, slots=True)
class Failure:
    """A metric that could not be computed, and why."""

    key_path: str
    reason: str


def nested(recorded_at: str, values: Mapping[str, object]) -> dict[str, object]:
    """Return the tree of key path -> value, ``recorded_at`` first; what has no place in it is left out."""
    tree: dict[str, object] = {RECORDED_AT: recorded_at}
    for key_path, value in values.items():
        if key_path != RECORDED_AT and tree_conflict(key_path, values) is None:
            *levels, name = key_path.split(".")
            _level(tree, levels)[name] = value
    return tree


def _level(tree: dict[str, object], names: Iterable[str]) -> dict[str, object]:
    for name in names:
        inner = tree.setdefault(name, {})
        assert isinstance(inner, dict)  # noqa: S101 - no value is above another: tree_conflict() sees to it
        tree = inner
    return tree


def tree_conflict(key_path: str, key_paths: Collection[str]) -> str | None:
    """Return why a key path has no place in the tree of all these key paths; None where it has one."""
    names = key_path.split(".")
    if len(names) > MAX_DEPTH:
        return f"the payload has no place for it: the key path has more than {MAX_DEPTH} levels"
    for depth in range(1, len(names)):
        above = ".".join(names[:depth])
        if above in key_paths or above == RECORDED_AT:
            return f"the payload has no place for it: {above} is a value itself; rename one of the two"
    return None


def _metadata(measurement: Measurement) -> dict[str, object]:
    metadata: dict[str, object] = {"name": measurement.key_path, "time_elapsed": round(measurement.elapsed, 6)}
    if measurement.incomplete is not None:
        metadata["incomplete"] = measurement.incomplete
    return metadata if measurement.failure is None else {**metadata, "error": measurement.failure}


def cached(payload: Payload) -> CachedPayload:
    """Return what a store keeps of a payload."""
    return CachedPayload(payload.recorded_at, strict_json(payload.tree), strict_json(payload.metadata))


def failures(payload: CachedPayload) -> tuple[Failure, ...]:
    """Return the metrics of a cached payload that have their fallback value, in the order of the key paths.

    Raises UnreadableError for metadata that this program did not write.
    """
    with _readable_metadata():
        metrics = json.loads(payload.metadata)["metrics"]
        return tuple(Failure(one["name"], one["error"]) for one in metrics if "error" in one)


def outages(payload: CachedPayload) -> tuple[Outage, ...]:
    """Return the services without which a cached payload was collected; raises UnreadableError as `failures` does."""
    with _readable_metadata():
        found = json.loads(payload.metadata).get("outages", ())
        return tuple(Outage(**{**one, "since": datetime.fromisoformat(one["since"])}) for one in found)


def show_payload(payload: CachedPayload) -> None:
    """Let the gauges of ``/-/metrics`` show a cached payload; what its metadata cannot say is NaN."""
    seconds = computed = failed = math.nan
    with suppress(UnreadableError), _readable_metadata():
        metrics = json.loads(payload.metadata)["metrics"]
        seconds = round(sum(one["time_elapsed"] for one in metrics), 6)
        failed = sum("error" in one for one in metrics)
        computed = len(metrics) - failed
    RECORDED.set(payload.recorded_at.timestamp())
    DURATION.set(seconds)
    METRICS.set(computed, "computed")
    METRICS.set(failed, "failed")


@contextmanager
def _readable_metadata() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnreadableError(
            "the metadata of the payload in the store cannot be read; collect another one with "
            "`metrics-dictionary ping generate`"
        ) from None


def strict_json(tree: dict[str, object]) -> str:
    """Return strict JSON that can be written as UTF-8: half a surrogate pair becomes a question mark."""
    text = json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8")
