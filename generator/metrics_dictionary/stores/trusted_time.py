"""The time that a store trusts: one wrong reading of a clock must neither end what is kept nor stop payloads.

A reading that fits what went before moves the trusted time; any other moves it only by the time that has passed on the
monotonic clock, which nobody sets. A clock that was set on purpose is believed after two steady days.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from metrics_dictionary.tools.clock import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.tools.clock import Clock

MAX_BEHIND = 5 * 60.0
MAX_AHEAD = 36 * 3600.0
"""A reading may be this many seconds behind or ahead of the trusted time: clocks are corrected, servers are idle."""

STEADY_AFTER = 48 * 3600.0
"""Seconds after which a jump is believed: so long the clock and the monotonic clock have to agree."""

LOG_EVERY = 3600.0

KEEP_AFTER = 60.0
"""The store keeps the trusted time anew when it has moved by so many seconds, and not with every commit."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """``kept`` is what the store had at the monotonic time ``at``, ``trusted`` what followed from it. Seconds."""

    kept: float | None
    trusted: float
    at: float


@dataclass(frozen=True, slots=True)
class _Jump:
    """A distrusted clock: how far it is from the monotonic one, and since when."""

    distance: float
    since: float


class TrustedTime:
    """What one process makes of its clock and of the time that the store keeps for all of them. Thread-safe.

    ``monotonic`` returns seconds. ``warning`` says why the last reading was not trusted; None when it was.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.warning: str | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._seen: _Seen | None = None
        self._jump: _Jump | None = None
        self._logged: float | None = None
        self._lock = threading.Lock()

    def now(self, kept: float | None) -> float:
        """Return the trusted time; all times are in seconds since 1970.

        ``kept`` is what the store keeps now; with None, in a new store, the reading is all that there is.
        """
        reading, at = self._clock().timestamp(), self._monotonic()
        with self._lock:
            trusted = reading if kept is None else self._trusted(kept, reading, at)
            self._seen = _Seen(kept, trusted, at)
            return trusted

    def _trusted(self, kept: float, reading: float, at: float) -> float:
        expected = self._expected(kept, at)
        if expected - MAX_BEHIND <= reading <= expected + MAX_AHEAD or self._is_steady(reading - at, at):
            fits = expected - MAX_BEHIND <= reading
            self._jump, self.warning = None, None
            return max(kept, reading) if fits else reading
        self._distrust(reading, expected, at)
        return expected

    def _expected(self, kept: float, at: float) -> float:
        """Return the kept time and what has passed since it was seen, unless another process has set it back."""
        seen = self._seen
        if seen is None or (seen.kept is not None and kept < seen.kept - MAX_BEHIND):
            return kept
        return max(kept, seen.trusted + at - seen.at)

    def _is_steady(self, distance: float, at: float) -> bool:
        if self._jump is None or abs(self._jump.distance - distance) > MAX_BEHIND:
            self._jump = _Jump(distance, at)
        return at - self._jump.since >= STEADY_AFTER

    def _distrust(self, reading: float, expected: float, at: float) -> None:
        says, is_now = (iso(datetime.fromtimestamp(moment, UTC)) for moment in (reading, expected))
        self.warning = (
            f"the clock says {says}, and the store's own time is {is_now}: check the clock of this machine. Until the "
            "two agree, or the clock has run steadily for 48 hours, expiry and payloads follow the store's time"
        )
        if self._logged is None or at - self._logged >= LOG_EVERY:
            self._logged = at
            log.warning("store: %s", self.warning)


def is_worth_keeping(trusted: float, kept: float | None) -> bool:
    """Whether the store should keep this time in place of the one that it has."""
    return kept is None or abs(trusted - kept) >= KEEP_AFTER
