from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.server.joint_recording import JointRecording
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import Recording

if TYPE_CHECKING:
    from pathlib import Path

FIRST = Recording({"a": 1, "b": 2}, {"s": 0.5}, {"u": frozenset({"1"})}, frozenset({"u"}), ("x",))
SECOND = Recording({"a": 3}, {"s": 1.5, "t": 1.0}, {"u": frozenset({"2", "1"})}, frozenset({"a"}), ("y", "z"))


def test_what_is_noted_is_recorded_when_it_is_committed_and_not_before(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    recordings = JointRecording(store)
    with recordings.noting() as notes:
        recordings.record(FIRST)
        recordings.record(SECOND)
        assert store.totals(["a"]) == {}
        recordings.commit(notes)
    assert store.totals(["a", "b", "s"]) == {"a": 4, "b": 2, "s": 2.0}
    assert [row.text for row in store.outbox(10)] == ["x", "y", "z"]
    recordings.record(FIRST)
    assert store.totals(["a"]) == {"a": 5}
    store.close()
