"""A Service Ping payload: what was collected, and what is known about how that went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from metrics_dictionary.ping.collect.payload_tree import nested
from metrics_dictionary.ping.collect.value_check import iso
from metrics_dictionary.stores.store import CachedPayload

if TYPE_CHECKING:
    from datetime import datetime

    from metrics_dictionary.ping.collect.measurement import Measurement


@dataclass(frozen=True)
class Payload:
    """What one run collected, in the order of the key paths. ``recorded_at`` is when it began."""

    recorded_at: datetime
    measurements: tuple[Measurement, ...]

    @cached_property
    def tree(self) -> dict[str, object]:
        """The values nested by key path, ``recorded_at`` first."""
        return nested(iso(self.recorded_at), {one.key_path: one.value for one in self.measurements})

    @cached_property
    def metadata(self) -> dict[str, object]:
        """For each metric its ``name``, ``time_elapsed`` in seconds and, where it failed, the ``error``."""
        return {
            "recorded_at": iso(self.recorded_at),
            "uuid": self.tree.get("uuid"),
            "metrics": [_metadata(measurement) for measurement in self.measurements],
        }

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The metrics that have their fallback value."""
        return tuple(Failure(one.key_path, one.failure) for one in self.measurements if one.failure is not None)


@dataclass(frozen=True, slots=True)
class Failure:
    """A metric that could not be computed, and why."""

    key_path: str
    reason: str


def _metadata(measurement: Measurement) -> dict[str, object]:
    told: dict[str, object] = {"name": measurement.key_path, "time_elapsed": round(measurement.elapsed, 6)}
    return told if measurement.failure is None else {**told, "error": measurement.failure}


def cached(payload: Payload) -> CachedPayload:
    """Return what a store keeps of a payload."""
    return CachedPayload(payload.recorded_at, json_text(payload.tree), json_text(payload.metadata))


def failures(payload: CachedPayload) -> tuple[Failure, ...]:
    """Return the metrics of a cached payload that have their fallback value, in the order of the key paths."""
    metrics = json.loads(payload.metadata)["metrics"]
    return tuple(Failure(one["name"], one["error"]) for one in metrics if "error" in one)


def json_text(tree: dict[str, object]) -> str:
    """Return strict JSON that can be written as UTF-8: half a surrogate pair becomes a question mark."""
    text = json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8")
