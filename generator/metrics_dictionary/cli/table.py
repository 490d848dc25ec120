"""Rows as aligned columns, for a terminal and for ``awk`` alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the table with two blanks between columns and a newline at each line's end."""
    lines = [list(head), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
