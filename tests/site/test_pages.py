"""What the pages of definitions say."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.pages.event_pages import curl
from tests.site.built_pages import page

if TYPE_CHECKING:
    from pathlib import Path


def text_of(site: Path, url: str) -> str:
    """The visible text of a page, blanks collapsed."""
    return re.sub(r"\s+", " ", page(site / url / "index.html").text)


def section(text: str, title: str, following: str) -> str:
    return text.split(f"{title}#", 1)[1].split(f"{following}#", 1)[0]


def test_a_database_metric_shows_its_sql_and_says_it_in_words(small_site: Path) -> None:
    computed = section(text_of(small_site, "metrics/counts.boards"), "How it is computed", "In the payload")
    assert 'SELECT COUNT("boards"."id") FROM "boards"' in computed
    assert "BETWEEN" not in computed
    monthly = section(text_of(small_site, "metrics/counts.boards_monthly"), "How it is computed", "In the payload")
    assert "BETWEEN '30 days ago' AND '2 days ago'" in monthly


def test_an_event_metric_says_which_events_it_counts_and_how(small_site: Path) -> None:
    path = small_site / "metrics/counts.opened_weekly/index.html"
    computed = section(text_of(small_site, "metrics/counts.opened_weekly"), "How it is computed", "In the payload")
    assert "Distinct users in open_board where label is scrum" in computed
    assert "../../events/open_board/" in page(path).links


def test_an_older_metric_shows_the_event_of_its_options(small_site: Path) -> None:
    assert "Every occurrence of open_board" in text_of(small_site, "metrics/counts.older")


def test_a_metric_page_explains_each_attribute(small_site: Path) -> None:
    attributes = section(text_of(small_site, "metrics/counts.boards"), "Attributes", "Definition")
    assert "data_category optional What the value may be used for" in attributes
    assert "product_group Planning The group that owns the metric" in attributes


def test_a_metric_page_shows_the_place_in_the_payload(small_site: Path) -> None:
    fragment = section(text_of(small_site, "metrics/counts.boards"), "In the payload", "Attributes")
    assert json.loads(fragment) == {"counts": {"boards": 0}}


def test_a_metric_page_names_its_other_time_frames_and_the_metrics_of_the_same_event(small_site: Path) -> None:
    related = section(text_of(small_site, "metrics/counts.opened_weekly"), "Related metrics", "nothing follows")
    assert "Other time frames counts.opened_monthly" in related
    assert "Same event counts.older" in related
    assert "Other time frames counts.boards_monthly" in text_of(small_site, "metrics/counts.boards")


def test_a_class_that_reads_what_options_name_relates_no_metrics(shipped_site: Path) -> None:
    counter = text_of(shipped_site, "metrics/redis_hll_counters.search.i_search_paid_monthly")
    assert "Same instrumentation" not in counter


def test_the_lifecycle_tells_what_became_of_a_metric(small_site: Path) -> None:
    broken = text_of(small_site, "metrics/counts.broken")
    assert "This metric is broken" in broken
    assert "Broken issue #7" in broken
    gone = text_of(small_site, "metrics/counts.gone")
    assert "This metric was removed in 16.9" in gone
    assert "Introduced 16.1 merge request !1234 Removed 16.9" in gone


def test_a_metric_page_shows_the_definition_as_written_and_where(small_site: Path, small_root: Path) -> None:
    html = page(small_site / "metrics/counts.boards/index.html")
    assert "definitions/metrics/counts_all/0.yml" in html.text
    assert (small_root / "metrics/counts_all/0.yml").read_text().strip() in html.text


def test_an_event_page_lists_what_it_carries_and_feeds(small_site: Path) -> None:
    text = text_of(small_site, "events/open_board")
    assert "counts.opened_monthly Distinct users in this event where label is scrum" in text
    assert "colour The board's colour, such as teal. Custom property" in text
    assert "user Who did it." in section(text, "Identifiers", "Try it")


def test_a_removed_event_offers_no_command_to_record_it(small_site: Path) -> None:
    assert "curl" not in text_of(small_site, "events/leave_board")
    assert "This event was removed in 16.4" in text_of(small_site, "events/leave_board")


def test_the_command_of_an_event_records_what_a_metric_counts() -> None:
    properties = {
        "label": {"description": "Kind of the board."},
        "property": {"description": "How: page, api or link."},
        "value": {"description": "Seconds."},
        "colour": {"description": "Such as `teal`."},
        "list_id": {"description": "The list."},
    }
    event = EventDefinition(
        {"action": "open_board", "identifiers": ["user", "project"], "additional_properties": properties}, "e.yml"
    )
    metric = MetricDefinition(
        {"key_path": "m", "events": [{"name": "open_board", "filter": {"label": "scrum"}}]}, "m.yml"
    )
    words = shlex.split(curl(event, [metric]).replace("\\\n", " "))
    assert words[:3] == ["curl", "--request", "POST"]
    assert json.loads(words[words.index("--data") + 1]) == {
        "event": "open_board",
        "project_id": 1,
        "additional_properties": {"label": "scrum", "property": "page", "value": 1, "colour": "teal", "list_id": 1},
    }


def test_the_command_of_an_event_holds_any_name_without_ending_its_quotes() -> None:
    action = "'; rm -rf ~; echo '$(id)`id`\\"
    words = shlex.split(curl(EventDefinition({"action": action}, "e.yml"), []).replace("\\\n", " "))
    assert json.loads(words[words.index("--data") + 1]) == {"event": action}


def test_a_group_page_lists_what_the_group_owns(small_site: Path) -> None:
    text = text_of(small_site, "groups/planning")
    assert "counts.boards" in text
    assert "This group owns no definition yet." in text_of(small_site, "groups/idle")
    assert "counts.ownerless" in text_of(small_site, "groups/none")


def test_the_home_page_counts_and_names_the_newest(small_site: Path) -> None:
    text = text_of(small_site, "")
    assert "New since 16.2" in text
    assert "open_board" in text
    assert re.search(r"\d+ metrics \d+ events 5 product groups", text)


def test_the_references_explain_every_field_and_every_rule(small_site: Path) -> None:
    from metrics_dictionary.validation.rules.registry import RULES
    from metrics_dictionary.validation.schemas.field_reference import field_reference

    fields = text_of(small_site, "reference/fields")
    for kind in ("metric", "event", "product_groups"):
        for field in field_reference(kind):
            assert field.name in fields
            assert field.description.replace("`", "") in fields
    assert "timestamp_column" in fields
    assert set(RULES) <= page(small_site / "reference/rules/index.html").ids
