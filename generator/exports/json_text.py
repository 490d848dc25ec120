"""JSON as the exports write it: two spaces a level, text unescaped, and nothing that a strict reader refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from generator.exports.encodable import encodable


def json_text(value: object) -> str:
    """Return a JSON document with a final line break.

    What JSON does not have becomes text: ``"NaN"``, ``"Infinity"``, ``"-Infinity"``; the ``str`` of a date or of any
    other object. A key that is no string becomes its own JSON text (``true``, ``1``).
    """
    return encodable(json.dumps(_json_value(value), indent=2, ensure_ascii=False)) + "\n"


def compact_json(value: object) -> str:
    """Return the same JSON on one line, without blanks between its parts."""
    return encodable(json.dumps(_json_value(value), separators=(",", ":"), ensure_ascii=False))


def _json_value(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {_key(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else json.dumps(value)
    return str(value)


def _key(key: object) -> str:
    value = _json_value(key)
    return value if isinstance(value, str) else compact_json(value)
