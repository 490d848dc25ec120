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
    """Honour ``NO_COLOR``: any value that is not empty switches colour off, also on a terminal."""
    if os.environ.get("NO_COLOR"):
        context.color = False
