"""A line on the terminal that says how far long work has come."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 1.0
"""Seconds of silence; work that ends sooner shows nothing."""

INTERVAL = 0.1
"""Seconds between two drawings."""


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function ``(done, total)`` that draws on stderr, or None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _Line(label)
    try:
        yield line.draw
    finally:
        line.wipe()


class _Line:
    def __init__(self, label: str) -> None:
        self._label = label
        self._next = time.monotonic() + PATIENCE
        self._drawn = False

    def draw(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next, self._drawn = now + INTERVAL, True
        sys.stderr.write(f"\r\x1b[K{self._label} {done:,} of {total:,}")
        sys.stderr.flush()

    def wipe(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
