from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.batch_recorder import BatchRecorder
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Recording

if TYPE_CHECKING:
    from pathlib import Path

FIRST = Recording({"a": 1, "b": 2}, {"s": 0.5}, {"u": frozenset({"1"})}, frozenset({"u"}), ("x",))
SECOND = Recording({"a": 3}, {"s": 1.5, "t": 1.0}, {"u": frozenset({"2", "1"})}, frozenset({"a"}), ("y", "z"))


def test_what_is_collected_is_recorded_when_it_is_committed_and_not_before(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    recorder = BatchRecorder(store)
    with recorder.collecting() as batch:
        recorder.record(FIRST)
        recorder.record(SECOND)
        assert store.totals(["a"]) == {}
        recorder.commit(batch)
    assert store.totals(["a", "b", "s"]) == {"a": 4, "b": 2, "s": 2.0}
    assert [row.text for row in store.outbox(10)] == ["x", "y", "z"]
    recorder.record(FIRST)
    assert store.totals(["a"]) == {"a": 5}
    store.close()
