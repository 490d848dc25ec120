"""How values and places are put into a message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.reading.positions import json_path
from metrics_dictionary.tools.text import abridged, deceptive, escaped, listed, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.reading.positions import JsonPath

_MAX_LENGTH = 60
_MAX_VALUES = 12
_MAX_CHARACTERS = 3


def code(text: object) -> str:
    """Return a text in backticks, on one line and printable; characters that are not what they seem are named."""
    written = str(text)
    unusual = deceptive(written)
    return f"`{escaped(written)}`" + (f" (with {abridged(unusual, _MAX_CHARACTERS)})" if unusual else "")


def value(found: object) -> str:
    """Return what a value is, in a few words that never hold more of it than a line can."""
    if found is None:
        return "nothing"
    if isinstance(found, bool):
        return f"the value {json.dumps(found)}"
    if isinstance(found, int | float):
        return f"the number {found}"
    if isinstance(found, str):
        return code(shortened(found, _MAX_LENGTH)) if found.strip() else "an empty string"
    return "a list" if isinstance(found, list) else "a mapping"


def one_of(values: Iterable[object]) -> str:
    """Return ``a``, ``b`` or ``c``, each in backticks; of many only the first ones."""
    words = [code(item if isinstance(item, str) else json.dumps(item)) for item in values]
    if len(words) > _MAX_VALUES:
        return f"one of {abridged(words, _MAX_VALUES)}"
    return listed(words, "or")


def field(path: JsonPath) -> str:
    """Return the place of a value in backticks: ``events[0].name``; a field at the top as it is written."""
    if len(path) == 1 and isinstance(path[0], str):
        return code(path[0])
    return code(json_path(path).removeprefix("$").removeprefix("."))
