"""What is counted of reported events, and what is refused."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.events.event_errors import (
    MAX_ERRORS,
    EventErrors,
    InvalidEventsError,
    UncountableEventsError,
    described,
)
from metrics_dictionary.events.tracking import EventNames, EventTracker, IntakeRules
from metrics_dictionary.settings import BY_NAME, Settings
from metrics_dictionary.stores.event_metrics import metric_value
from metrics_dictionary.stores.keys import selections, usage_key
from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.stores.store import StoreUnavailableError
from metrics_dictionary.tools.errors import OperationalError
from tests.events.event_samples import (
    DURING_W01,
    DURING_W52,
    DURING_W53,
    LENIENT,
    NEW_YEARS_DAY,
    STRICT,
    Clock,
    StoredTracker,
    a_dictionary,
    values,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

DICTIONARY = a_dictionary()
EN = {"lang": "eng"}


def rename(properties: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"event": "rename", "additional_properties": properties or {}, **fields}


@pytest.fixture
def tracker(store: SqliteStore, clock: Clock) -> StoredTracker:
    return StoredTracker(DICTIONARY, store, clock=clock)


def errors(tracker: StoredTracker, bodies: object, **how: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidEventsError) as refused:
        tracker.track(bodies, 7, **how)
    return refused.value.errors


COUNTED: dict[str, tuple[list[dict[str, Any]], dict[str, float]]] = {
    "an event counts for every metric whose filter it matches": (
        [rename(EN)],
        {"renames": 1, "renames_weekly": 1, "renames_monthly": 1, "english": 1, "english_weekly": 1, "both": 1,
         "both_weekly": 1, "users_weekly": 1, "users_monthly": 1, "any_users": 1, "old_users": 1},
    ),
    "a filter with two properties wants both": (
        [rename({"lang": "eng", "attempts": 1}), rename({"lang": "eng", "attempts": 2}), rename({"attempts": 1})],
        {"english_first": 1},
    ),
    "the number 1 of a filter is 1 and 1.0, not the text": (
        [rename({"value": 1}), rename({"value": 1.0}), rename({"value": 2})],
        {"value_one": 2},
    ),
    "the text 1 of a filter is not the number": (
        [rename({"attempts": "1"}), rename({"attempts": 1}), rename({"attempts": "1.0"})],
        {"attempts_text": 1},
    ),
    "values are added up, and an event without one adds nothing": (
        [rename({"value": 2}), rename({"value": 0.5, "lang": "eng"}), rename(), rename({"value": -1})],
        {"value_sum": 1.5, "value_sum_monthly": 1.5, "english_sum": 0.5},
    ),
    "a project counts once however often it comes": (
        [rename(project_id=3), rename(project_id=3), rename(project_id="4"), rename()],
        {"projects_weekly": 2, "projects_monthly": 2},
    ),
    "namespaces are no projects": ([rename(project_id=3, namespace_id=3)], {"namespaces": 1, "projects_weekly": 1}),
    "distinct labels count only where the filter matches": (
        [rename({"label": "a", **EN}), rename({"label": "b", **EN}), rename({"label": "c"})],
        {"labels": 2},
    ),
    "3 and 3.0 are one distinct value": (
        [rename({"value": 3}), rename({"value": 3.0}), rename({"value": 3.5})],
        {"values": 2},
    ),
    "a user of two events counts once in a metric of both": (
        [rename(), {"event": "merge"}],
        {"any_users": 1, "both": 2, "both_weekly": 2},
    ),
    "a broken metric is still counted": ([rename({"property": "broken"})], {"broken": 1}),
    "an event that no metric reads is valid and counts nothing": ([{"event": "unread", "project_id": 1}], {}),
    "what is null is not there": (
        [{"event": "merge", "project_id": None, "namespace_id": None, "additional_properties": None,
          "send_to_snowplow": None}, rename({"lang": None, "value": None})],
        {"both": 2, "english": 0, "value_sum": 0},
    ),
    "built-in properties may come without being declared": (
        [{"event": "merge", "additional_properties": {"label": "x"}}],
        {"both": 1},
    ),
    "unknown keys of a body are ignored": ([{"event": "merge", "colour": {"deep": [1]}}], {"both": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("bodies", "expected"), COUNTED.values(), ids=COUNTED)
def test_an_event_is_counted(
    bodies: list[dict[str, Any]],
    expected: dict[str, float],
    tracker: StoredTracker,
    store: SqliteStore,
) -> None:
    assert tracker.track(bodies, 7) == ()
    found = values(DICTIONARY, store, DURING_W53 + timedelta(weeks=1))
    assert {key_path: found.get(key_path, 0) for key_path in expected} == expected
    if not expected:
        assert found == {}


PROPERTIES = "additional_properties"
UNDECLARED = 'is not a property of the event "rename"; its properties are label, property, value, attempts, lang'

REFUSED: dict[str, tuple[object, str]] = {
    "no event": ({}, "event is missing"),
    "event null": ({"event": None}, "event is missing"),
    "event a number": ({"event": 7}, "event: must be the name of an event, found 7"),
    "event empty": ({"event": ""}, 'event: must be the name of an event, found ""'),
    "a list": ([], 'the body: must be an object with the key "event", found a list'),
    "a text": ("rename", 'the body: must be an object with the key "event", found "rename"'),
    "null": (None, 'the body: must be an object with the key "event", found null'),
    "project negative": (rename(project_id=-1), "project_id: must be a whole number, 0 for none, found -1"),
    "project a truth": (rename(project_id=True), "project_id: must be a whole number, 0 for none, found true"),
    "project a fraction": (rename(project_id=1.0), "project_id: must be a whole number, 0 for none, found 1.0"),
    "project words": (rename(project_id="1 "), 'project_id: must be a whole number, 0 for none, found "1 "'),
    "project other digits": (rename(project_id="١"), 'project_id: must be a whole number, 0 for none, found "١"'),
    "project huge": (
        rename(project_id=2**63),
        "project_id: must be a whole number up to 9223372036854775807, 0 for none, found 9223372036854775808",
    ),
    "project beyond": (
        rename(project_id=10**5000),
        "project_id: must be a whole number up to 9223372036854775807, 0 for none, "
        "found a number of more than 20 digits",
    ),
    "namespace an object": (
        rename(namespace_id={}),
        "namespace_id: must be a whole number, 0 for none, found an object",
    ),
    "snowplow a word": (rename(send_to_snowplow="yes"), 'send_to_snowplow: must be true or false, found "yes"'),
    "snowplow a number": (rename(send_to_snowplow=1), "send_to_snowplow: must be true or false, found 1"),
    "properties a list": (
        {"event": "rename", "additional_properties": []},
        "additional_properties: must be an object, found a list",
    ),
    "label a number": (rename({"label": 1}), f"{PROPERTIES}.label: must be a string, found 1"),
    "property a list": (rename({"property": ["a"]}), f"{PROPERTIES}.property: must be a string, found a list"),
    "value a text": (rename({"value": "3"}), f'{PROPERTIES}.value: must be a number, found "3"'),
    "value a truth": (rename({"value": False}), f"{PROPERTIES}.value: must be a number, found false"),
    "value NaN": (rename({"value": math.nan}), f"{PROPERTIES}.value: must be a number from -1e18 to 1e18, found NaN"),
    "value infinite": (
        rename({"value": -math.inf}),
        f"{PROPERTIES}.value: must be a number from -1e18 to 1e18, found -Infinity",
    ),
    "value huge": (rename({"value": 1e300}), f"{PROPERTIES}.value: must be a number from -1e18 to 1e18, found 1e+300"),
    "custom infinite": (
        rename({"lang": math.inf}),
        f"{PROPERTIES}.lang: must be a number from -1e18 to 1e18, found Infinity",
    ),
    "custom an object": (rename({"lang": {}}), f"{PROPERTIES}.lang: must be a string or a number, found an object"),
    "custom a truth": (rename({"lang": True}), f"{PROPERTIES}.lang: must be a string or a number, found true"),
    "a long text": (
        rename({"label": "x" * 1001}),
        f"{PROPERTIES}.label: must be a string of at most 1,000 characters, found 1,001",
    ),
    "half a character": (
        rename({"label": "a\ud800"}),
        f'{PROPERTIES}.label: must be Unicode text, found half of a surrogate pair in "a\\ud800"',
    ),
    "mistyped property": (
        rename({"lnag": "eng"}),
        f'{PROPERTIES}.lnag: is not a property of the event "rename"; did you mean "lang"?',
    ),
    "undeclared property": (rename({"x": 1}), f"{PROPERTIES}.x: {UNDECLARED}"),
    "undeclared null": (rename({"x": None}), f"{PROPERTIES}.x: {UNDECLARED}"),
    "a property that breaks lines": (
        rename({"x\n\x1b[31m" + "y" * 100: 1}),
        f"{PROPERTIES}.x\\n\\x1b[31m" + "y" * 52 + f"…: {UNDECLARED}",
    ),
}


@pytest.mark.parametrize(("body", "error"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_body_is_refused_in_words(body: object, error: str, store: SqliteStore, clock: Clock) -> None:
    assert errors(StoredTracker(DICTIONARY, store, rules=STRICT, clock=clock), [body]) == (error,)
    assert values(DICTIONARY, store, DURING_W01) == {}


def test_all_errors_of_a_batch_come_in_one_answer_with_their_places_and_nothing_is_counted(
    tracker: StoredTracker, store: SqliteStore
) -> None:
    bodies = [rename(), rename({"lang": []}, project_id=-1), {"event": "renmae"}, 5, {}]
    assert errors(tracker, bodies) == (
        "events[1].project_id: must be a whole number, 0 for none, found -1",
        "events[1].additional_properties.lang: must be a string or a number, found a list",
        'events[2].event: "renmae" has no definition; did you mean "rename"?',
        'events[3]: must be an object with the key "event", found 5',
        "events[4].event is missing",
    )
    assert values(DICTIONARY, store, DURING_W01) == {}


def test_a_batch_of_one_names_the_place_when_it_is_called_a_batch(tracker: StoredTracker) -> None:
    assert errors(tracker, [{}], batch=True) == ("events[0].event is missing",)


@pytest.mark.parametrize(
    ("bodies", "error"),
    [
        ([], "events: must be a list of 1 to 50 events, found 0"),
        ([rename()] * 51, "events: must be a list of 1 to 50 events, found 51"),
        (None, "events is missing"),
        ({"event": "rename"}, "events: must be a list of 1 to 50 events, found an object"),
        ("rename", 'events: must be a list of 1 to 50 events, found "rename"'),
    ],
)
def test_a_batch_has_one_to_fifty_events(bodies: object, error: str, tracker: StoredTracker) -> None:
    assert errors(tracker, bodies, batch=True) == (error,)


def test_fifty_events_are_counted_in_one_recording(clock: Clock) -> None:
    changes = EventTracker(DICTIONARY, clock=clock).track([rename(EN)] * 50, 7).recording.changes
    assert changes.increments["{event_counters}_rename"] == 50
    assert changes.increments["{event_counters}_rename-filter:[lang:eng]-2026-53"] == 50
    assert changes.uniques["{hll_counters}_rename-user-2026-53"] == frozenset({"7"})
    weekly = {key for key in (*changes.increments, *changes.uniques) if key.endswith("-2026-53")}
    assert changes.expiring == weekly


def test_keys_that_no_metric_reads_are_not_written(clock: Clock) -> None:
    body = rename({"property": "gone", "value": 2}, project_id=1)
    changes = EventTracker(DICTIONARY, clock=clock).track([body], None).recording.changes
    assert set(changes.increments) == {
        "{event_counters}_rename",
        "{event_counters}_rename-2026-53",
    }
    assert set(changes.sums) == {
        "{event_sums}_rename-operator:sum(value)",
        "{event_sums}_rename-operator:sum(value)-2026-53",
    }
    assert set(changes.uniques) == {"{hll_counters}_rename-project-2026-53", "{hll_counters}_rename-value-2026-53"}


ID = "0193e0f4-2a5b-7c1d-8e9f-0123456789ab"


def test_an_event_with_an_id_stands_alone_in_a_recording(clock: Clock) -> None:
    bodies = [rename(), rename(id=ID), rename(id=None), rename(id=ID.upper())]
    recording = EventTracker(DICTIONARY, clock=clock).track(bodies, 7).recording
    assert [name.hex("-", 2).replace("-", "") for name, _ in recording.identified] == [ID.replace("-", "")] * 2
    assert recording.changes.increments["{event_counters}_rename"] == 2
    assert [changes.increments["{event_counters}_rename"] for _, changes in recording.identified] == [1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "1",
        7,
        ID[1:],
        f"{ID}0",
        f"{{{ID}}}",
        ID.replace("-", ""),
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "0193e0f4-2a5b-7c1d-ce9f-0123456789ab",
    ],
)
def test_an_id_is_a_uuid(wrong: object, clock: Clock, tracker: StoredTracker) -> None:
    found = errors(tracker, [rename(id=wrong)])
    assert found == (f"id: must be a UUID of version 1 to 8, found {described(wrong)}",)
    with pytest.raises(InvalidEventsError, match=r"\Aid: must be a UUID"):
        EventTracker(DICTIONARY, clock=clock).increment_counter({"event": "rename", "id": wrong})


def test_the_errors_of_one_answer_are_limited_and_nothing_more_is_looked_at(tracker: StoredTracker) -> None:
    wrong = rename({"lang": []}, project_id=-1, namespace_id=-1)
    found = errors(tracker, [wrong] * 40 + [{}])
    assert len(found) == MAX_ERRORS + 1
    assert found[-2:] == ("events[33].namespace_id: must be a whole number, 0 for none, found -1", "and more")


TOO_MANY = "a request may have at most 50 names of properties and keys that are unknown"


def made_up(count: int, start: int = 0) -> dict[str, Any]:
    return {f"x{number}": [] for number in range(start, start + count)}


@pytest.mark.parametrize("rules", [LENIENT, STRICT], ids=["lenient", "strict"])
@pytest.mark.parametrize(
    "bodies",
    [
        [rename(made_up(51))],
        [rename({**made_up(51), **EN})],
        [rename(made_up(60_000))],
        [rename(made_up(25)), rename(made_up(26, 25))],
        [{"event": "unheard_of", "additional_properties": made_up(51)}],
        [{"additional_properties": made_up(51)}],
        [rename(**made_up(51))],
        [rename(made_up(25), **made_up(26, 25))],
    ],
    ids=[
        "51",
        "beside a declared one",
        "60,000",
        "over two events",
        "of an unknown event",
        "of no event",
        "keys",
        "both",
    ],
)
def test_more_than_fifty_undeclared_names_in_a_request_are_refused_before_one_is_looked_at(
    bodies: list[dict[str, Any]], rules: IntakeRules, store: SqliteStore, clock: Clock
) -> None:
    assert errors(StoredTracker(DICTIONARY, store, rules=rules, clock=clock), bodies) == (TOO_MANY,)
    assert values(DICTIONARY, store, DURING_W01) == {}


def test_fifty_undeclared_names_are_left_out_and_told_with_their_places(clock: Clock) -> None:
    tracker = EventTracker(DICTIONARY, clock=clock)
    bodies = [rename({**made_up(50), **EN}), rename({**made_up(50), "attempts": 1})]
    tracked = tracker.track(bodies, 7)
    expected = [
        (f"events[{number}].additional_properties.{name}", "rename", name, "undeclared")
        for number in (0, 1)
        for name in made_up(50)
    ]
    assert [tuple(one) for one in tracked.left_out] == expected
    assert tracked.recording == tracker.track([rename(EN), rename({"attempts": 1})], 7).recording


def test_keys_that_no_event_has_are_left_out_and_told_whatever_is_said_of_properties(clock: Clock) -> None:
    for rules in (LENIENT, STRICT):
        tracker = EventTracker(DICTIONARY, rules=rules, clock=clock)
        tracked = tracker.track([rename(), rename(foo=1, bar=None)], 7, beside=["events", "context"])
        assert [tuple(one) for one in tracked.left_out] == [
            ("context", "", "context", "unknown_key"),
            ("events[1].foo", "rename", "foo", "unknown_key"),
            ("events[1].bar", "rename", "bar", "unknown_key"),
        ]
        assert tracked.recording == tracker.track([rename(), rename()], 7).recording
        older = tracker.increment_counter({"event": "rename", "values": [1]})
        assert [one.path for one in older.left_out] == ["values"]


def test_0_and_null_are_no_project_and_no_namespace(clock: Clock) -> None:
    tracker = EventTracker(DICTIONARY, clock=clock)
    for none in (0, "0", None):
        assert tracker.track([rename(project_id=none, namespace_id=none)], 7) == tracker.track([rename()], 7)
    assert tracker.track([rename(project_id=1)], 7) != tracker.track([rename()], 7)


def test_a_projects_path_stands_for_its_id(clock: Clock) -> None:
    tracker = EventTracker(DICTIONARY, rules=IntakeRules(project_ids={"acme/shop": 7}), clock=clock)
    by_id = tracker.track([rename(project_id=7)], 1)
    for more in ({"project_id": None}, {"project_id": 0}, {"project_id": 7}):
        assert tracker.track([{"event": "rename", "project_path": "Acme/Shop", **more}], 1) == by_id
    assert tracker.track([rename(project_path="acme/nothing", project_id=7)], 1) == by_id
    unknown = tracker.track([rename(project_path="acme/nothing")], 1)
    assert [tuple(one) for one in unknown.left_out] == [("project_path", "rename", "project_path", "unknown_project")]
    assert unknown.recording == tracker.track([rename()], 1).recording
    with pytest.raises(InvalidEventsError, match="project_path: must be a string, found 7"):
        tracker.track([rename(project_path=7)], 1)


@pytest.mark.parametrize("number", [0, -1, 2**63, True, "7", 1.0])
def test_a_projects_id_in_the_settings_is_a_positive_number(number: object) -> None:
    settings = Settings({name: setting.default for name, setting in BY_NAME.items()}, {"project_ids": {"a/b": number}})
    with pytest.raises(OperationalError, match='project_ids: "a/b": must be a positive whole number'):
        IntakeRules.of(settings)


def test_a_name_of_200_characters_is_taken_and_a_longer_one_refused(tracker: StoredTracker) -> None:
    assert tracker.track([rename({"x" * 200: 1})], 7) == ()
    found = f"{PROPERTIES}.{'x' * 59}…: the name has 201 characters; at most 200 are allowed"
    assert errors(tracker, [rename({"x" * 201: 1})]) == (found,)


def test_similar_names_are_looked_for_three_times_in_a_request(store: SqliteStore, clock: Clock) -> None:
    bodies = [{"event": name} for name in ("renme", "renme", "mrege", "unrad", "rneame")]
    with pytest.raises(UncountableEventsError) as refused:
        StoredTracker(DICTIONARY, store, clock=clock).track(bodies, 7)
    assert [error.partition("; ")[2] for error in refused.value.errors] == [
        'did you mean "rename"?', 'did you mean "rename"?', 'did you mean "merge"?', 'did you mean "unread"?', ""
    ]  # fmt: skip
    names = ["lnag", "lagn", "attmpts", "attemtps"]
    found = errors(StoredTracker(DICTIONARY, store, rules=STRICT, clock=clock), [rename(dict.fromkeys(names, 1))])
    assert ["did you mean" in error for error in found] == [True, True, True, False]


UNKNOWN = {
    "mistyped": ("renmae", 'event: "renmae" has no definition; did you mean "rename"?'),
    "like nothing": ("zzzzzzzzz", 'event: "zzzzzzzzz" has no definition'),
    "removed": ("old_push", 'event: "old_push" was removed in 17.2 and is no longer recorded'),
    "removed at some time": ("oldest_push", 'event: "oldest_push" was removed and is no longer recorded'),
    "very long": ("x" * 100_000, f'event: "{"x" * 59}…" has no definition'),
    "half a character": ("\ud800", 'event: "\\ud800" has no definition'),
}


@pytest.mark.parametrize(("event", "error"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_event_without_a_definition_is_refused_or_ignored(
    event: str, error: str, store: SqliteStore, clock: Clock
) -> None:
    with pytest.raises(UncountableEventsError) as refused:
        StoredTracker(DICTIONARY, store, clock=clock).track([{"event": event}, rename()], 7)
    assert refused.value.errors == (f"events[0].{error}",)
    assert values(DICTIONARY, store, DURING_W01) == {}
    lenient = StoredTracker(DICTIONARY, store, rules=LENIENT, clock=clock)
    assert lenient.track([{"event": event}], 7) == (error,)
    assert lenient.track([{"event": event}, rename()], 7) == (f"events[0].{error}",)
    assert values(DICTIONARY, store, DURING_W01)["renames"] == 1


def test_an_ignored_event_does_not_excuse_a_wrong_one(store: SqliteStore, clock: Clock) -> None:
    lenient = StoredTracker(DICTIONARY, store, rules=LENIENT, clock=clock)
    bodies = [{"event": "nothing", "project_id": -1}, rename()]
    assert errors(lenient, bodies)[0].startswith("events[0].project_id: ")


def test_a_form_gives_numbers_and_truths_as_texts(tracker: StoredTracker, store: SqliteStore) -> None:
    body = rename({"value": "2.5", "attempts": "1"}, project_id="3", namespace_id="4", send_to_snowplow="false")
    tracker.track([body], 7, form=True)
    found = values(DICTIONARY, store, DURING_W01)
    assert (found["value_sum"], found["attempts_text"], found["projects_weekly"]) == (2.5, 1, 1)
    assert errors(tracker, [rename({"value": "nan"})], form=True) == (
        'additional_properties.value: must be a number, found "nan"',
    )


MOMENTS = {
    "a day later than allowed": ("2026-12-02T23:58:59.999Z", False),
    "just young enough": ("2026-12-03T23:59:00Z", True),
    "the same in another zone": ("2026-12-04T08:59:00+09:00", True),
    "just too old": ("2026-12-03T23:58:59.999999Z", False),
    "now": ("2026-12-31T23:59:00Z", True),
    "an hour ahead": ("2027-01-01T00:59:00+00:00", True),
    "more than an hour ahead": ("2027-01-01T00:59:00.000001Z", False),
    "a week of the ISO calendar": ("2026-W53-4T10:00Z", True),
    "the beginning of time": ("0001-01-01T00:00:00+14:00", False),
    "the end of time": ("9999-12-31T23:59:59-14:00", False),
}


@pytest.mark.parametrize(("moment", "is_counted"), MOMENTS.values(), ids=MOMENTS)
def test_an_event_may_have_happened_28_days_before_and_one_hour_after_the_trusted_time(
    moment: str, is_counted: bool, store: SqliteStore
) -> None:
    wrong_clock = Clock(DURING_W53 + timedelta(days=4000))
    tracker = StoredTracker(DICTIONARY, store, clock=wrong_clock, trusted_clock=Clock(DURING_W53))
    if is_counted:
        tracker.track([rename(occurred_at=moment)], 7)
        assert store.totals(["{event_counters}_rename"]) == {"{event_counters}_rename": 1}
        return
    with pytest.raises(UncountableEventsError) as refused:
        tracker.track([rename(), rename(occurred_at=moment)], 7)
    (error,) = refused.value.errors
    assert error == (
        "events[1].occurred_at: must be at most 28 days before and one hour after the server's time, "
        f'2026-12-31T23:59:00.000Z, found "{moment}"'
    )
    assert store.totals(["{event_counters}_rename"]) == {}


@pytest.mark.parametrize(
    "moment",
    ["", "yesterday", "2026-12-31", "2026-12-31T10:00:00", "2026-12-31 10:00:00Z", "2026-13-31T10:00:00Z",
     "T" * 100_000, "２026-12-31T10:00:00Z", "2026-12-31T10:00:00+25:00", 1_798_675_200, True, {}, []],
)  # fmt: skip
def test_what_is_not_a_time_with_a_zone_is_refused(moment: object, tracker: StoredTracker) -> None:
    (error,) = errors(tracker, [rename(occurred_at=moment)])
    example = "a time in ISO 8601 with a zone, such as 2026-01-31T09:30:00Z"
    assert error.startswith(f"occurred_at: must be {example}, found ")
    assert len(error) < 200


def test_a_late_event_lives_six_weeks_from_the_day_on_which_it_is_reported(tmp_path: Path, clock: Clock) -> None:
    weekly = "{event_counters}_rename-2026-50"
    store = SqliteStore(tmp_path / "s.db", clock=clock, monotonic=lambda: clock.now.timestamp())
    StoredTracker(DICTIONARY, store, clock=clock).track([rename(occurred_at="2026-12-08T10:00:00Z")], 7)
    clock.now = DURING_W53 + timedelta(weeks=6, seconds=-1)
    assert store.totals([weekly]) == {weekly: 1}
    clock.now = DURING_W53 + timedelta(weeks=6)
    assert store.totals([weekly]) == {}


WEEKS: dict[str, tuple[datetime, datetime, set[str]]] = {
    "the running week is in no weekly value": (DURING_W53, NEW_YEARS_DAY, set()),
    "the first of January belongs to the old year's last week": (NEW_YEARS_DAY, DURING_W01, {"7d", "28d"}),
    "week 53 is the last complete week in week 1": (DURING_W53, DURING_W01, {"7d", "28d"}),
    "week 52 has left the seven days in week 1": (DURING_W52, DURING_W01, {"28d"}),
    "week 1 is not complete in week 1": (DURING_W01, DURING_W01, set()),
    "four weeks later it still counts": (DURING_W53, DURING_W53 + timedelta(weeks=4), {"28d"}),
    "five weeks later it does not": (DURING_W53, DURING_W53 + timedelta(weeks=5), set()),
}


@pytest.mark.parametrize(("happened", "read", "expected"), WEEKS.values(), ids=WEEKS)
def test_weeks_are_those_of_the_iso_calendar(
    happened: datetime, read: datetime, expected: set[str], store: SqliteStore, clock: Clock
) -> None:
    clock.now = happened
    StoredTracker(DICTIONARY, store, clock=clock).track([rename()], 7)
    clock.now = read
    found = values(DICTIONARY, store, read)
    assert {
        frame for frame, name in {"7d": "renames_weekly", "28d": "renames_monthly"}.items() if name in found
    } == expected
    assert {
        frame for frame, name in {"7d": "users_weekly", "28d": "users_monthly"}.items() if name in found
    } == expected
    assert found["renames"] == 1


def test_one_tracker_counts_in_the_week_that_it_is(tracker: StoredTracker, store: SqliteStore, clock: Clock) -> None:
    for moment in (DURING_W52, DURING_W53, DURING_W53, DURING_W01):
        clock.now = moment
        tracker.track([rename()], 7)
    found = values(DICTIONARY, store, DURING_W01)
    assert (found["renames_weekly"], found["renames_monthly"], found["renames"]) == (2, 3, 4)


def test_the_older_counter_counts_the_event_and_the_older_metrics(tracker: StoredTracker, store: SqliteStore) -> None:
    for event in ("rename", "source_code_pushes", "source_code_pushes", "all_searches", "ci_over_limit"):
        assert tracker.increment_counter(event) == ()
    found = values(DICTIONARY, store, DURING_W01)
    assert found == {
        "renames": 1, "renames_weekly": 1, "renames_monthly": 1, "both": 1, "both_weekly": 1,
        "pushes": 2, "searches": 1, "over_limit": 1,
    }  # fmt: skip


def test_the_older_call_for_users_adds_to_the_same_sets(tracker: StoredTracker, store: SqliteStore) -> None:
    tracker.track([rename()], 7)
    assert tracker.increment_unique_users("rename", 7, 8) == ()
    assert tracker.increment_unique_users("search", 7, 9) == ()
    found = values(DICTIONARY, store, DURING_W01)
    assert (found["users_weekly"], found["any_users"], found["old_users"]) == (2, 2, 3)
    assert found["renames"] == 1


OLDER_REFUSED = {
    "missing": (None, InvalidEventsError, "event is missing"),
    "a number": (1, InvalidEventsError, "event: must be the name of an event, found 1"),
    "mistyped": ("renmae", UncountableEventsError, 'event: "renmae" has no definition; did you mean "rename"?'),
    "in no metric": ("unread", UncountableEventsError, 'event: no metric reads "unread"'),
    "removed": ("old_push", UncountableEventsError, 'event: "old_push" was removed in 17.2 and is no longer recorded'),
    "only in a removed metric": ("old_gone", UncountableEventsError, 'event: "old_gone" has no definition'),
    "a redis metric's event without the prefix": (
        "pushes",
        UncountableEventsError,
        'event: "pushes" has no definition',
    ),
}


@pytest.mark.parametrize(("event", "kind", "error"), OLDER_REFUSED.values(), ids=OLDER_REFUSED)
def test_the_older_calls_refuse_what_no_metric_names(
    event: object, kind: type[InvalidEventsError | UncountableEventsError], error: str, store: SqliteStore, clock: Clock
) -> None:
    tracker = StoredTracker(DICTIONARY, store, clock=clock)
    for call in (tracker.increment_counter, lambda event: tracker.increment_unique_users(event, 7)):
        with pytest.raises(kind) as refused:
            call(event)
        assert refused.value.args == (error,)
    if kind is UncountableEventsError:
        assert StoredTracker(DICTIONARY, store, rules=LENIENT, clock=clock).increment_counter(event) == (error,)


def test_a_store_that_is_away_is_not_hidden(tracker: StoredTracker, store: SqliteStore) -> None:
    store.close()
    with pytest.raises(StoreUnavailableError):
        tracker.track([rename()], 7)
    assert tracker.track([{"event": "unread"}], 7) == ()


def test_requests_at_the_same_time_lose_nothing(tracker: StoredTracker, store: SqliteStore) -> None:
    def report(user: int) -> None:
        for _ in range(20):
            tracker.track([rename(EN), {"event": "merge"}], user)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(report, range(1, 9)))
    found = values(DICTIONARY, store, DURING_W01)
    assert (found["renames"], found["english_weekly"], found["both"], found["any_users"]) == (160, 160, 320, 8)


def test_redis_metrics_have_the_keys_that_gitlab_gives_them() -> None:
    keys = {metric.key_path: usage_key(metric) for metric in DICTIONARY.metrics if metric.data_source == "redis"}
    assert keys == {
        "pushes": "USAGE_SOURCE_CODE_PUSHES",
        "searches": "USAGE_ALL_SEARCHES",
        "old": "USAGE_OLD_GONE",
        "over_limit": "CI_OVER_LIMIT",
    }


HOSTILE_RULES = """
- {key_path: a, time_frame: all, events: [{name: rename, filter: {"1": x}}]}
- {key_path: b, time_frame: all, events: [{name: rename, filter: {value: true}}]}
- {key_path: c, time_frame: all, events: [{name: rename, filter: {lang: [eng]}}]}
- {key_path: d, time_frame: all, events: [{name: rename, operator: median(value)}, {filter: {}}, 7]}
- {key_path: e, time_frame: all, events: rename}
- {key_path: f, time_frame: all, events: [{name: rename, filter: {value: .nan}}]}
- {key_path: g, time_frame: soon, events: [{name: rename, unique: user.id}]}
- {key_path: h, time_frame: all, data_source: redis, options: {event: [x], prefix: 1}}
- {key_path: i, time_frame: all, data_source: redis_hll, options: {events: 7}}
- {key_path: j, time_frame: all, data_source: database, events: [{name: rename}]}
- {key_path: k, events: [{name: rename}]}
"""


def test_rules_that_make_no_sense_count_nothing_and_harm_nobody(store: SqliteStore, clock: Clock) -> None:
    dictionary = a_dictionary(HOSTILE_RULES)
    StoredTracker(dictionary, store, clock=clock).track([rename({"value": 1, "lang": "eng"})], 7)
    countable = {key_path: metric for key_path, metric in dictionary.expanded.items() if selections(metric)}
    found = {key_path: metric_value(metric, store, DURING_W01) for key_path, metric in countable.items()}
    assert found == {"a": 0, "f": 0, "g": 1, "k": 1}
    for key_path in dictionary.expanded.keys() - countable.keys():
        with pytest.raises(ValueError, match="names no event"):
            metric_value(dictionary.expanded[key_path], store, DURING_W01)


def test_users_and_projects_of_one_metric_are_one_union_as_in_gitlab(store: SqliteStore, clock: Clock) -> None:
    dictionary = a_dictionary(
        "- {key_path: m, time_frame: 7d, events: [{name: rename, unique: user.id}, {name: rename, unique: project.id}]}"
    )
    StoredTracker(dictionary, store, clock=clock).track([rename(project_id=7), rename(project_id=8)], 7)
    assert values(dictionary, store, DURING_W01) == {"m": 2}


def test_a_rule_that_is_written_twice_counts_once(store: SqliteStore, clock: Clock) -> None:
    dictionary = a_dictionary("- {key_path: m, time_frame: all, events: [{name: rename}, {name: rename}]}")
    StoredTracker(dictionary, store, clock=clock).track([rename()], 7)
    assert values(dictionary, store, DURING_W01) == {"m": 1}


def test_a_number_and_the_text_that_looks_like_it_are_both_matched_and_share_a_counter(
    store: SqliteStore, clock: Clock
) -> None:
    dictionary = a_dictionary(
        """
        - {key_path: number, time_frame: all, events: [{name: rename, filter: {attempts: 1}}]}
        - {key_path: text, time_frame: all, events: [{name: rename, filter: {attempts: "1"}}]}
        """
    )
    StoredTracker(dictionary, store, clock=clock).track([rename({"attempts": 1}), rename({"attempts": "1"})], 7)
    assert values(dictionary, store, DURING_W01) == {"number": 2, "text": 2}


def test_very_long_names_are_not_remembered() -> None:
    names = EventNames(DICTIONARY)
    names.refusal("x" * 100_000, EventErrors())
    assert names._near._find.cache_info().currsize == 0
    names.refusal("renmae", EventErrors())
    assert names._near._find.cache_info().currsize == 1


def test_an_older_metric_reads_the_sets_of_unique_users() -> None:
    (metric,) = (metric for metric in DICTIONARY.metrics if metric.key_path == "old_users")
    assert [(rule.name, rule.unique) for rule in selections(metric)] == [("rename", "user.id"), ("search", "user.id")]


def test_the_example_of_the_api_document_is_counted(store: SqliteStore, clock: Clock) -> None:
    dictionary = a_dictionary(
        "- {key_path: m, time_frame: all, events: [{name: mr_name_changed, filter: {lang: eng}}]}",
        "- {action: mr_name_changed, additional_properties: {lang: {description: x}}}",
    )
    body = json.loads(
        '{"event": "mr_name_changed", "send_to_snowplow": true, "namespace_id": 1, "project_id": 1,'
        ' "additional_properties": {"lang": "eng"}}'
    )
    StoredTracker(dictionary, store, clock=clock).track([body], 7)
    assert values(dictionary, store, DURING_W01) == {"m": 1}
    assert store.outbox(10) == []
