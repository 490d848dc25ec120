"""A measurement: the value that a metric had, how long finding it took, and why it could not be found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """``value`` is plain JSON data. ``failure`` is None, or why ``value`` is a fallback; ``elapsed`` in seconds."""

    key_path: str
    value: object
    elapsed: float
    failure: str | None = None
