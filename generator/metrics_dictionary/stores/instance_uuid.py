"""The UUID of an instance whose settings name none: the first collection makes it, and the store keeps it for good.

It is data like a counter, so that a backup and what is restored from it have the same.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.stores.store import Store

STATE = "instance_uuid"

LOOK_EVERY = 60.0
"""Seconds between two looks for a UUID that is not there yet: another server may have made it."""


def made_uuid(store: Store) -> str:
    """Return the UUID that the store keeps; make one where there is none. Raises StoreUnavailableError."""
    return store.keep_state(STATE, str(uuid.uuid4()))


def kept_uuid(store: Store) -> str | None:
    """Return the UUID that the store keeps; None before the first collection. Raises StoreUnavailableError."""
    return store.state(STATE)


class KnownUuid:
    """The UUID for a server's hot path, which asks the store rarely, and no more once the UUID is known."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._uuid: str | None = None
        self._looked: float | None = None

    def __call__(self) -> str | None:
        """Return the UUID; None while there is none, or the store that has it is away."""
        now = self._monotonic()
        if self._uuid is None and (self._looked is None or now - self._looked >= LOOK_EVERY):
            self._looked = now
            try:
                self._uuid = kept_uuid(self._store)
            except StoreUnavailableError:
                return None
        return self._uuid
