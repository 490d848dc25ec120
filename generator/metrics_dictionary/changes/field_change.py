"""The two values of a field that changed, and how they are shown side by side in little space."""

from __future__ import annotations

from dataclasses import dataclass

from metrics_dictionary.tools.json_values import compact_json
from metrics_dictionary.tools.text import shortened

CONTEXT = 12
"""Characters that an excerpt shows of what both values have in common."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The values of one field; None where it was or is absent."""

    field: str
    before: object
    after: object


def as_text(value: object) -> str:
    """Return a string as it is, and any other value as JSON; None is an empty string."""
    if value is None:
        return ""
    return value if isinstance(value, str) else compact_json(value)


def excerpts(before: object, after: object, max_length: int) -> tuple[str, str]:
    """Return both values as text of at most ``max_length`` characters.

    Where one of them is longer, both are shown from shortly before the place where they differ.
    """
    one, other = as_text(before), as_text(after)
    if len(one) <= max_length and len(other) <= max_length:
        return one, other
    pairs = enumerate(zip(one, other, strict=False))
    same = next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))
    start = max(one.rfind(" ", 0, max(same - CONTEXT, 0)) + 1, min(same, len(one)) - 2 * CONTEXT, 0)
    return _excerpt(one, start, max_length), _excerpt(other, start, max_length)


def _excerpt(text: str, start: int, max_length: int) -> str:
    return shortened(f"…{text[start:]}" if start else text, max_length)
