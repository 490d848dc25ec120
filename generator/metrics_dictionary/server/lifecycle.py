"""How far a server has come, from listening to leaving: what readiness answers, and which calls have to wait."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from metrics_dictionary.tools.clock import iso, utc_now
from metrics_dictionary.tools.instruments import Gauge

if TYPE_CHECKING:
    from datetime import datetime

RELOADED = Gauge("last_reload_successful", "Whether the last reload took over what was there: 1 or 0; 1 before any.")


class Phase(enum.Enum):
    """What a server is doing. The value says why it is not ready; empty when it is."""

    LOADING = "the definitions are being loaded"
    BUILDING = "the site is being built"
    SERVING = ""
    DRAINING = "the server is about to stop"


class Lifecycle:
    """The phase of one server. One thread changes it, any thread reads it; it never goes back.

    A reload changes no phase: what is served stays in place until what follows it is ready.
    """

    def __init__(self, phase: Phase = Phase.SERVING) -> None:
        self._phase = phase
        self._reload_failed: datetime | None = None
        RELOADED.set(1)

    @property
    def phase(self) -> Phase:
        """What the server is doing now."""
        return self._phase

    def enter(self, phase: Phase) -> None:
        """Go on to a phase. Raises ValueError for an earlier one: what was promised then would no longer be so."""
        order = list(Phase)
        if order.index(phase) < order.index(self._phase):
            raise ValueError(f"a server that is {self._phase.name} does not become {phase.name}")
        self._phase = phase

    def reloaded(self, *, is_successful: bool) -> None:
        """Remember how a reload ended, until the next one ends."""
        self._reload_failed = None if is_successful else utc_now()
        RELOADED.set(int(is_successful))

    def warnings(self) -> tuple[str, ...]:
        """Return what somebody should look at: a reload that took over nothing."""
        if self._reload_failed is None:
            return ()
        return (f"the reload at {iso(self._reload_failed)} failed, and what was in force still is; the log says why",)

    def not_ready(self) -> str | None:
        """Return why no further request should be sent to this server; None when it takes all of them."""
        return self._phase.value or None
