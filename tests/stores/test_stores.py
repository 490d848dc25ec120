"""What every store does: one suite, two stores."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.stores.keys import KEY_LIFETIME
from metrics_dictionary.stores.store import CachedPayload, Store, StoreUnavailableError
from metrics_dictionary.stores.tokens import Token
from tests.stores import recording_process
from tests.stores.stores_under_test import StoreUnderTest, recording

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTER = "{event_counters}_mr_name_changed"
WEEKLY = "{event_counters}_mr_name_changed-2026-53"
SUM = "{event_sums}_mr_name_changed-operator:sum(value)"
USERS = "{hll_counters}_mr_name_changed-user-2026-53"
OTHER_USERS = "{hll_counters}_mr_name_changed-user-2026-52"
SECOND = timedelta(seconds=1)


def token(identifier: str, digest: str, **changes: object) -> Token:
    fields: dict[str, object] = {
        "user": 7,
        "scopes": frozenset({"api", "read_service_ping"}),
        "admin": False,
        "expires": date(2027, 1, 1),
        "created": datetime(2026, 12, 30, 9, 30, 0, 123456, tzinfo=UTC),
    }
    return Token(identifier=identifier, digest=digest, **(fields | changes))  # type: ignore[arg-type]


def test_increments_of_a_counter_add_up_to_an_integer(store: Store) -> None:
    store.commit([recording(increments={COUNTER: 1, WEEKLY: 1})])
    store.commit([recording(increments={COUNTER: 41})])
    totals = store.totals([COUNTER, WEEKLY])
    assert totals == {COUNTER: 42, WEEKLY: 1}
    assert all(isinstance(total, int) for total in totals.values())


def test_a_counter_beyond_the_precision_of_a_float_stays_exact(store: Store) -> None:
    store.commit([recording(increments={COUNTER: 2**53})])
    store.commit([recording(increments={COUNTER: 1})])
    assert store.totals([COUNTER])[COUNTER] == 2**53 + 1


def test_sums_add_up_with_their_fractions_and_below_zero(store: Store) -> None:
    for value in (1.5, 2, -10.25):
        store.commit([recording(sums={SUM: value})])
    assert store.totals([SUM]) == {SUM: -6.75}


def test_a_sum_of_the_largest_numbers_stays_finite(store: Store) -> None:
    for _ in range(3):
        store.commit([recording(sums={SUM: sys.float_info.max})])
    assert store.totals([SUM]) == {SUM: sys.float_info.max}


def test_a_key_that_was_never_written_is_left_out_of_the_totals(store: Store) -> None:
    assert store.totals([COUNTER]) == {}
    assert store.totals([]) == {}


def test_thousands_of_keys_are_read_in_one_call(store: Store) -> None:
    increments = {f"{{event_counters}}_event_{number}": number for number in range(1, 2_500)}
    store.commit([recording(increments=increments)])
    assert store.totals(list(increments)) == increments


def test_a_value_counts_once_in_a_set_and_once_in_a_union_of_sets(store: Store) -> None:
    store.commit([recording(uniques={USERS: {"1", "2"}})])
    store.commit([recording(uniques={USERS: {"2", "3"}, OTHER_USERS: {"3", "4"}})])
    assert store.distinct([USERS]) == 3
    assert store.distinct([USERS, OTHER_USERS]) == 4
    assert store.distinct([USERS, "{hll_counters}_never-user-2026-53"]) == 3
    assert store.distinct(["{hll_counters}_never-user-2026-53"]) == 0
    assert store.distinct([]) == 0


def test_hostile_values_of_a_set_are_values_like_others(store: Store) -> None:
    values = {
        "",
        " ",
        "\0",
        "\0a",
        "a",
        "A",
        "ä",
        "a\u0308",
        "\ud800",
        "\udfff",  # noqa: B033 - not the same as the one before
        "\\ud800",
        "'; DROP TABLE totals",
        "a,b",
    }
    store.commit([recording(uniques={USERS: values})])
    store.commit([recording(uniques={USERS: values})])
    assert store.distinct([USERS]) == len(values)


def test_a_weekly_key_is_kept_for_six_weeks_and_ends_six_weeks_after_the_last_write_at_the_latest(
    place: StoreUnderTest, store: Store
) -> None:
    changes = recording(
        increments={COUNTER: 1, WEEKLY: 1}, uniques={USERS: {"1"}, OTHER_USERS: {"2"}}, expiring={WEEKLY, USERS}
    )
    store.commit([changes])
    place.elapse(KEY_LIFETIME - 5 * SECOND)
    assert store.totals([COUNTER, WEEKLY]) == {COUNTER: 1, WEEKLY: 1}
    assert store.distinct([USERS]) == 1
    store.commit([changes])
    assert store.totals([COUNTER, WEEKLY]) == {COUNTER: 2, WEEKLY: 2}
    place.elapse(KEY_LIFETIME + SECOND)
    assert store.totals([COUNTER, WEEKLY]) == {COUNTER: 2}
    assert store.distinct([USERS]) == 0
    assert store.distinct([OTHER_USERS]) == 1


def test_a_key_that_has_ended_begins_anew(place: StoreUnderTest, store: Store) -> None:
    store.commit([recording(increments={WEEKLY: 5}, uniques={USERS: {"1", "2"}}, expiring={WEEKLY, USERS})])
    place.elapse(KEY_LIFETIME + SECOND)
    store.commit([recording(increments={WEEKLY: 1}, uniques={USERS: {"2"}}, expiring={WEEKLY, USERS})])
    assert store.totals([WEEKLY]) == {WEEKLY: 1}
    assert store.distinct([USERS]) == 1


def test_rows_of_the_outbox_come_oldest_first_and_stay_until_they_are_sent(store: Store) -> None:
    store.commit([recording(outbox=('{"event": "a"}', '{"event": "b"}'))])
    store.commit([recording(increments={COUNTER: 1}, outbox=('{"event": "\\u00e4"}', '{"event": "ä"}'))])
    first = store.outbox(3)
    assert [row.text for row in first] == ['{"event": "a"}', '{"event": "b"}', '{"event": "\\u00e4"}']
    assert store.outbox(3) == first
    store.delete_sent(first[:2])
    store.delete_sent(first[:1])
    store.delete_sent([])
    assert [row.text for row in store.outbox(10)] == ['{"event": "\\u00e4"}', '{"event": "ä"}']


def test_a_row_that_is_added_after_all_were_sent_is_not_mistaken_for_a_sent_one(store: Store) -> None:
    store.commit([recording(outbox=("1",))])
    sent = store.outbox(10)
    store.delete_sent(sent)
    store.commit([recording(outbox=("2",))])
    store.delete_sent(sent)
    assert [row.text for row in store.outbox(10)] == ["2"]


def test_an_empty_recording_changes_nothing(store: Store) -> None:
    store.commit([recording()])
    assert store.outbox(1) == []


def test_the_last_payload_is_kept_and_outlives_a_restart(place: StoreUnderTest, store: Store) -> None:
    assert store.payload() is None
    first = CachedPayload(datetime(2026, 12, 30, 9, 30, 0, 387000, tzinfo=UTC), '{"a": 1}', "{}")
    second = CachedPayload(datetime(2027, 1, 6, tzinfo=UTC), '{"a": "ä😀"}', '{"a": {"time_elapsed": 0.1}}')
    store.save_payload(first)
    assert store.payload() == first
    store.save_payload(second)
    store.close()
    assert place.open().payload() == second


def test_a_token_is_found_by_its_digest_only(store: Store) -> None:
    kept = token("a1", "digest-1")
    admin = token(
        "b2", "digest-2", admin=True, expires=None, scopes=frozenset(), created=datetime(2026, 1, 1, tzinfo=UTC)
    )
    store.add_token(kept)
    store.add_token(admin)
    assert store.token("digest-1") == kept
    assert store.token("digest-2") == admin
    assert store.token("a1") is None
    assert store.tokens() == [admin, kept]


def test_a_revoked_token_is_gone_and_the_others_stay(store: Store) -> None:
    store.add_token(token("a1", "digest-1"))
    store.add_token(token("b2", "digest-2"))
    assert store.revoke_token("a1") is True
    assert store.revoke_token("a1") is False
    assert store.revoke_token("digest-2") is False
    assert store.token("digest-1") is None
    assert [kept.identifier for kept in store.tokens()] == ["b2"]


def test_a_token_with_a_known_digest_replaces_the_old_one(store: Store) -> None:
    store.add_token(token("a1", "digest-1"))
    store.add_token(token("a1", "digest-1", user=8))
    assert [kept.user for kept in store.tokens()] == [8]


def test_a_flag_is_what_it_was_set_to_last(place: StoreUnderTest, store: Store) -> None:
    assert store.flags() == {}
    store.set_flag("usage_data_queries_api", True)
    store.set_flag("usage_data_non_sql_metrics", True)
    store.set_flag("usage_data_non_sql_metrics", False)
    assert place.open().flags() == {"usage_data_queries_api": True, "usage_data_non_sql_metrics": False}


def test_a_state_is_what_was_kept_last_or_for_good(place: StoreUnderTest, store: Store) -> None:
    assert store.state("a") is None
    store.set_state("a", "1")
    store.set_state("a", "ä")
    assert store.keep_state("a", "2") == "ä"
    assert store.keep_state("b", "3") == "3"
    store.close()
    again = place.open()
    assert (again.state("a"), again.keep_state("b", "4"), again.state("c")) == ("ä", "3", None)


def test_a_lease_has_one_holder_who_may_prolong_it_until_it_ends(place: StoreUnderTest, store: Store) -> None:
    other = place.open()
    assert store.lease("ping", "a", 60)
    assert not other.lease("ping", "b", 60)
    assert other.lease("outbox", "b", 60)
    place.elapse(timedelta(seconds=50))
    assert store.lease("ping", "a", 60)
    place.elapse(timedelta(seconds=50))
    assert not other.lease("ping", "b", 60)
    place.elapse(timedelta(seconds=11))
    assert other.lease("ping", "b", 60)
    assert not store.lease("ping", "a", 60)


def test_of_many_who_want_a_lease_at_once_one_gets_it(place: StoreUnderTest) -> None:
    stores = [place.open() for _ in range(4)]
    winners: list[int] = []
    start = threading.Barrier(16)

    def compete(number: int) -> None:
        start.wait()
        if stores[number % 4].lease("ping", f"holder {number}", 60):
            winners.append(number)

    in_threads(compete, 16)
    assert len(winners) == 1


def test_what_one_store_records_another_reads(place: StoreUnderTest, store: Store) -> None:
    other = place.open()
    store.commit([recording(increments={COUNTER: 1})])
    other.commit([recording(increments={COUNTER: 1})])
    assert store.totals([COUNTER]) == other.totals([COUNTER]) == {COUNTER: 2}


def test_recordings_of_many_threads_are_all_counted_once(store: Store) -> None:
    def record(thread: int) -> None:
        for number in range(50):
            name = f"{thread}-{number}"
            store.commit([recording({COUNTER: 1}, {SUM: 0.5}, {USERS: {name}}, {USERS}, (name,))])

    in_threads(record, 32)
    assert store.totals([COUNTER, SUM]) == {COUNTER: 1_600, SUM: 800}
    assert store.distinct([USERS]) == pytest.approx(1_600, rel=0.03)
    assert len({row.text for row in store.outbox(5_000)}) == len(store.outbox(5_000)) == 1_600


def test_a_closed_store_is_unavailable_and_says_so(store: Store) -> None:
    store.commit([recording(increments={COUNTER: 1})])
    store.close()
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.commit([recording(increments={COUNTER: 1})])
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.totals([COUNTER])
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.lease("ping", "a", 1)


def test_after_kill_9_every_acknowledged_recording_is_counted_exactly_once(place: StoreUnderTest) -> None:
    counted = 0
    for attempt in range(3):
        started, acknowledged = killed_under_load(place.url, first=attempt * 1_000_000, after=300)
        store = place.open()
        rows = store.outbox(1_000_000)
        recorded = {int(row.text) for row in rows}
        assert len(acknowledged) >= 300
        assert acknowledged <= recorded <= started
        assert len(rows) == len(recorded)
        counted += len(recorded)
        assert store.totals([recording_process.COUNTER]) == {recording_process.COUNTER: counted}
        assert store.totals([recording_process.SUM]) == {recording_process.SUM: counted / 2}
        assert store.distinct([recording_process.SET]) == pytest.approx(counted, rel=0.03 if place.is_redis else 0)
        store.delete_sent(rows)
        store.close()


def killed_under_load(url: str, first: int, after: int) -> tuple[set[int], set[int]]:
    """Run the recording process, kill it after some acknowledgements; what it started, and what it acknowledged."""
    command = [sys.executable, "-m", recording_process.__name__, url, "16", str(first)]
    numbers: dict[str, set[int]] = {"started": set(), "acknowledged": set()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        for line in process.stdout:
            word, number = line.split()
            numbers[word].add(int(number))
            if len(numbers["acknowledged"]) == after:
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return numbers["started"], numbers["acknowledged"]


def in_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
