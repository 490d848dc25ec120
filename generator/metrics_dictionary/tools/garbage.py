"""Work without Python's garbage collector, which would search among thousands of definitions, none of them garbage."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


COLLECT_AFTER = 20_000
"""Objects that Python makes between two collections of a server, where 700 are usual: a batch of events has as many."""


def collect_seldom() -> None:
    """Leave what there is alone, and collect what comes seldom: of the work with many events it was 13 %."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


@contextmanager
def without_garbage_collection(*, keep: bool = False) -> Iterator[None]:
    """Switch the collector off for a block, and on again after the outermost one.

    With ``keep`` what was made in the block is not looked at later either: it lives as long as its process.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if keep:
                gc.freeze()
            gc.enable()
