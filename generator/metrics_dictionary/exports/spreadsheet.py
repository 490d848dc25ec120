"""CSV that is safe to open in a spreadsheet program: RFC 4180, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from metrics_dictionary.tools.json_values import compact_json, encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell starts that a spreadsheet program would run. An apostrophe in front makes it text."""


def spreadsheet(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return a header and one record a row; lines end in CR LF.

    A list of strings is joined by ``;``, unless one of them holds a ``;`` itself. Every other list, and every mapping,
    is compact JSON. Booleans are ``true`` and ``false``; null and a missing field are empty.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(_cell(row.get(column))) for column in columns])
    return encodable(text.getvalue())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) and ";" not in item for item in value):
        return ";".join(value)
    return compact_json(value)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
