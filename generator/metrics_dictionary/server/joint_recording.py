"""One commit for all events that arrive together."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metrics_dictionary.stores.store import combined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.stores.store import Recording, Store


class JointRecording:
    """Stands before a store's `record`. A thread that is `noting` only notes what is to be recorded.

    Whoever notes something holds its answer back until the note is committed: the promise of `record`, that it returns
    after the commit, is kept towards the client.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = threading.local()

    @contextmanager
    def noting(self) -> Iterator[list[Recording]]:
        """Note what this thread records in the list that the context gives, for as long as it lasts."""
        notes: list[Recording] = []
        self._thread.notes = notes
        try:
            yield notes
        finally:
            self._thread.notes = None

    def record(self, recording: Recording) -> None:
        """Note it, or record it in the store at once. Raises what the store raises."""
        notes: list[Recording] | None = getattr(self._thread, "notes", None)
        if notes is None:
            self._store.record(recording)
        else:
            notes.append(recording)

    def commit(self, recordings: Sequence[Recording]) -> None:
        """Record all of them in one transaction. Raises what the store raises, and then none is recorded."""
        self._store.record(combined(recordings))
