from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown

from metrics_dictionary.changes.compare.edition import Edition
from metrics_dictionary.changes.field_change import excerpts
from metrics_dictionary.changes.render.difference import Difference, difference
from metrics_dictionary.changes.render.json_difference import difference_json
from metrics_dictionary.changes.render.markdown_difference import (
    MAX_COMMENT_LENGTH,
    changelog_markdown,
    code,
    difference_markdown,
)
from metrics_dictionary.changes.render.text_difference import difference_text
from metrics_dictionary.dictionary.dictionary import Dictionary, ProductGroup
from metrics_dictionary.tools.text import columns
from tests.small_root import short_metric as metric

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.metric import MetricDefinition

HOSTILE = [
    "`<img src=x onerror=alert(1)>`",
    "``` @everyone ![x](https://example.com/x.png)",
    "</details><script>alert(1)</script>",
    "a\n\n/merge\n# Title",
    "[link](javascript:alert(1)) !1 #2 ~bug $x$",
    "\x1b[31mred\x1b[0m \u202e tfel",
    "| a | b |",
    "`",
    " ",
    "\ud800",
]


def edition(*metrics: MetricDefinition, name: str = "it", groups: dict[str, ProductGroup] | None = None) -> Edition:
    return Edition(name, Dictionary(metrics, (), {}, groups))


def with_text(text: str) -> Difference:
    """A difference in which every field of a definition that is shown holds the text."""
    old = metric(text + "a", description=text, value_type=text, product_group=text, performance_indicator_type=[text])
    fields = {name: value for name, value in old.fields.items() if name != "key_path"}
    new = metric(text + "a", **{**fields, "value_type": text + "1", text: 1})
    group = {text: ProductGroup(text, text, contact=text)}
    gone, fresh = metric(text + "b"), metric(text + "c", description=text, product_group=text)
    return difference(edition(old, gone, name=text, groups=group), edition(new, fresh, name=text, groups=group))


ELEMENTS = {"h2", "h3", "p", "strong", "code", "ul", "li", "blockquote"}


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_holds_no_element_that_a_definition_brings(text: str) -> None:
    for document in (difference_markdown(with_text(text)), changelog_markdown(with_text(text))):
        assert set(re.findall(r"<(\w+)", markdown(document))) <= ELEMENTS


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_holds_the_words_of_a_definition_in_code_spans_only(text: str) -> None:
    for document in (difference_markdown(with_text(text)), changelog_markdown(with_text(text))):
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", document)
        assert not re.search(r"[<>@!|$\[\]\\~]|/merge|\x1b|javascript|https", outside.replace("\n> ", "\n")), outside


@given(st.text(max_size=40))
def test_a_code_span_is_one_line_and_ends_where_it_should(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert "\n" not in span
    assert span.endswith(fence[0])
    assert fence[0] not in re.findall("`+", inner)
    assert not inner.startswith("`")
    assert not inner.endswith("`")


@pytest.mark.parametrize("text", HOSTILE)
def test_the_terminal_is_shown_nothing_that_it_would_obey(text: str) -> None:
    shown = click.unstyle(difference_text(with_text(text)))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", shown)


def test_no_line_is_wider_than_the_terminal() -> None:
    shown = difference_text(with_text("word " * 60), 50)
    assert max(columns(line) for line in shown.splitlines()) <= 50


@pytest.mark.parametrize("text", HOSTILE)
def test_json_can_be_written_and_read(text: str) -> None:
    told: dict[str, Any] = json.loads(difference_json(with_text(text)).encode())
    assert told["summary"] == {
        "added": 1,
        "removed": 0,
        "deleted": 1,
        "changed": 1,
        "moved": 0,
        "breaking": 2,
        "unread": 0,
    }


def test_json_names_owner_fields_findings_and_what_is_computed() -> None:
    old = metric("a.b", value_type="number", product_group="ovens", instrumentation_class="Ovens")
    new = metric("a.b", value_type="string", product_group="counter", instrumentation_class="Ovens")
    groups = {"counter": ProductGroup("counter", "Counter", contact="#counter")}
    told = difference_json(difference(edition(old, groups=groups), edition(new, groups=groups)))
    (group,) = json.loads(told)["groups"]
    assert (group["product_group"], group["name"], group["contact"]) == ("counter", "Counter", "#counter")
    (definition,) = group["definitions"]
    assert definition["fields"] == [
        {"field": "value_type", "before": "number", "after": "string"},
        {"field": "product_group", "before": "ovens", "after": "counter"},
    ]
    assert [finding["rule"] for finding in definition["findings"]] == ["changed-value-type", "changed-owner"]
    assert (definition["moved_from"], definition["affected_groups"]) == ("ovens", ["ovens"])


def test_a_comment_ends_before_it_is_too_long_and_says_what_it_leaves_out() -> None:
    many = [metric(f"counts.metric_{number:05}", description="x" * 100) for number in range(3_000)]
    old, new = (metric("zzz.breaking", value_type=word) for word in ("number", "string"))
    told = difference_markdown(difference(edition(old), edition(*many, new)))
    assert len(told) < MAX_COMMENT_LENGTH + 1_000
    assert "more definitions, for which a comment has no room" in told
    assert told.index("zzz.breaking") < told.index("counts.metric_00000")


def test_nothing_different_is_said_in_one_line() -> None:
    same = difference(edition(metric("a.b"), name="one"), edition(metric("a.b"), name="other"))
    assert click.unstyle(difference_text(same)) == "one -> other: no difference. Nothing breaking.\n"
    assert "Nothing changed." in changelog_markdown(same)


def test_release_notes_put_first_what_cannot_be_compared_any_more() -> None:
    old = edition(metric("a.changed", value_type="number"), metric("a.worded", description="x"), metric("a.old"))
    new = edition(
        metric("a.changed", value_type="string"),
        metric("a.worded", description="y"),
        metric("a.old", status="removed"),
        metric("a.new", description="New."),
    )
    titles = re.findall("^### (.*)$", changelog_markdown(difference(old, new)), re.MULTILINE)
    assert titles == ["Not comparable with earlier numbers", "New", "Changed", "Removed"]


@given(st.text(max_size=300), st.text(max_size=300))
def test_excerpts_of_two_values_have_room_and_differ_when_the_values_do(one: str, other: str) -> None:
    before, after = excerpts(one, other, 60)
    assert max(len(before), len(after)) <= 60
    assert (before == after) == (one == other)
