"""What a metric may look like: each row changes one valid metric, says whether it still is one, and why."""

# ruff: noqa: E501 - a table is read best with one row a line

from __future__ import annotations

import pytest

from metrics_dictionary.reading.document import Kind
from tests.validation.schema_samples import ABSENT, changed, schema_messages

DATABASE = {
    "key_path": "counts.loaves",
    "description": "Loaves that were sold over the counter.",
    "product_group": "ovens",
    "value_type": "number",
    "status": "active",
    "milestone": "16.10",
    "introduced_by_url": "https://example.com/changes/1",
    "time_frame": "all",
    "data_source": "database",
    "data_category": "optional",
    "instrumentation_class": "CountLoavesMetric",
    "tiers": ["free"],
}
EVENTS = changed(
    DATABASE,
    data_source="internal_events",
    instrumentation_class=ABSENT,
    time_frame=["7d", "28d"],
    events=[{"name": "bake", "unique": "user.id"}],
)
REDIS = changed(
    DATABASE, data_source="redis", instrumentation_class="RedisMetric", options={"event": "bake", "prefix": None}
)
HLL = changed(DATABASE, data_source="redis_hll", instrumentation_class="RedisHLLMetric", options={"events": ["bake"]})
OLD_KEY_PATH = "counts_weekly.aggregated_metrics.product_analytics_test_metrics_union"
REMOVED = {"status": "removed", "milestone_removed": "17.0", "removed_by_url": "https://example.com/changes/2"}

TOTAL = {"name": "a", "unique": "label", "operator": "total"}
BY_VALUE = {**EVENTS, "value_type": "object", "events": [TOTAL]}

VALID = [
    ("a metric as it should be", DATABASE, {}),
    ("an event metric as it should be", EVENTS, {}),
    ("a counter as it should be", REDIS, {}),
    ("a count of users as it should be", HLL, {}),
    ("a class with digits", DATABASE, {"instrumentation_class": "Ec2::Count2FaMetricV2"}),
    ("a version before another one", DATABASE, {"milestone": "<13.9"}),
    ("no tier at all", DATABASE, {"tiers": []}),
    ("a removed metric whose removal nobody can name", DATABASE, REMOVED | {"removed_by_url": None}),
    ("a broken metric with its issue", DATABASE, {"status": "broken", "repair_issue_url": "https://example.com/issues/1"}),
    ("an active metric that says when it was removed; a rule of its own", DATABASE, {"milestone_removed": "17.0"}),
    ("any identifier of a group; a rule of its own", DATABASE, {"product_group": "nobody"}),
    ("any product category", DATABASE, {"product_categories": ["bread"]}),
    ("options of any form for other sources", DATABASE, {"options": {"a": [1, None]}}),
    ("events of any form for other sources", DATABASE, {"events": "none"}),
    ("an array without a time frame", DATABASE, {"time_frame": []}),
    ("an array of the time frame all", DATABASE, {"time_frame": ["all"]}),
    ("a class without any small letters before the last", DATABASE, {"instrumentation_class": "Bakery::HTTPMetric"}),
    ("a database metric without a class", DATABASE, {"instrumentation_class": ABSENT}),
    ("a scheme other than https", DATABASE, {"introduced_by_url": "urn:change:1"}),
    ("an event metric without a selection rule over a fixed period", EVENTS, {"events": []}),
    ("an event counted in total over all time", EVENTS, {"events": [{"name": "bake"}], "time_frame": "all"}),
    ("one total rule lifts the limit of the time frame; a rule of its own",
     EVENTS, {"events": [{"name": "a", "unique": "user.id"}, {"name": "b"}], "time_frame": "all"}),
    ("totals by value", BY_VALUE, {}),
    ("totals by value of all time, with the class of GitLab", BY_VALUE, {"time_frame": "all", "instrumentation_class": "UniqueTotalsMetric"}),
    ("totals by the values of two properties", BY_VALUE, {"events": [TOTAL, {**TOTAL, "unique": "value", "filter": {"x": 1}}]}),
    ("a filter with custom texts and numbers", EVENTS, {"events": [{"name": "a", "filter": {"value": 1.5, "x": 2, "y": "z"}}]}),
    ("a sum", EVENTS, {"events": [{"name": "a", "operator": "sum(value)"}]}),
    ("a removed counter of any form", REDIS, {**REMOVED, "instrumentation_class": ABSENT, "options": ABSENT}),
    ("a counter with a prefix", REDIS, {"options": {"event": "a", "prefix": "b", "include_usage_prefix": False}}),
    ("a count of users without options", HLL, {"options": ABSENT}),
    ("a count of the users of no event", HLL, {"options": {"events": []}}),
    ("an old count of users with a class of its own", HLL, {"key_path": OLD_KEY_PATH, "instrumentation_class": "OldMetric"}),
    ("an old count of users without a class", HLL, {"key_path": OLD_KEY_PATH, "instrumentation_class": ABSENT}),
    ("an old count of users with other options", HLL, {"key_path": OLD_KEY_PATH, "options": {"event": "bake"}}),
]  # fmt: skip

INVALID = [
    ("totals by value as a number", BY_VALUE, {"value_type": "number"}, "`value_type` must be `object` with `operator: total`, because"),
    ("totals by no value", BY_VALUE, {"events": [{"name": "a", "operator": "total"}]}, "with `operator: total`, each rule has `operator: total` and `unique`"),
    ("totals by users", BY_VALUE, {"events": [{**TOTAL, "unique": "user.id"}]}, "must be `label`, `property` or `value` with `operator: total`"),
    ("totals by value beside a number", BY_VALUE, {"events": [TOTAL, {"name": "a", "unique": "label"}]}, "each rule has `operator: total` and"),
    ("totals by value beside a sum", BY_VALUE, {"events": [TOTAL, {**TOTAL, "operator": "sum(value)"}]}, "must be `total` in each rule of a metric or in none"),
    ("totals by value with another class", BY_VALUE, {"instrumentation_class": "CountMetric"}, "must be `UniqueTotalsMetric` or absent with"),
    ("the class of totals without any", EVENTS, {"instrumentation_class": "UniqueTotalsMetric"}, "must not be there with `data_source: int"),
    *((f"no {name}", DATABASE, {name: ABSENT}, f"the metric has no `{name}`")
      for name in DATABASE if name != "instrumentation_class"),
    ("an unknown field", DATABASE, {"tier": ["free"]}, "`tier` is unknown"),
    ("a version as a number", DATABASE, {"milestone": 16.1}, "`milestone` must be a version in quotes"),
    ("a version with a patch level", DATABASE, {"milestone": "16.1.2"}, "not `16.1.2`"),
    ("a version with a line break at its end", DATABASE, {"milestone": "16.1\n"}, r"not `16.1\n`"),
    ("a text where a list is needed", DATABASE, {"tiers": "free"}, "`tiers` must be a list, not `free`"),
    ("an unknown tier", DATABASE, {"tiers": ["free", "gold"]}, "`tiers[1]` must be `free`, `premium` or `ultimate`"),
    ("a tier twice", DATABASE, {"tiers": ["free", "free"]}, "`tiers[1]` is in the list already"),
    ("no URL", DATABASE, {"introduced_by_url": "TBD"}, "`introduced_by_url` must be a complete URL"),
    ("a URL with a blank", DATABASE, {"introduced_by_url": "https://a.b/c d"}, "must be a complete URL"),
    ("nothing where a URL is needed", DATABASE, {"introduced_by_url": None}, "must be a string, not nothing"),
    ("a class that begins with a digit", DATABASE, {"instrumentation_class": "2FactorsMetric"}, "must be a class name"),
    ("a class that ends in a capital", DATABASE, {"instrumentation_class": "CountX"}, "must be a class name"),
    ("options that are no mapping", DATABASE, {"options": []}, "`options` must be a mapping, not a list"),
    ("an unknown status", DATABASE, {"status": "activ"}, "must be `active`, `removed` or `broken`, not `activ`"),
    ("an unknown time frame", DATABASE, {"time_frame": "1d"}, "`time_frame` must be `7d`, `28d`, `all` or `none`"),
    ("none among several time frames", DATABASE, {"time_frame": ["7d", "none"]}, "`time_frame[1]` must be `7d`, `28d` or"),
    ("a time frame twice", DATABASE, {"time_frame": ["7d", "7d"]}, "`time_frame[1]` is in the list already"),
    ("a time frame that is neither", DATABASE, {"time_frame": 7}, "`time_frame` must be a string or a list, not the number"),
    ("a removed metric without a version", DATABASE, REMOVED | {"milestone_removed": ABSENT}, "has no `milestone_removed`: a"),
    ("a removed metric without a URL", DATABASE, REMOVED | {"removed_by_url": ABSENT}, "has no `removed_by_url`: a removed"),
    ("a broken metric without an issue", DATABASE, {"status": "broken"}, "has no `repair_issue_url`: a broken metric"),
    ("an empty list of events counts as unique ones", DATABASE, {"events": []}, "`time_frame` must be `7d` or `28d`"),
    ("unique events over all time", EVENTS, {"time_frame": "all"}, "`time_frame` must be `7d` or `28d`"),
    ("unique events over all time, among others", EVENTS, {"time_frame": ["7d", "all"]}, "`time_frame[1]` must be `7d` or"),
    ("unique events of another source", DATABASE, {"events": [{"unique": "x"}]}, "`time_frame` must be `7d` or `28d`"),
    ("an event metric without events", EVENTS, {"events": ABSENT}, "has no `events`: with `data_source: internal_events`"),
    ("an event metric with a class", EVENTS, {"instrumentation_class": "RedisMetric"}, "`instrumentation_class` must not be"),
    ("events that are no list", EVENTS, {"events": {"name": "bake"}}, "`events` must be a list, not a mapping"),
    ("a selection rule without a name", EVENTS, {"events": [{"unique": "user.id"}]}, "`events[0]` has no `name`"),
    ("a selection rule with another field", EVENTS, {"events": [{"name": "a", "count": 1}]}, "`events[0].count` is unknown"),
    ("an unknown identifier", EVENTS, {"events": [{"name": "a", "unique": "user"}]}, "`events[0].unique` must be `user.id`"),
    ("an unknown operator", EVENTS, {"events": [{"name": "a", "operator": "max"}]}, "`events[0].operator` must be `sum(val"),
    ("a label that is no text", EVENTS, {"events": [{"name": "a", "filter": {"label": 1}}]}, "filter.label` must be a string"),
    ("a value that is no number", EVENTS, {"events": [{"name": "a", "filter": {"value": "1"}}]}, "filter.value` must be a numb"),
    ("true is no number", EVENTS, {"events": [{"name": "a", "filter": {"x": True}}]}, "filter.x` must be a string or a num"),
    ("a counter without a class", REDIS, {"instrumentation_class": ABSENT}, "has no `instrumentation_class`: with `data_sour"),
    ("a counter with another class", REDIS, {"instrumentation_class": "OtherMetric"}, "must be `RedisMetric`, not `Other"),
    ("a counter without options", REDIS, {"options": ABSENT}, "has no `options`: with `data_source: redis`"),
    ("a counter without a prefix", REDIS, {"options": {"event": "a"}}, "`options` has no `prefix`"),
    ("a counter with another option", REDIS, {"options": {"event": "a", "prefix": None, "x": 1}}, "`options.x` is unknown"),
    ("a count of users without a class", HLL, {"instrumentation_class": ABSENT}, "has no `instrumentation_class`: with"),
    ("a count of users with other options", HLL, {"options": {}}, "`options` has no `events`"),
    ("an event that is no text", HLL, {"options": {"events": ["a", 1]}}, "`options.events[1]` must be a string, but `1`"),
    ("an old key path with the class of today", HLL, {"key_path": OLD_KEY_PATH}, "the metric has the key path of an old metric"),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "changes"), [row[1:] for row in VALID], ids=[row[0] for row in VALID])
def test_a_metric_is_valid_with(metric: dict[str, object], changes: dict[str, object]) -> None:
    assert schema_messages(changed(metric, **changes), Kind.METRIC) == []


@pytest.mark.parametrize(("metric", "changes", "words"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_a_metric_is_invalid_for_one_reason_with(
    metric: dict[str, object], changes: dict[str, object], words: str
) -> None:
    (message,) = schema_messages(changed(metric, **changes), Kind.METRIC)
    assert words in message


@pytest.mark.parametrize("data", [None, [], "text", 5, True])
def test_what_is_no_mapping_is_no_metric(data: object) -> None:
    (message,) = schema_messages(data, Kind.METRIC)
    assert message.startswith(
        ("the metric must be a mapping, not ", "the metric must be a mapping, but the file is empty")
    )
