"""What a process counts about itself, and Prometheus's text of it: counters, gauges and histograms.

An instrument is made once, at the top of the module whose work it counts, and belongs to the process. Tests compare two
readings. The words are Prometheus's own (https://prometheus.io/docs/concepts/metric_types/).
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Labels = tuple[str, ...]

PREFIX = "metrics_dictionary_"
"""What the name of every instrument begins with in the text."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

MAX_SERIES = 1_000
"""Combinations of label values that an instrument keeps. Any more are counted together, as `other`."""

OTHER = "other"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the buckets of a histogram of durations, unless it has its own."""

_instruments: dict[str, _Instrument] = {}


class _Instrument:
    """A name, what it means, the names of its labels. Any thread may use it; `values` is guarded by `lock`.

    One without labels has a value from the start. One with labels gets a series with its first use. Raises ValueError
    for a name that is taken.
    """

    kind = "untyped"

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        if name in _instruments:
            raise ValueError(f"there is an instrument {name} already")
        self.name, self.meaning, self.labels = f"{PREFIX}{name}", meaning, tuple(labels)
        self.lock = threading.Lock()
        self.values: dict[Labels, float] = {} if labels else {(): 0}
        _instruments[name] = self

    def value(self, *labels: str) -> float:
        """Return what it stands at; 0 before its first use."""
        return self.values.get(labels, 0)

    def samples(self) -> Iterator[str]:
        """Yield its lines, the series in order."""
        with self.lock:
            values = sorted(self.values.items())
        for labels, value in values:
            yield f"{self.name}{_braces(self.labels, labels)} {_number(value)}"

    def bounded(self, labels: Labels) -> Labels:
        """Return the labels under which a value is kept; to be called with the lock held."""
        if len(self.values) < MAX_SERIES or labels in self.values:
            return labels
        return (OTHER,) * len(self.labels)


class Counter(_Instrument):
    """A number that only grows. Its name ends with `_total`."""

    kind = "counter"

    def add(self, *labels: str, amount: float = 1) -> None:
        """Add to the series of these label values; an amount of 0 shows the series before there is anything in it."""
        with self.lock:
            values = self.values
            if labels not in values:
                labels = self.bounded(labels)
            values[labels] = values.get(labels, 0) + amount


class Gauge(_Instrument):
    """A number that rises and falls. NaN says that it is not known."""

    kind = "gauge"

    def set(self, value: float, *labels: str) -> None:
        """Set the series of these label values."""
        with self.lock:
            self.values[self.bounded(labels)] = value


class Histogram(_Instrument):
    """How often a number was in which bucket. ``values`` are the sums."""

    kind = "histogram"

    def __init__(
        self, name: str, meaning: str, labels: Sequence[str] = (), buckets: tuple[float, ...] = SECONDS
    ) -> None:
        """``buckets`` are their upper ends, ascending; one without an end follows them."""
        super().__init__(name, meaning, labels)
        self.buckets = buckets
        self._counts: dict[Labels, list[int]] = {one: [0] * (len(buckets) + 1) for one in self.values}

    def observe(self, value: float, *labels: str) -> None:
        """Count a number in the series of these label values."""
        bucket = bisect_left(self.buckets, value)
        with self.lock:
            counts = self._counts.get(labels)
            if counts is None:
                labels = self.bounded(labels)
                counts = self._counts.setdefault(labels, [0] * (len(self.buckets) + 1))
            counts[bucket] += 1
            self.values[labels] = self.values.get(labels, 0) + value

    def samples(self) -> Iterator[str]:
        """Yield its lines: each bucket with those below it, the sum and the count."""
        with self.lock:
            series = [(labels, list(counts), self.values[labels]) for labels, counts in sorted(self._counts.items())]
        ends = (*map(_number, self.buckets), "+Inf")
        for labels, counts, total in series:
            below = list(accumulate(counts))
            for end, number in zip(ends, below, strict=True):
                yield f"{self.name}_bucket{_braces((*self.labels, 'le'), (*labels, end))} {number}"
            braces = _braces(self.labels, labels)
            yield f"{self.name}_sum{braces} {_number(total)}"
            yield f"{self.name}_count{braces} {below[-1]}"


def prometheus_text() -> str:
    """Return all instruments of this process in Prometheus's text format, version 0.0.4, by name."""
    lines = []
    for _, instrument in sorted(_instruments.items()):
        lines += [f"# HELP {instrument.name} {instrument.meaning}", f"# TYPE {instrument.name} {instrument.kind}"]
        lines += instrument.samples()
    return "\n".join(lines) + "\n"


def _braces(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return (
        str(value)
        if isinstance(value, int)
        else {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), repr(value))
    )
