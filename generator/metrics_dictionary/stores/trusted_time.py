"""The time that a store trusts: one wrong reading of a clock must neither end what is kept nor stop payloads.

A reading that fits what went before moves the trusted time; any other moves it only by the time that has passed on the
monotonic clock, which nobody sets. A clock that was set on purpose is believed after two steady days. The monotonic
clock counts from the boot of the machine, and the store keeps its reading and the boot's id with the time: what short
processes see of one boot adds up.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.clock import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.tools.clock import Clock

TRUSTED = "trusted_time"
"""The name of the state in which a store keeps what TrustedTime knows."""

MAX_BEHIND = 5 * 60.0
MAX_AHEAD = 36 * 3600.0
"""A reading may be this many seconds behind or ahead of the trusted time: clocks are corrected, servers are idle."""

STEADY_AFTER = 48 * 3600.0
"""Seconds after which a jump is believed: so long the clock and the monotonic clock have to agree."""

LOG_EVERY = 3600.0

KEEP_AFTER = 60.0
"""The store keeps the trusted time anew when it has moved by so many seconds, and not with every commit."""

MAX_TIME = datetime.max.replace(tzinfo=UTC).timestamp()

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux names each boot of a machine (proc_sys_kernel(5)); containers of the machine see the same name."""

log = logging.getLogger(__name__)


def since_boot() -> float:
    """Return the seconds of a clock that nobody sets, where possible one that also runs while the machine sleeps."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


@cache
def _boot_id(file: Path) -> str | None:
    """Return the name of this boot; None where the kernel has none, or no clock that processes share."""
    try:
        return file.read_text("ascii").strip() or None if hasattr(time, "CLOCK_BOOTTIME") else None
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class _Jump:
    """A distrusted clock: how far it is from the monotonic one, and since when on that."""

    distance: float
    since: float


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the store keeps: the trusted time at the monotonic time ``at`` of a boot, and the jump of its clock."""

    time: float
    boot: str | None = None
    at: float = 0.0
    jump: _Jump | None = None

    @classmethod
    def of(cls, text: str) -> _Kept | None:
        """Read it; None for what is not a time. A number alone is a time of an unknown boot."""
        try:
            entry = json.loads(text)
            if not isinstance(entry, dict):
                entry = {"time": entry}
            jump = entry.get("jump")
            kept = cls(
                float(entry["time"]),
                entry.get("boot"),
                float(entry.get("at", 0)),
                None if jump is None else _Jump(float(jump["distance"]), float(jump["since"])),
            )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
        return kept if 0 <= kept.time < MAX_TIME and math.isfinite(kept.at) else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """``kept`` is what the store had at the monotonic time ``at``, ``trusted`` what followed from it. Seconds."""

    kept: float | None
    trusted: float
    at: float


class TrustedTime:
    """What one process makes of its clock and of the time that the store keeps for all of them. Thread-safe.

    ``monotonic`` returns seconds. ``warning`` says why the last reading was not trusted; None when it was.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = since_boot) -> None:
        self.warning: str | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._boot = _boot_id(BOOT_ID)
        self._seen: _Seen | None = None
        self._jump: _Jump | None = None
        self._logged: float | None = None
        self._lock = threading.Lock()

    def now(self, text: str | None) -> tuple[float, str | None]:
        """Return the trusted time in seconds since 1970, and what the store should keep; None: what it has.

        ``text`` is what the store keeps now. With None, in a new store, and with what is not a time, the reading is all
        that there is.
        """
        reading, at = self._clock().timestamp(), self._monotonic()
        kept = None if text is None else _Kept.of(text)
        if text is not None and kept is None:
            log.warning("store: its own time is unreadable; the clock's, %s, replaces it", iso(_moment(reading)))
        with self._lock:
            trusted = reading if kept is None else self._trusted(kept, reading, at)
            self._seen = _Seen(None if kept is None else kept.time, trusted, at)
            new = _Kept(trusted, self._boot, at, self._jump if self._boot else None)
            return trusted, json.dumps(asdict(new)) if _is_worth_keeping(new, kept) else None

    def estimate(self) -> datetime:
        """Return the trusted time as it was last known and what has passed since, without a look into the store."""
        reading, at = self._clock().timestamp(), self._monotonic()
        seen = self._seen
        expected = reading if seen is None else seen.trusted + at - seen.at
        return _moment(reading if expected - MAX_BEHIND <= reading <= expected + MAX_AHEAD else expected)

    def _trusted(self, kept: _Kept, reading: float, at: float) -> float:
        same_boot = self._boot is not None and kept.boot == self._boot and kept.at <= at
        if same_boot and kept.jump is not None:
            self._jump = kept.jump
        expected = self._expected(kept, at, same_boot=same_boot)
        if expected - MAX_BEHIND <= reading <= expected + MAX_AHEAD or self._is_steady(reading - at, at):
            fits = expected - MAX_BEHIND <= reading
            self._jump, self.warning = None, None
            return max(kept.time, reading) if fits else reading
        self._distrust(reading, expected, at)
        return expected

    def _expected(self, kept: _Kept, at: float, *, same_boot: bool) -> float:
        """Return the kept time and what has passed since it was kept or seen, unless another process set it back."""
        passed = kept.time + at - kept.at if same_boot else kept.time
        seen = self._seen
        if seen is None or (seen.kept is not None and kept.time < seen.kept - MAX_BEHIND):
            return passed
        return max(passed, seen.trusted + at - seen.at)

    def _is_steady(self, distance: float, at: float) -> bool:
        if self._jump is None or abs(self._jump.distance - distance) > MAX_BEHIND:
            self._jump = _Jump(distance, at)
        return at - self._jump.since >= STEADY_AFTER

    def _distrust(self, reading: float, expected: float, at: float) -> None:
        says, is_now = (iso(_moment(moment)) for moment in (reading, expected))
        self.warning = (
            f"the clock says {says}, and the store's own time is {is_now}: check the clock of this machine. Until the "
            "two agree, or the clock has run steadily for 48 hours, expiry and payloads follow the store's time"
        )
        if self._logged is None or at - self._logged >= LOG_EVERY:
            self._logged = at
            log.warning("store: %s", self.warning)


def _is_worth_keeping(new: _Kept, kept: _Kept | None) -> bool:
    return (
        kept is None
        or abs(new.time - kept.time) >= KEEP_AFTER
        or new.boot != kept.boot
        or new.jump != kept.jump  # also when it is over: the next jump's two days must not begin with this one's
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
