"""The explorer's index says what the definitions say, in few bytes."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary, ProductGroup
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.site.data.cross_references import CrossReferences
from metrics_dictionary.site.data.explorer_index import FORMAT, events_index, metrics_index
from metrics_dictionary.site.parts.urls import metric_url
from tests.benchmarks.corpus import write_corpus
from tests.site.conftest import HOSTILE
from tests.small_root import event, metric

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.site.data.explorer_index import ExplorerIndex


def references(metrics: list[dict[str, object]], events: list[dict[str, object]] | None = None) -> CrossReferences:
    """What the index is made from, of definitions that stand in no file."""
    return CrossReferences(
        Dictionary(
            tuple(MetricDefinition(fields, f"definitions/metrics/{at}.yml") for at, fields in enumerate(metrics)),
            tuple(EventDefinition(fields, f"definitions/events/{at}.yml") for at, fields in enumerate(events or [])),
            product_groups={"planning": ProductGroup("planning", "Planning")},
        )
    )


def first(index: ExplorerIndex) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(index.first)
    return content


def more(index: ExplorerIndex) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(index.more)
    return content


def values(column: dict[str, Any]) -> list[list[str]]:
    """The values of each row of a set column."""
    return [[column["values"][position] for position in column["sets"][row]] for row in column["rows"]]


def texts(column: dict[str, Any]) -> list[str]:
    """The text of each row of a text column."""
    return [column["values"][row] for row in column["rows"]]


def test_each_metric_is_a_row_of_every_column() -> None:
    index = metrics_index(
        references(
            [
                metric(),
                metric(key_path="counts.opened", time_frame=["7d", "28d"], tiers=["free"], status="broken"),
            ]
        )
    )
    content = first(index)
    assert content["format"] == FORMAT
    assert content["names"] == ["counts.boards", "counts.opened_monthly", "counts.opened_weekly"]
    assert values(content["sets"]["status"]) == [["active"], ["broken"], ["broken"]]
    assert values(content["sets"]["time"]) == [["all"], ["28d"], ["7d"]]
    assert values(content["sets"]["tier"]) == [["free", "premium"], ["free"], ["free"]]
    lengths = {len(column["rows"]) for column in [*content["sets"].values(), content["gist"]]}
    assert lengths | {len(column["rows"]) for column in more(index)["texts"].values()} == {3}


def test_values_have_the_words_that_pages_use_for_them() -> None:
    sets = first(metrics_index(references([metric(), metric(key_path="b", product_group=None, milestone="<13.9")])))[
        "sets"
    ]
    labels = {
        name: {column["values"][int(at)]: words for at, words in column["labels"].items()}
        for name, column in sets.items()
    }
    assert labels["group"] == {"planning": "Planning", "none": "No product group"}
    assert labels["source"] == {"database": "Database"}
    assert labels["time"] == {"all": "All time"}
    assert labels["milestone"] == {"<13.9": "before 13.9"}


def test_milestones_are_in_the_order_of_versions() -> None:
    milestones = ["16.10", "16.9", "<13.9", "13.9", "nonsense", "9.0"]
    metrics = [metric(key_path=f"m{at}", milestone=milestone) for at, milestone in enumerate(milestones)]
    column = first(metrics_index(references(metrics)))["sets"]["milestone"]
    assert column["values"] == ["nonsense", "9.0", "<13.9", "13.9", "16.9", "16.10"]
    assert values(column) == [[milestone] for milestone in milestones]


def test_a_description_is_stored_once_and_whole_only_where_it_is_longer() -> None:
    long = f"Boards. {'And much more of them. ' * 50}"
    index = metrics_index(
        references([metric(time_frame=["7d", "28d"], description=long), metric(key_path="a", description="Short.")])
    )
    assert texts(first(index)["gist"]) == ["Short.", "Boards.", "Boards."]
    assert more(index)["texts"]["description"]["values"] == ["", long]
    assert texts(more(index)["texts"]["description"]) == ["", long, long]


def test_the_longer_texts_have_options_and_the_properties_of_events() -> None:
    rules = [{"name": "open_board", "unique": "user.id", "filter": {"label": "scrum", "colour": 3}}]
    index = metrics_index(
        references([metric(events=rules), metric(key_path="d", options={"event": "old_event", "prefix": "p"})])
    )
    assert texts(more(index)["texts"]["property"]) == ["label: scrum; colour: 3; user.id", ""]
    assert texts(more(index)["texts"]["option"]) == ["", '{"event":"old_event","prefix":"p"}']
    assert values(first(index)["sets"]["event"]) == [["open_board"], ["old_event"]]


def test_the_longer_texts_have_the_sql(small_root: Path) -> None:
    index = metrics_index(CrossReferences(read_dictionary(small_root).dictionary))
    row = first(index)["names"].index("counts.boards")
    assert texts(more(index)["texts"]["sql"])[row] == 'SELECT COUNT("boards"."id") FROM "boards"'


def test_events_have_their_properties_and_what_they_feed() -> None:
    feeds = [metric(key_path="counts.opened", events=[{"name": "open_board"}])]
    index = events_index(references(feeds, [event(), event(action="leave_board", status="removed")]))
    assert first(index)["names"] == ["leave_board", "open_board"]
    assert values(first(index)["sets"]["status"]) == [["removed"], ["active"]]
    assert values(first(index)["sets"]["property"])[1] == ["colour", "label", "property"]
    assert texts(more(index)["texts"]["metric"]) == ["", "counts.opened"]
    assert "such as teal" in texts(more(index)["texts"]["about"])[1]


@pytest.mark.parametrize("name", ["a/b", "..", "Upper", HOSTILE, "k" * 300, "half \ud800 a pair", "🦊"])
def test_a_name_that_is_no_address_has_the_address_of_its_page(name: str) -> None:
    content = first(metrics_index(references([metric(key_path="a.plain_one"), metric(key_path=name)])))
    row = content["names"].index(name)
    assert f"metrics/{content['paths'][str(row)]}/" == metric_url(name)
    assert str(content["names"].index("a.plain_one")) not in content["paths"]


def test_any_value_makes_an_index() -> None:
    odd: list[object] = [None, 3, [None], {"a": [1]}, "", HOSTILE, [HOSTILE, ["nested"]]]
    metrics = [dict.fromkeys(metric(), value) | {"key_path": f"m{at}"} for at, value in enumerate(odd)]
    events = [dict.fromkeys(event(), value) | {"action": f"e{at}"} for at, value in enumerate(odd)]
    made = references(metrics, events)
    # A list of time frames without a single text makes no metric.
    assert len(first(metrics_index(made))["names"]) == 6
    assert len(first(events_index(made))["names"]) == 7


def test_no_definitions_make_an_empty_index() -> None:
    made = references([])
    assert first(metrics_index(made))["names"] == first(events_index(made))["names"] == []


def test_the_index_of_a_thousand_definitions_is_small(tmp_path: Path) -> None:
    write_corpus(1000, tmp_path / "definitions")
    index = metrics_index(CrossReferences(read_dictionary(tmp_path / "definitions").dictionary))
    assert len(gzip.compress(index.first)) < 60_000
