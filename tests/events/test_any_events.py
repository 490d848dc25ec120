"""Whatever a client sends: no surprise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics_dictionary.events.event_errors import EventsRefusedError
from metrics_dictionary.stores.sqlite import SqliteStore
from tests.events.event_samples import Clock, StoredTracker, a_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterator

DICTIONARY = a_dictionary()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
nearly_events = st.fixed_dictionaries(
    {"event": st.sampled_from(["rename", "merge", "old_push", "renam", ""]) | json_values},
    optional={
        "project_id": json_values,
        "namespace_id": json_values,
        "send_to_snowplow": json_values,
        "additional_properties": json_values
        | st.dictionaries(st.sampled_from(["label", "property", "value", "lang", "attempts", "\ud800"]), json_values),
    },
)


@pytest.fixture(scope="module")
def lasting_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path_factory.mktemp("any") / "store.db", clock=Clock())
    yield store
    store.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=json_values | st.lists(nearly_events | json_values, max_size=5), form=st.booleans())
def test_any_json_value_is_counted_or_refused_in_printable_words(
    bodies: object, form: bool, lasting_store: SqliteStore
) -> None:
    tracker = StoredTracker(DICTIONARY, lasting_store, clock=Clock())
    errors: tuple[str, ...] = ("nothing is wrong",)
    try:
        tracker.track(bodies, 7, form=form)
    except EventsRefusedError as refused:
        errors = refused.errors
    assert errors
    assert all(error.isprintable() and error.encode() for error in errors)


@settings(max_examples=200, deadline=None)
@given(event=json_values)
def test_any_json_value_given_to_the_older_calls_is_refused(event: object, lasting_store: SqliteStore) -> None:
    tracker = StoredTracker(DICTIONARY, lasting_store, clock=Clock())
    with pytest.raises(EventsRefusedError):
        tracker.increment_counter(event)
