"""How schema findings are worded and placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.tools.near_misses import Suggestion
from metrics_dictionary.validation.engine.schema_rule import schema_findings
from tests.small_root import metric
from tests.validation.schema_samples import document_of, schema_messages

if TYPE_CHECKING:
    from metrics_dictionary.validation.rules.rule import Finding


def findings(data: object, kind: Kind = Kind.METRIC) -> dict[str, Finding]:
    return {finding.message: finding for finding in schema_findings(document_of(data, kind))}


def finding(data: dict[str, object], words: str) -> Finding:
    return next(found for message, found in findings(data).items() if words in message)


def test_a_missing_field_is_reported_at_the_mapping_with_its_own_explanation() -> None:
    found = finding({"tiers": []}, "has no `product_group`")
    assert found.path == ()
    assert found.help is not None
    assert found.help.startswith("The group that owns the metric")


def test_a_wrong_value_is_reported_at_the_value_with_its_explanation() -> None:
    found = finding({"tiers": ["free", "gold"]}, "`tiers[1]`")
    assert (found.path, found.at_key, found.help) == (("tiers", 1), False, "A subscription tier.")


def test_an_unknown_field_is_reported_at_its_key_with_what_is_possible() -> None:
    found = finding({"tier": ["free"], "key_path": "a"}, "`tier` is unknown")
    assert (found.path, found.at_key, found.suggestion) == (("tier",), True, Suggestion("tiers"))
    assert found.help is not None
    assert found.help.startswith("Possible here: `product_categories`, ")
    assert "`key_path`" not in found.help
    assert "`name`" not in found.help


def test_a_field_that_must_not_be_there_is_reported_at_its_key() -> None:
    found = finding({"data_source": "internal_events", "instrumentation_class": "AMetric"}, "must not be there")
    assert (found.path, found.at_key) == (("instrumentation_class",), True)


def test_a_near_miss_of_an_allowed_value_is_suggested() -> None:
    assert finding({"data_category": "Optional"}, "`data_category`").suggestion == Suggestion("optional", safe=True)
    assert finding({"data_category": "non_optional"}, "`data_category`").suggestion == Suggestion("optional")
    assert finding({"status": "data_available"}, "`status`").suggestion is None


def test_the_only_allowed_value_is_suggested() -> None:
    metric: dict[str, object] = {"data_source": "redis_hll", "instrumentation_class": "RedisMetric"}
    assert finding(metric, "`instrumentation_class` must be").suggestion == "RedisHLLMetric"


def test_a_field_deep_inside_is_explained_by_its_own_description() -> None:
    rule: dict[str, object] = {"data_source": "internal_events", "events": [{"name": "a", "unique": "nobody"}]}
    found = finding(rule, "`events[0].unique`")
    assert found.path == ("events", 0, "unique")
    assert found.help is not None
    assert found.help.startswith("Count how many distinct values")


def test_a_wrong_type_is_not_reported_again_as_a_wrong_value() -> None:
    messages = [message for message in findings({"status": 5, "milestone": 16.1}) if "must be" in message]
    assert messages == [
        "`status` must be a string, not the number 5",
        '`milestone` must be a version in quotes such as "16.10" or "<13.9", not the number 16.1',
    ]


def test_no_message_repeats_a_whole_definition() -> None:
    long = {"key_path": ["x" * 1000], "description": {"a": "y" * 1000}, "status": "w" * 1000}
    assert all(len(message) < 250 for message in schema_messages(long, Kind.METRIC))


def test_what_cannot_be_printed_is_escaped() -> None:
    (message,) = [
        message for message in schema_messages({"status": "\x1b[31mred\u202e"}, Kind.METRIC) if "not" in message
    ]
    assert r"`\x1b[31mred\u202e`" in message


def test_an_unknown_key_of_an_instrumentation_is_reported_at_the_key() -> None:
    found = findings({"count_loaves": {"source": "clock"}}, Kind.INSTRUMENTATIONS)
    assert [(each.path, each.at_key) for each in found.values()] == [(("count_loaves",), True)]


def test_product_groups_are_a_mapping_or_a_list() -> None:
    assert schema_messages({"ovens": {"name": "Ovens"}, "shop": None}, Kind.PRODUCT_GROUPS) == []
    assert schema_messages(["ovens", "shop"], Kind.PRODUCT_GROUPS) == []
    assert schema_messages(["ovens", 5], Kind.PRODUCT_GROUPS) == [
        "`[1]` must be an identifier of lowercase letters, digits, `_` and `-`, not the number 5"
    ]
    assert schema_messages({"5-min-app": None, "anti-abuse": None, "a_b": None}, Kind.PRODUCT_GROUPS) == []
    assert schema_messages({"ovens": {"nmae": "Ovens"}}, Kind.PRODUCT_GROUPS) == [
        "`ovens.nmae` is unknown: there is no such field"
    ]


@pytest.mark.parametrize("name", ["", "Bad Group!", "../x", "a/b", "-a", "a\n"])
def test_a_product_group_has_an_identifier_that_an_address_can_hold(name: str) -> None:
    (found,) = findings({name: {"name": "x"}}, Kind.PRODUCT_GROUPS).values()
    assert (found.path, found.at_key) == ((name,), True)
    assert "must be an identifier of lowercase letters, digits, `_` and `-`, not" in found.message
    (found,) = findings(["ovens", name], Kind.PRODUCT_GROUPS).values()
    assert found.path == (1,)
    assert "must be an identifier" in found.message


def test_the_name_of_a_field_is_never_cut() -> None:
    assert "`" + "z" * 200 + "` is unknown: there is no such field" in schema_messages({"z" * 200: 1}, Kind.METRIC)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("data-source", "database", "`data-source` is unknown: there is no such field"),
        ("milest\u043ene", "16.1", "(with U+043E (CYRILLIC SMALL LETTER O)) is unknown"),
        ("status", "active\u200b", "`active\\u200b` (with U+200B (ZERO WIDTH SPACE))"),
        ("status", "active\u00a0", "`active\\xa0` (with U+00A0 (NO-BREAK SPACE))"),
        ("milestone", "\u201c16.1\u201d", "U+201C (LEFT DOUBLE QUOTATION MARK), U+201D (RIGHT DOUBLE QUOTATION MARK)"),
        ("data_source", "\uff44atabase", "U+FF44 (FULLWIDTH LATIN SMALL LETTER D)"),
    ],
)
def test_what_cannot_be_seen_is_named(field: str, value: str, words: str) -> None:
    assert any(words in message for message in schema_messages(metric(**{field: value}), Kind.METRIC))


def test_what_other_languages_write_is_not_called_deceptive() -> None:
    assert schema_messages(metric(status="активен"), Kind.METRIC) == [
        "`status` must be `active`, `removed` or `broken`, not `активен`"
    ]


@pytest.mark.parametrize(
    ("data", "message", "help_words"),
    [
        (None, "the metric must be a mapping, but the file is empty", "Write the definition"),
        ([{"key_path": "a"}], "the metric must be a mapping, not a list", "Take out the `- `"),
    ],
)
def test_a_file_that_holds_no_mapping_is_told_why(data: object, message: str, help_words: str) -> None:
    (found,) = schema_findings(document_of(data, Kind.METRIC))
    assert found.message == message
    assert help_words in (found.help or "")


@pytest.mark.parametrize(("written", "meant"), [("30d", "28d"), ("weekly", "7d"), ("Monthly", "28d")])
def test_a_time_frame_by_another_name_is_suggested(written: str, meant: str) -> None:
    fields = metric(time_frame=written)
    (found,) = schema_findings(document_of(fields, Kind.METRIC))
    assert getattr(found.suggestion, "text", found.suggestion) == meant
