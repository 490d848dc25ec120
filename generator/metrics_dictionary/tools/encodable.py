"""Text that every export can write as UTF-8."""

from __future__ import annotations


def encodable(text: str) -> str:
    """Return the text with U+FFFD for each half of a surrogate pair, which a definition can hold as an escape."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
