"""What standard output is: a terminal of some width, or a pipe."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def width() -> int | None:
    """Return the terminal's width in columns, or None for a pipe or a file, where nothing is folded."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def choose_colour(context: click.Context) -> None:
    """Switch colour off for who asks for that with ``NO_COLOR``, and on a terminal that has none."""
    if not may_colour():
        context.color = False


def may_colour() -> bool:
    """Return whether colour is wanted where there is a terminal: ``NO_COLOR`` is empty, and the terminal not dumb."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
