"""Searching as a person does: what they type, and what they then see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.explorer_page import ExplorerPage


@pytest.fixture
def explorer(page: Page, address: str) -> ExplorerPage:
    return ExplorerPage(page, f"{address}/large/metrics/")


@pytest.fixture
def small(page: Page, address: str) -> ExplorerPage:
    return ExplorerPage(page, f"{address}/hostile/metrics/")


def test_every_word_has_to_be_found(explorer: ExplorerPage) -> None:
    explorer.search("runner")
    runner = explorer.found()
    explorer.search("runner plan")
    both = explorer.found()
    assert 0 < both < runner
    assert all("runner" in name and "plan" in name for name in explorer.names())


def test_a_phrase_is_found_as_it_stands(explorer: ExplorerPage) -> None:
    explorer.search("blocked people")
    words = explorer.found()
    explorer.search('"blocked people"')
    assert 0 < explorer.found() < words
    assert explorer.marks() <= {"blocked people", "Blocked people"}


def test_a_word_with_a_minus_must_not_be_found(explorer: ExplorerPage) -> None:
    explorer.search("runner")
    all_runners = explorer.found()
    explorer.search("runner -plan")
    without = explorer.found()
    explorer.search("runner plan")
    assert without + explorer.found() == all_runners


def test_each_spelling_of_a_key_path_finds_it_first(explorer: ExplorerPage) -> None:
    for spelling in (
        "counts.create_runner_00171",
        "counts_create_runner_00171",
        "COUNTS__CREATE_RUNNER_00171",
        "payload['counts']['create_runner_00171']",
        "raw_usage_data_payload:counts.create_runner_00171::number",
    ):
        explorer.search(spelling)
        assert explorer.names(1) == ["counts.create_runner_00171"], spelling


def test_a_field_is_searched_by_its_name(page: Page, address: str) -> None:
    columns = "name,status,group,source,category,time,tier,type,pi,milestone,event"
    explorer = ExplorerPage(page, f"{address}/large/metrics/?columns={columns}")
    for query, shown in (
        ("status:broken", {"Broken"}),
        ("group:plan_team_1", {"Plan team 1"}),
        ("source:database", {"Database"}),
        ("time:28d", {"28 days"}),
        ("tier:ultimate", {"premium, ultimate"}),
        ("pi:smau", {"smau"}),
        ("category:operational", {"operational"}),
        ("type:boolean", {"boolean"}),
        ("milestone:15.11..16.10", {"15.11", "16.10"}),
        ("milestone:<14.11", {"before 13.9", "13.10", "13.11", "14.10"}),
        ("event:open_issue_00002", {"open_issue_00002"}),
    ):
        explorer.search(query)
        assert 0 < explorer.found() <= 5_863, query
        cells = page.locator(f".dx-cell--{query.partition(':')[0]}").all_inner_texts()
        if query.startswith("event"):
            cells = [event for cell in cells for event in cell.split(", ") if event in shown]
        assert set(cells) == shown, query


def test_the_name_comes_before_the_description(explorer: ExplorerPage) -> None:
    explorer.search("projects")
    assert explorer.found() > 0
    explorer.search("pipeline")
    assert all("pipeline" in name for name in explorer.names())
    by_relevance = explorer.found()
    explorer.search("-name:pipeline pipeline")
    assert 0 < explorer.found() < by_relevance


def test_one_wrong_letter_still_finds(explorer: ExplorerPage) -> None:
    for misspelt in ("runer", "rumner", "runnner", "urnner", "counts.creat_runner", "creste_runner"):
        explorer.search(misspelt)
        assert explorer.found() > 0, misspelt
        assert all("runner" in name for name in explorer.names()), misspelt
        assert all("runner" in mark for mark in explorer.marks()), misspelt
        expect(explorer.page.locator(".dx-notes")).to_contain_text(f"Nothing is spelled “{misspelt}”")


def test_what_was_found_is_marked(explorer: ExplorerPage) -> None:
    explorer.search("create_runner")
    assert explorer.marks() == {"create_runner"}
    explorer.search("runner weeks")
    assert {mark.lower() for mark in explorer.marks()} >= {"runner", "weeks"}


def test_sql_options_events_and_properties_are_searched_and_shown_where_they_match(small: ExplorerPage) -> None:
    # These come with the second file, a moment later.
    for query, name, shown in (
        ("sql:boards", "counts.boards", 'SQL: …COUNT("boards"'),
        ("option:prefix", "counts.older", "Options: "),
        ("scrum", "counts.opened_weekly", "Properties: label: scrum"),
    ):
        small.search(query)
        expect(small.page.get_by_role("row").filter(has_text=name).first).to_contain_text(shown)
    small.search("open_board")
    assert "counts.opened_weekly" in small.names()


def test_an_event_is_found_by_its_properties(page: Page, address: str) -> None:
    events = ExplorerPage(page, f"{address}/hostile/events/")
    assert "leave_board" not in events.names(50)
    events.search("colour")
    expect(events.page.get_by_role("row").filter(has_text="open_board").first).to_be_visible()
    events.search("property:teal")
    expect(events.count).to_have_text("0 of 15 events")
    events.search("identifier:user board")
    assert "open_board" in events.names()


def test_a_field_without_a_value_yet_changes_nothing(explorer: ExplorerPage) -> None:
    before = explorer.found()
    for text in ("status:", "-", '"', "   "):
        explorer.search(text)
        assert explorer.found() == before


def test_nothing_found_is_said_and_can_be_undone(explorer: ExplorerPage) -> None:
    explorer.search("zzzzqqqq")
    expect(explorer.count).to_have_text("0 of 6,107 metrics")
    explorer.page.get_by_role("button", name="Clear search and filters").click()
    explorer.settle()
    assert explorer.found() > 5_000
    expect(explorer.box).to_be_focused()
