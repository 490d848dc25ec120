"""Whatever the sources do, a payload comes of it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.collect.listing import non_sql_metrics, queries
from metrics_dictionary.ping.collect.payload import cached, failures
from metrics_dictionary.ping.database.database import DatabaseError, DatabaseUnavailableError, StatementTimeout
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.stores.store import StoreUnavailableError
from tests.ping.collection_samples import NOW, added, counted, dictionary, metric, setting

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.stores.store import Store

RELEASED = threading.Event()


class Hangs:
    """An answer that does not come while the payload is collected."""


ERRORS = [
    RuntimeError("out of order"),
    RecursionError(),
    MemoryError(),
    KeyError("missing"),
    StatementTimeout("took too long"),
    DatabaseUnavailableError("is away"),
    DatabaseError("no such table"),
    StoreUnavailableError("is away"),
    TimeoutError("\ud800"),
]

plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.binary(max_size=3)
    | st.dates()
    | st.decimals()
)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
answers = values | st.sampled_from(ERRORS) | st.builds(Hangs)
in_time = values | st.sampled_from(ERRORS)


class Source:
    """Everything that a metric may ask, with the next answer to whatever it is asked."""

    adapter = "sqlite"

    def __init__(self, given: list[object]) -> None:
        self.given = given

    def answer(self, *_: object) -> Any:
        answer = self.given.pop() if self.given else 0
        if isinstance(answer, Hangs):
            RELEASED.wait(20)
        if isinstance(answer, Exception):
            raise answer
        return answer

    compute = totals = distinct = first_value = value = answer


ENTRIES: dict[str, dict[str, object]] = {
    "DataMetric": counted("t"),
    "SettingMetric": setting("s.t"),
    "LicenseMetric": {"source": "license", "field": "plan"},
    "FactMetric": {"source": "machine", "fact": "hostname"},
    "RateMetric": {"source": "prometheus", "query": "up"},
    "SumMetric": added("a", "b.c", "d"),
    "OddMetric": {"source": "numbers", "operation": "add", "metrics": 5},
}
KEY_PATHS = ["a", "b.c", "d", "b", "b.c.e", "f.g", "recorded_at", "", "h..i", "j\ud800"]
definitions = st.lists(
    st.tuples(
        st.sampled_from(KEY_PATHS),
        st.sampled_from([*ENTRIES, "PythonMetric", "UnknownMetric", None]),
        st.sampled_from(["all", "7d", "28d", "none", "never", ["7d", "28d", "all"]]),
        st.sampled_from(["internal_events", "redis", "redis_hll", "database", None]),
        st.sampled_from(["number", "string", "boolean", "object", "odd", None]),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(definitions, st.lists(answers, max_size=8), st.lists(in_time, max_size=8), values)
def test_no_mix_of_definitions_and_answers_fails_a_payload(
    defined: list[tuple[str, str | None, Any, str | None, str | None]],
    slow: list[object],
    quick: list[object],
    fact: object,
) -> None:
    RELEASED.clear()
    given_slowly, given_quickly = Source(slow), Source(quick)
    metrics = [
        metric(
            key_path,
            name,
            time_frame=time_frame,
            data_source=data_source,
            value_type=value_type,
            events=[{"name": "e"}, {"name": "f", "unique": "user.id"}],
            options={"event": "e", "events": ["e"]},
        )
        for key_path, name, time_frame, data_source, value_type in defined
    ]
    sources = Sources(
        database=cast("Database", given_quickly),
        store=cast("Store", given_slowly),
        settings={"s": {"t": fact}, "license": {"plan": fact}},
        machine={"hostname": given_quickly.answer},
        prometheus=given_slowly.answer,
        classes={"PythonMetric": lambda: given_slowly},
        timeout=0.02,
    )
    all_metrics = dictionary(*metrics, entries=ENTRIES)
    payload = collect(all_metrics, sources, now=NOW)
    kept = cached(payload)
    trees = [payload.tree, queries(all_metrics, sources, NOW), non_sql_metrics(all_metrics, sources, NOW)]
    RELEASED.set()

    assert strictly_parsed(kept.payload.encode("utf-8"))["recorded_at"] == "2024-01-15T23:33:50.387Z"
    failed = {failure.key_path for failure in payload.failures}
    assert len(failures(kept)) == len(failed)
    assert {one.key_path for one in payload.measurements} == all_metrics.expanded.keys()
    assert all(one.value in (-1, -2) for one in payload.measurements if one.key_path in failed)
    for tree in trees:
        json.dumps(tree, allow_nan=False)


def strictly_parsed(text: bytes) -> dict[str, object]:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return cast("dict[str, object]", json.loads(text, parse_constant=refuse))
