"""Clocks and how moments are written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], datetime]
    """Returns the time, with its zone. What takes one can be tested at any time."""


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return an aware time in UTC with milliseconds: ``2024-01-15T23:33:50.387Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build_time() -> datetime:
    """Return when something is built: what ``SOURCE_DATE_EPOCH`` says (reproducible-builds.org), otherwise now."""
    try:
        return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return utc_now()
