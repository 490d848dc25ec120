"""What becomes of the last payload when a collection finds a service away."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.ping.collect.publication import PayloadHeldError, publish
from metrics_dictionary.ping.collect.scheduler import Scheduler
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.ping.sources.open_sources import open_sources
from metrics_dictionary.settings import Settings, load_settings
from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.store import StoreUnavailableError
from tests.ping.collection_samples import NOW, counted, dictionary, metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.settings import Value

HOUR = timedelta(hours=1)

TABLES = dictionary(
    *(metric(f"counts.{name}", f"{name.capitalize()}Metric") for name in ("boards", "issues")),
    metric("opened", data_source="internal_events", events=[{"name": "opened"}]),
    metric("up", "UpMetric"),
    entries={
        "BoardsMetric": counted("boards"),
        "IssuesMetric": counted("issues"),
        "UpMetric": {"source": "prometheus", "query": "up"},
    },
)


class Instance:
    """An instance with a database in a file, which is away while the file has another name."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.file = folder / "application.db"
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(
                "CREATE TABLE boards (id INTEGER PRIMARY KEY); INSERT INTO boards VALUES (1), (2);"
            )
        self.store = open_store(f"sqlite:///{folder}/store.db", clock=lambda: self.now, monotonic=self.monotonic)
        self.log: list[str] = []

    def monotonic(self) -> float:
        return (self.now - NOW).total_seconds()

    def settings(self, **given: float) -> Settings:
        named: dict[str, Value] = {f"ping.{name}": value for name, value in given.items()}
        named["database"] = f"sqlite:///{self.file}"
        return load_settings(None, named, environment={})

    def collect(self, defined: Dictionary = TABLES, **given: float) -> None:
        settings = self.settings(**given)
        publish(defined, open_sources(settings, self.store), self.store, settings, now=self.now)

    def server(self) -> Scheduler:
        return Scheduler(
            lambda _progress: self.collect(),
            self.store,
            log=lambda _level, line: self.log.append(line),
            interval=timedelta(days=7),
            monotonic=self.monotonic,
            jitter=lambda: 0.0,
        )

    def go_away(self) -> None:
        self.file.rename(self.file.with_suffix(".away"))

    def come_back(self) -> None:
        self.file.with_suffix(".away").rename(self.file)

    @property
    def payload(self) -> Any:
        found = self.store.payload()
        return None if found is None else json.loads(found.payload)

    @property
    def outages(self) -> list[dict[str, Any]]:
        found = self.store.payload()
        assert found is not None
        return list(json.loads(found.metadata).get("outages", []))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path)
    yield instance
    instance.store.close()


def attempts(instance: Instance, until: timedelta, failed: Callable[[], bool]) -> list[timedelta]:
    """Poll every minute, as a server does, and return when it collected and failed, counted from the first time."""
    server, begun, found = instance.server(), instance.now, []
    while instance.now < begun + until:
        server.poll()
        if failed():
            found.append(instance.now - begun)
        instance.now += timedelta(minutes=1)
    return found


def new_lines(instance: Instance) -> Callable[[], bool]:
    def is_new() -> bool:
        found = bool(instance.log)
        instance.log.clear()
        return found

    return is_new


def test_without_a_former_payload_one_is_published_at_once_and_names_the_outage(instance: Instance) -> None:
    instance.go_away()
    instance.collect()
    assert instance.payload["counts"] == {"boards": -1, "issues": -1}
    (outage,) = instance.outages
    assert (outage["service"], outage["since"], outage["attempts"]) == ("database", "2024-01-15T23:33:50.387Z", 1)
    assert "No such file or directory" in outage["reason"]


def test_a_good_payload_stays_for_a_day_and_then_is_replaced_by_one_that_names_the_outage(instance: Instance) -> None:
    instance.collect()
    good = instance.payload
    assert instance.outages == []
    instance.go_away()
    instance.now += 7 * 24 * HOUR
    since = instance.now
    for hours in (0, 1, 23.9):
        instance.now = since + hours * HOUR
        with pytest.raises(PayloadHeldError, match=r"the database is away .*No such file or directory"):
            instance.collect()
        assert instance.payload == good
    instance.now = since + 24 * HOUR
    instance.collect()
    assert instance.payload["counts"]["boards"] == -1
    (outage,) = instance.outages
    assert (outage["since"], outage["attempts"]) == ("2024-01-22T23:33:50.387Z", 4)


def test_an_emptied_database_holds_a_good_payload_like_one_that_is_away(instance: Instance) -> None:
    instance.collect()
    good = instance.payload
    instance.go_away()
    instance.file.touch()
    for hours in (1, 24):
        instance.now = NOW + hours * HOUR
        with pytest.raises(PayloadHeldError, match=r"the database gives no value \(.*no such table") as error:
            instance.collect()
        assert "Check that the setting `database` names the right database" in str(error.value)
        assert "can be reached" not in str(error.value)
        assert instance.payload == good
    instance.now = NOW + 25 * HOUR
    instance.collect()
    assert instance.payload["counts"] == {"boards": -1, "issues": -1}
    instance.now += HOUR
    instance.collect()  # the former payload has nothing to lose
    assert instance.payload["recorded_at"] == "2024-01-17T01:33:50.387Z"


def test_a_collection_without_a_configured_database_holds_a_good_payload(instance: Instance) -> None:
    instance.collect()
    good = instance.payload
    instance.now += HOUR
    settings = load_settings(None, {}, environment={})
    with pytest.raises(PayloadHeldError, match=r"the database is not configured \(no database is conf") as error:
        publish(TABLES, open_sources(settings, instance.store), instance.store, settings, now=instance.now)
    assert "Give --database URL, or name the database in the setting `database`" in str(error.value)
    assert instance.payload == good


def test_the_hours_of_a_hold_can_be_set(instance: Instance) -> None:
    instance.collect()
    instance.go_away()
    instance.now += HOUR
    with pytest.raises(PayloadHeldError):
        instance.collect(hold_hours=1.5)
    instance.now += 1.5 * HOUR
    instance.collect(hold_hours=1.5)
    assert instance.payload["counts"]["boards"] == -1


def test_a_database_that_is_back_ends_the_hold_and_the_next_outage_has_a_hold_of_its_own(instance: Instance) -> None:
    instance.collect()
    for day in (1, 2):
        instance.now = NOW + day * 20 * HOUR
        instance.go_away()
        with pytest.raises(PayloadHeldError):
            instance.collect()
        instance.come_back()
        instance.now += HOUR
        instance.collect()
        assert instance.payload["counts"]["boards"] == 2
        assert instance.outages == []


def test_a_payload_of_an_outage_is_not_held_for_the_same_outage(instance: Instance) -> None:
    instance.go_away()
    instance.collect()
    instance.now += 7 * 24 * HOUR
    instance.collect()
    assert instance.payload["recorded_at"] == "2024-01-22T23:33:50.387Z"


def test_a_single_metric_and_a_prometheus_that_is_away_hold_nothing_back(instance: Instance) -> None:
    instance.collect()
    assert instance.payload["counts"] == {"boards": 2, "issues": -1}
    instance.now += HOUR
    settings = load_settings(
        None, {"database": f"sqlite:///{instance.file}", "prometheus": "http://127.0.0.1:1"}, environment={}
    )
    publish(TABLES, open_sources(settings, instance.store), instance.store, settings, now=instance.now)
    assert instance.payload["recorded_at"] == "2024-01-16T00:33:50.387Z"
    assert instance.payload["up"] == -1


def test_what_the_time_limit_leaves_is_minus_one_with_that_reason_and_holds_nothing_back(instance: Instance) -> None:
    instance.collect()
    instance.go_away()
    instance.now += HOUR
    instance.collect(time_limit=1e-9)
    assert instance.payload == {
        "recorded_at": "2024-01-16T00:33:50.387Z",
        "counts": {"boards": -1, "issues": -1},
        "opened": -1,
        "up": -1,
    }
    found = instance.store.payload()
    assert found is not None
    reasons = {one["error"] for one in json.loads(found.metadata)["metrics"]}
    assert reasons == {"not computed within the 1e-09 seconds of `ping.time_limit`"}


def test_a_server_tries_again_after_half_an_hour_then_twice_as_long_up_to_six_hours_for_a_day(
    instance: Instance,
) -> None:
    instance.collect()
    instance.go_away()
    instance.now += 7 * 24 * HOUR
    good = instance.payload
    held = attempts(instance, 24 * HOUR, new_lines(instance))
    assert [when / HOUR for when in held] == [0, 0.5, 1.5, 3.5, 7.5, 13.5, 19.5]
    assert instance.payload == good
    assert [when / HOUR for when in attempts(instance, 3 * HOUR, new_lines(instance))] == [1.5]
    assert instance.payload["counts"]["boards"] == -1
    assert instance.outages[0]["attempts"] == 8


def test_another_server_goes_on_with_the_pauses_of_one_that_was_restarted(instance: Instance) -> None:
    instance.collect()
    instance.go_away()
    instance.now += 7 * 24 * HOUR
    failed = new_lines(instance)
    assert len(attempts(instance, 2 * HOUR, failed)) == 3
    instance.now += HOUR  # the lease of the one that ended is over then
    assert [when / HOUR for when in attempts(instance, HOUR, failed)] == [0.5]


def test_while_the_store_is_away_the_same_pauses_go_on_without_an_end(instance: Instance) -> None:
    def away() -> None:
        raise StoreUnavailableError("away")

    store: Any = instance.store
    store.payload = away
    failed = attempts(instance, 48 * HOUR, new_lines(instance))
    assert [when / HOUR for when in failed] == [0, 0.5, 1.5, 3.5, 7.5, 13.5, 19.5, 25.5, 31.5, 37.5, 43.5]


def test_counters_that_cannot_be_read_do_not_replace_those_that_were(instance: Instance) -> None:
    instance.collect()
    good = instance.payload
    assert good["opened"] == 0

    def away(_keys: object) -> dict[str, float]:
        raise StoreUnavailableError("store.db: database is locked")

    store: Any = instance.store
    store.totals = away
    instance.now += HOUR
    with pytest.raises(PayloadHeldError, match=r"the store is away \(store.db: database is locked\)"):
        instance.collect()
    assert instance.payload == good


def test_no_database_is_asked_for_a_payload_that_no_store_could_keep(instance: Instance) -> None:
    instance.store.close()
    settings = instance.settings()
    asked: list[datetime] = []
    with pytest.raises(StoreUnavailableError):
        publish(
            TABLES,
            Sources(machine={"cpu_count": lambda: asked.append(NOW)}),
            instance.store,
            settings,
            now=NOW,
            progress=lambda _done, _total: asked.append(NOW),
        )
    assert asked == []
