"""Every kind of page in a browser: accessible, without scripts, without a server, and whatever the definitions hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from metrics_dictionary.site.parts.urls import segment
from tests.browser.accessibility import serious
from tests.browser.explorer_page import ExplorerPage
from tests.site.conftest import HOSTILE, NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

ADDRESSES = "(links) => links.map((link) => link.href)"

PAGES = (
    "",
    "metrics/",
    "metrics/?q=runner&status=active&columns=name,description,status,group,source,category,time,tier,type,pi",
    "metrics/~3/",
    "events/",
    "groups/",
    "groups/analytics_instrumentation/",
    "sources/license/",
    "downloads/",
    "reference/fields/",
    "reference/rules/",
    "guides/write-a-metric/",
)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_keeps_people_out(page: Page, address: str, path: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(f"{address}/shipped/{path}")
        if path.startswith(("metrics/?", "events/")) or path == "metrics/":
            page.locator("#explorer:not([hidden])").wait_for()
        assert not serious(page), scheme


def test_open_panels_keep_nobody_out(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/?q=runner")
    explorer.open_facets()
    for name in ("Columns", "Sort", "Export"):
        page.get_by_role("button", name=name, exact=True).click()
        assert not serious(page)
    page.keyboard.press("Escape")
    explorer.search("zzzzzz")
    page.get_by_role("button", name="Help").click()
    assert not serious(page)


@pytest.mark.parametrize("kind", ["metrics", "events"])
def test_a_definition_page_keeps_nobody_out(page: Page, address: str, kind: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/{kind}/")
    explorer.rows.first.get_by_role("link").click()
    page.get_by_role("heading", level=1).wait_for()
    assert not serious(page)


@pytest.mark.parametrize("path", ["", "metrics/?q=runner", "events/"])
def test_no_page_is_wider_than_the_screen(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/shipped/{path}")
    if path:
        page.locator("#explorer:not([hidden])").wait_for()
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


UNDER_THE_BUTTON = """(code) => {
  const button = code.parentElement.querySelector("nav").getBoundingClientRect();
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let found = "";
  while (walker.nextNode()) {
    for (let at = 0; at < walker.currentNode.length; at += 1) {
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + 1);
      const place = range.getBoundingClientRect();
      if (place.right > button.left + 1 && place.top < button.bottom && place.bottom > button.top)
        found += range.toString().trim();
    }
  }
  return found;
}"""


def test_on_a_phone_the_copy_button_covers_no_code(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}/shipped/metrics/counts.remote_mirrors_failing/")
    page.locator(".language-sql nav").first.wait_for(state="attached")
    assert page.locator(".language-sql pre > code").first.evaluate(UNDER_THE_BUTTON) == ""


def test_on_a_phone_the_filters_open_by_a_button(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    explorer = ExplorerPage(page, f"{address}/large/metrics/")
    assert not page.locator(".dx-facets").is_visible()
    page.get_by_role("button", name="Filters").click()
    explorer.facet("Data source", "Database").click()
    explorer.settle()
    expect(page.get_by_role("button", name="Filters: 1")).to_be_visible()


def test_without_scripts_every_definition_is_three_clicks_from_home(
    browser: Browser, address: str, sites: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for kind in ("metrics", "events"):
        page.goto(f"{address}/large/")
        expect(page.get_by_role("searchbox")).to_be_hidden()
        page.locator(f".md-content a[href$='/{kind}/']").first.click()
        expect(page.locator("#explorer")).to_be_hidden()
        listings = [page.url, *page.eval_on_selector_all(".dd-pages a", ADDRESSES)]
        reached: set[str] = set()
        for listing in dict.fromkeys(listings):
            page.goto(listing)
            reached.update(page.eval_on_selector_all(".dd-name a", ADDRESSES))
        folders = {path.parent.name for path in (sites / "large" / kind).glob("*/index.html")}
        definitions = {name for name in folders if not re.match(r"~\d", name)}
        assert reached == {f"{address}/large/{kind}/{name}/" for name in definitions}
        page.locator(".dd-name a").last.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    context.close()


def test_a_page_opened_as_a_file_keeps_its_list(page: Page, sites: Path) -> None:
    # The scripts have run when the page is loaded.
    page.goto((sites / "shipped/metrics/index.html").as_uri(), wait_until="load")
    expect(page.locator("#explorer")).to_be_hidden()
    expect(page.locator(".dd-list .dd-name a").first).to_be_visible()


def test_without_its_index_the_page_keeps_its_list(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    for broken in ("explorer-metrics.json", "explorer/worker.js", "explorer/engine.js"):
        page.route(f"**/{broken}", lambda route: route.fulfill(status=404, body="gone"))
        with page.expect_response(f"**/{broken}") as refused:
            page.goto(f"{address}/shipped/metrics/?q=runner")
        assert refused.value.status == 404
        page.locator(".dx-search").wait_for(state="attached")
        expect(page.locator("#explorer")).to_be_hidden()
        expect(page.locator(".dd-list .dd-name a").first).to_be_visible()
        page.unroute(f"**/{broken}")
    context.close()


# Hostile definitions


@pytest.mark.parametrize("kind", ["metrics", "events"])
def test_hostile_definitions_are_shown_as_text(page: Page, address: str, kind: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.set_viewport_size({"width": 1280, "height": 4000})
    explorer = ExplorerPage(page, f"{address}/hostile/{kind}/?removed=show")
    assert set(NAMES) <= set(explorer.names(100))
    explorer.search('"<script>alert(1)"')
    assert explorer.found() >= 1
    expect(page.locator(".dx-rows")).to_contain_text("<script>alert(1)</script>")
    assert page.locator(".dx script, .dx img, .dx [onclick]").count() == 0
    explorer.open_facets()
    explorer.search("")
    for choice in page.locator(".dx-facet label").filter(has_text="alert(1)").all():
        choice.click()
        explorer.settle()
        assert explorer.found() >= 1
    page.reload()
    explorer.ready()
    assert explorer.found() >= 1


def test_the_explorer_shows_names_in_backticks_as_code(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/hostile/metrics/")
    explorer.search("kneaded by a_baker dough")
    gist = page.locator(".dx-gist").first
    expect(gist).to_have_text("Kneaded by a_baker or <b>dough</b>; a lone `.")
    assert gist.locator("code").all_inner_texts() == ["a_baker", "<b>dough</b>"]
    assert {"Kneaded", "a_baker", "dough"} <= explorer.marks()


def test_a_hostile_name_is_found_and_leads_to_its_page(page: Page, address: str) -> None:
    for name in (*NAMES, HOSTILE):
        explorer = ExplorerPage(page, f"{address}/hostile/metrics/")
        explorer.search(name.replace('"', " "))
        page.locator(".dx-rows a").get_by_text(name, exact=True).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        assert page.url.endswith(f"/metrics/{segment(name)}/")


def test_a_very_long_description_does_not_break_the_table(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/hostile/metrics/")
    explorer.search("endless")
    row = page.get_by_role("row").filter(has_text="counts.long_winded")
    expect(row).to_be_visible()
    box = row.bounding_box()
    assert box
    assert box["height"] < 100
    explorer.search("needle")
    expect(row).to_contain_text("Description: …")
    assert "needle" in explorer.marks()
