"""What an event looks like on its way to a Snowplow collector."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metrics_dictionary.events.snowplow import (
    SERVICE_PING_CONTEXT,
    STANDARD_CONTEXT,
    Instance,
    KnownUuid,
    StructuredEvents,
)
from metrics_dictionary.events.tracking import EventTracker, IntakeRules
from metrics_dictionary.stores.store import made_uuid
from metrics_dictionary.tools.errors import OperationalError
from tests.events.event_samples import DURING_W53, STRICT, Clock, StoredTracker, a_dictionary, values
from tests.events.loopback_collector import contexts

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.stores.sqlite import SqliteStore
    from metrics_dictionary.stores.store import Store

DICTIONARY = a_dictionary()
FACTS = {"instance": {"hostname": "git.example.com", "version": "17.1.0", "uuid": "u-1"}}


def queued(store: SqliteStore) -> list[dict[str, str]]:
    return [json.loads(row.text) for row in store.outbox(1000)]


@pytest.fixture
def tracker(store: SqliteStore, clock: Clock) -> StoredTracker:
    return StoredTracker(DICTIONARY, store, clock=clock, structured=StructuredEvents(Instance.of(FACTS, "secret")))


def test_an_event_goes_to_the_outbox_as_the_texts_of_a_structured_event(
    tracker: StoredTracker, store: SqliteStore
) -> None:
    properties = {"label": "form", "property": "ready", "value": 2.5, "lang": "eng", "attempts": 3}
    body = {
        "event": "rename",
        "send_to_snowplow": True,
        "namespace_id": 4,
        "project_id": 5,
        "additional_properties": properties,
    }
    tracker.track([body], 7)
    (event,) = queued(store)
    assert {name: entry for name, entry in event.items() if name not in ("cx", "eid", "tv")} == {
        "e": "se", "p": "srv", "tna": "gl", "aid": "gitlab_sm", "se_ca": "InternalEventTracking", "se_ac": "rename",
        "se_la": "form", "se_pr": "ready", "se_va": "2.5", "dtm": str(int(DURING_W53.timestamp() * 1000)),
    }  # fmt: skip
    assert contexts(event) == {
        STANDARD_CONTEXT: {
            "environment": "self-managed",
            "source": "metrics-dictionary",
            "extra": {"lang": "eng", "attempts": 3},
            "user_id": Instance.of(FACTS, "secret").pseudonym(7),
            "namespace_id": 4,
            "project_id": 5,
            "realm": "self-managed",
            "deployment_type": "self-managed",
            "instance_id": "u-1",
            "host_name": "git.example.com",
            "instance_version": "17.1.0",
            "context_generated_at": "2026-12-31T23:59:00.000+00:00",
        },
        SERVICE_PING_CONTEXT: {"data_source": "redis_hll", "event_name": "rename"},
    }


def test_an_event_names_the_instance_by_the_uuid_that_the_first_collection_made(
    store: SqliteStore, clock: Clock
) -> None:
    known = KnownUuid(store)
    tracker = StoredTracker(DICTIONARY, store, clock=clock, structured=StructuredEvents(Instance(), known_uuid=known))
    event = {"event": "merge", "send_to_snowplow": True}
    known.look()
    tracker.track([event], 7)
    made = made_uuid(store)
    tracker.track([event], 7)
    known.look()
    tracker.track([event], 7)
    named = [contexts(event)[STANDARD_CONTEXT].get("instance_id") for event in queued(store)]
    assert named == [None, None, made]
    store.close()
    known.look()
    assert known() == made


def test_an_event_for_the_collector_never_waits_for_the_store() -> None:
    class Hanging:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"the hot path asks the store for its {name}")

    known = KnownUuid(cast("Store", Hanging()))
    tracker = EventTracker(DICTIONARY, structured=StructuredEvents(Instance(), known_uuid=known))
    recording = tracker.track([{"event": "merge", "send_to_snowplow": True}], 7).recording
    assert len(recording.changes.outbox) == 1


ASKED: dict[str, tuple[dict[str, Any], int]] = {
    "true": ({"send_to_snowplow": True}, 1),
    "the text true": ({"send_to_snowplow": "true"}, 1),
    "false": ({"send_to_snowplow": False}, 0),
    "nothing": ({}, 0),
}


@pytest.mark.parametrize(("fields", "number"), ASKED.values(), ids=ASKED)
def test_only_events_that_ask_for_it_are_sent(
    fields: dict[str, Any], number: int, tracker: StoredTracker, store: SqliteStore
) -> None:
    tracker.track([{"event": "merge", **fields}, {"event": "unread", **fields}], 7)
    assert [event["se_ac"] for event in queued(store)] == ["merge", "unread"] * number
    assert values(DICTIONARY, store, DURING_W53)["both"] == 1


def test_a_late_event_was_created_on_the_device_when_it_happened(tracker: StoredTracker, store: SqliteStore) -> None:
    late = {"event": "rename", "send_to_snowplow": True, "occurred_at": "2026-12-20T08:00:00.25+02:00"}
    tracker.track([late], 7)
    (event,) = queued(store)
    assert event["dtm"] == "1797746400250"  # date --date=2026-12-20T06:00:00Z +%s, and 250 milliseconds
    assert contexts(event)[STANDARD_CONTEXT]["context_generated_at"] == "2026-12-31T23:59:00.000+00:00"


def test_nothing_is_queued_of_a_request_that_is_refused(tracker: StoredTracker, store: SqliteStore) -> None:
    with pytest.raises(Exception, match="renmae"):
        tracker.track([{"event": "merge", "send_to_snowplow": True}, {"event": "renmae"}], 7)
    assert queued(store) == []


def test_each_event_has_an_identifier_of_its_own(tracker: StoredTracker, store: SqliteStore) -> None:
    tracker.track([{"event": "merge", "send_to_snowplow": True}] * 50, 7)
    assert len({event["eid"] for event in queued(store)}) == 50


@pytest.mark.parametrize("value", [0, -3, 1e18, 0.1, 10**18])
def test_a_value_is_sent_as_the_number_that_it_is(value: float, tracker: StoredTracker, store: SqliteStore) -> None:
    tracker.track([{"event": "merge", "send_to_snowplow": True, "additional_properties": {"value": value}}], 7)
    assert float(queued(store)[0]["se_va"]) == value


def test_texts_in_any_script_arrive_as_they_were(tracker: StoredTracker, store: SqliteStore) -> None:
    strange = 'наэкранё "quoted" \0 \u2028 🙂'
    tracker.track(
        [
            {
                "event": "rename",
                "send_to_snowplow": True,
                "additional_properties": {"label": strange, "lang": strange, "property": ""},
            }
        ],
        7,
    )
    (event,) = queued(store)
    assert event["se_la"] == strange
    assert "se_pr" not in event
    assert contexts(event)[STANDARD_CONTEXT]["extra"] == {"lang": strange}


def test_a_user_is_called_the_same_every_time_and_cannot_be_guessed_without_the_key() -> None:
    instance = Instance.of(FACTS, "secret")
    assert instance.pseudonym(7) == instance.pseudonym(7) != instance.pseudonym(8)
    assert instance.pseudonym(7) != Instance(user_key="another").pseudonym(7)
    assert Instance().pseudonym(7) is None
    assert instance.pseudonym(None) is None


def test_a_settings_file_without_an_instance_is_enough(store: SqliteStore, clock: Clock) -> None:
    tracker = StoredTracker(DICTIONARY, store, clock=clock, structured=StructuredEvents(Instance.of({}, None)))
    tracker.track([{"event": "merge", "send_to_snowplow": True}], 7)
    assert contexts(queued(store)[0])[STANDARD_CONTEXT]["environment"] == "self-managed"


def test_the_package_is_only_needed_and_only_loaded_where_there_is_a_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "snowplow_tracker.subject", None)
    with pytest.raises(OperationalError, match=r"pip install 'snowplow-tracker>="):
        StructuredEvents(Instance())
    program = (
        "import sys, metrics_dictionary.events.tracking, metrics_dictionary.events.sender;"
        " print('snowplow_tracker' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"


def test_loading_the_package_leaves_the_logging_of_the_process_alone() -> None:
    program = (
        "import logging; from metrics_dictionary.events.snowplow import *; StructuredEvents(Instance());"
        " print(logging.getLogger().handlers)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"[]\n"


PROTECTING = a_dictionary(
    """
- {key_path: all, time_frame: all, events: [{name: ask}]}
- {key_path: of_a_question, time_frame: all, events: [{name: ask, filter: {question: "What, now?"}}]}
- {key_path: of_a_label, time_frame: all, events: [{name: ask, filter: {label: hush}}]}
- {key_path: labels, time_frame: 28d, events: [{name: ask, unique: label}]}
- {key_path: sum, time_frame: all, events: [{name: ask, operator: sum(value)}]}
""",
    """
- action: ask
  additional_properties: {helper: {description: x}, label: {description: x}}
  extra_trackers:
  - {tracking_class: A}
  - {tracking_class: B, protected_properties: {question: {description: x}, label: {description: x}}}
  - {tracking_class: C, protected_properties: {value: {description: x}}}
  - not a mapping
""",
)


@pytest.mark.parametrize("rules", [IntakeRules(), STRICT], ids=["lenient", "strict"])
def test_protected_properties_are_taken_and_reach_no_counter_no_collector_and_no_file(
    store: SqliteStore, clock: Clock, tmp_path: Path, rules: IntakeRules
) -> None:
    tracker = EventTracker(PROTECTING, rules=rules, clock=clock, structured=StructuredEvents(Instance()))
    hidden = {"question": "What, now?", "label": "hush", "value": 8127.25}
    body = {"event": "ask", "send_to_snowplow": True, "additional_properties": {**hidden, "helper": "tutor"}}
    odd = {"event": "ask", "additional_properties": {"question": [{"of": None}], "label": 5, "value": "hush"}}
    tracked = tracker.track([body, odd], 7)
    assert tracked.left_out == ()
    store.commit([tracked.recording])
    clock.now += timedelta(weeks=1)
    assert values(PROTECTING, store, clock.now) == {"all": 2}
    (event,) = queued(store)
    sent = json.dumps([event, contexts(event)])
    assert "tutor" in sent
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"counters}_ask" in kept
    for value in ("What, now?", "hush", "8127"):
        assert value not in sent
        assert value.encode() not in kept
