"""Milestones: the versions in which something was introduced or removed, ordered and in words.

GitLab writes ``16.4``, and ``<13.9`` where nobody knows more than that it was before 13.9.
"""

from __future__ import annotations

import re

UNKNOWN_VERSION: tuple[int, ...] = ()
"""The key of a string that is not a milestone."""

_VERSION = re.compile(r"(<?)(\d{1,6})\.(\d{1,6})")


def version_key(text: str | None) -> tuple[int, ...]:
    """Return what orders milestones: ``16.10`` after ``16.9``, ``<13.9`` just before ``13.9``; nonsense comes first."""
    match = _VERSION.fullmatch(text or "")
    if match is None:
        return UNKNOWN_VERSION
    return (int(match[2]), int(match[3]), 0 if match[1] else 1)


def milestone(text: str) -> str:
    """Say a milestone in words: ``<13.9`` is ``before 13.9``."""
    return f"before {text[1:]}" if _is_bound(text) else text


def in_milestone(text: str) -> str:
    """Say when something happened: ``in 16.4``, or ``before 13.9``."""
    return milestone(text) if _is_bound(text) else f"in {text}"


def _is_bound(text: str) -> bool:
    return text.startswith("<") and version_key(text) != UNKNOWN_VERSION
