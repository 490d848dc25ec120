"""The explorer's state is its address."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.explorer_page import ExplorerPage


def test_known_parameters_keep_their_meaning(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/?q=runner&status=active&category=operational")
    expect(explorer.box).to_have_value("runner")
    assert page.get_by_role("button", name="Remove the filter Status: Active").is_visible()
    assert page.get_by_role("button", name="Remove the filter Category: operational").is_visible()
    filtered = explorer.found()
    explorer.page.goto(f"{address}/large/metrics/?q=runner+status:active+category:operational")
    explorer.ready()
    assert explorer.found() == filtered > 0


def test_a_copied_link_shows_the_same(page: Page, context: BrowserContext, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/")
    explorer.search('runner "28 days" -plan')
    explorer.search("runner -plan")
    explorer.facet("Data source", "Database").click()
    explorer.settle()
    explorer.facet("Data source", "System").click()
    explorer.settle()
    page.get_by_role("columnheader", name="Group").get_by_role("button").click()
    page.get_by_role("columnheader", name="Description").get_by_role("button").click(modifiers=["Shift"])
    page.get_by_role("button", name="Density: roomy").click()
    page.get_by_role("button", name="show", exact=True).click()
    explorer.settle()
    other = ExplorerPage(context.new_page(), page.url)
    assert other.names(20) == explorer.names(20)
    assert other.count.inner_text() == explorer.count.inner_text()
    assert other.query == explorer.query
    assert set(explorer.query.split("&")) >= {"source=database", "source=system", "sort=group,description"}


def test_back_and_forward_go_through_what_was_done(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/")
    everything = explorer.found()
    explorer.box.press_sequentially("runner", delay=20)
    explorer.settle()
    searched = explorer.found()
    explorer.facet("Data source", "Database").click()
    explorer.settle()
    filtered = explorer.found()
    assert everything > searched > filtered > 0
    page.go_back()
    explorer.settle()
    assert explorer.found() == searched
    # The letters of a word, typed without a pause, are one step.
    page.go_back()
    explorer.settle()
    assert explorer.found() == everything
    expect(explorer.box).to_have_value("")
    page.go_forward()
    page.go_forward()
    explorer.settle()
    assert explorer.found() == filtered
    expect(explorer.box).to_have_value("runner")


def test_coming_back_from_a_definition_shows_the_list_as_it_was_left(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/?source=database")
    page.mouse.wheel(0, 9_000)
    explorer.scrolled()
    before = page.evaluate("scrollY")
    link = page.locator(".dx-row a").nth(20)
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    page.go_back()
    explorer.ready()
    page.wait_for_function(f"() => Math.abs(scrollY - {before}) < 300")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def test_an_address_that_makes_no_sense_breaks_nothing(page: Page, address: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for query in (
        "status=nonsense&category=",
        "milestone=99.1..0",
        "milestone=..&columns=nonsense",
        "sort=,-,nonsense,-nonsense",
        "q=%22%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "q=%ff%fe&status=%00",
        "__proto__=1&constructor=2&q=__proto__:x+constructor:y+toString:z",
    ):
        explorer = ExplorerPage(page, f"{address}/shipped/metrics/?{query}")
        explorer.search("runner")
        expect(explorer.count).to_contain_text(" metrics")


def test_the_search_of_the_home_page_leads_to_the_explorers(page: Page, address: str) -> None:
    page.goto(f"{address}/large/")
    page.get_by_role("searchbox").fill("runner status:broken")
    page.get_by_role("searchbox").press("Enter")
    explorer = ExplorerPage(page, page.url)
    assert page.url.startswith(f"{address}/large/metrics/?q=runner")
    assert 0 < explorer.found() < 100
    page.goto(f"{address}/large/")
    page.get_by_role("searchbox").fill("runner")
    page.get_by_role("button", name="Search events").click()
    page.wait_for_url("**/events/?q=runner")
    explorer.ready()
    assert all("runner" in name for name in explorer.names())
