"""Clocks and how moments are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], datetime]
    """Returns the time, with its zone. What takes one can be tested at any time."""


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
