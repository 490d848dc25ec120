"""Between the endpoints and the store: what arrives together is committed together."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.stores.store import Recording, Store, Verdict


class BatchRecorder:
    """Stands before a store's `commit`. What a thread records while it is `collecting` goes into a batch.

    Whoever puts something into the batch holds its response back until the batch is committed: the promise of `commit`,
    that it returns after the commit, is kept towards the client.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = threading.local()

    @contextmanager
    def collecting(self) -> Iterator[list[Recording]]:
        """Collect what this thread records in the list that the context gives, for as long as it lasts."""
        batch: list[Recording] = []
        self._thread.batch = batch
        try:
            yield batch
        finally:
            self._thread.batch = None

    def record(self, recording: Recording) -> None:
        """Put it into this thread's batch, or record it in the store at once. Raises what the store raises."""
        batch: list[Recording] | None = getattr(self._thread, "batch", None)
        if batch is None:
            self._store.commit([recording])
        else:
            batch.append(recording)

    def commit(self, recordings: Sequence[Recording]) -> list[Verdict]:
        """Record all of them in one transaction. Raises what the store raises, and then none is recorded."""
        return self._store.commit(recordings)
