"""Two values of a field side by side, in little room."""

from __future__ import annotations

from metrics_dictionary.tools.json_values import compact_json

BEFORE_IT = 12
"""Characters that are shown of what both have in common."""


def as_text(value: object) -> str:
    """Return a text as it is, and any other value as JSON; nothing is an empty text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else compact_json(value)


def from_where_they_part(before: object, after: object, room: int) -> tuple[str, str]:
    """Return both as texts; where one is longer than ``room`` characters, both from shortly before they differ."""
    one, other = as_text(before), as_text(after)
    if len(one) <= room and len(other) <= room:
        return one, other
    pairs = enumerate(zip(one, other, strict=False))
    same = next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))
    start = max(one.rfind(" ", 0, max(same - BEFORE_IT, 0)) + 1, min(same, len(one)) - 2 * BEFORE_IT, 0)
    return _cut(one, start, room), _cut(other, start, room)


def _cut(text: str, start: int, room: int) -> str:
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= room else shown[: room - 1] + "…"
