"""What a reader does on the page of a definition, and on the pages of health and changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import serious
from tests.browser.chromium import require_chromium, served
from tests.site.conftest import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.made_once import MadeOnce

WIDTHS = (360, 768, 1440)
PATHS = ("metrics/counts.boards/", "metrics/counts.opened_weekly/", "metrics/counts.lists/", "events/open_board/",
         "health/", "health/broken/", "health/never-changed/", "changes/", "changes/2025-01/",
         "changes/milestones/16.9/", "")  # fmt: skip


@pytest.fixture(scope="module")
def recorded_address(made_once: MadeOnce) -> Iterator[str]:
    """The address of the site of a root with a history."""
    require_chromium()
    site = recorded(made_once)
    with served(site.parent) as address:
        yield f"{address}/{site.name}"


@pytest.fixture
def address(recorded_address: str) -> str:
    return recorded_address


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_a_button_copies_the_key_path_and_says_so(page: Page, address: str) -> None:
    page.goto(f"{address}/metrics/counts.opened_weekly/")
    page.get_by_role("button", name="Copy the key path").click()
    expect(page.locator(".dd-copied")).to_have_text("Copied")
    assert clipboard(page) == "counts.opened_weekly"


def test_a_button_copies_the_path_of_the_file(page: Page, address: str) -> None:
    page.goto(f"{address}/metrics/counts.moved/")
    page.get_by_role("button", name="Copy the path").click()
    expect(page.locator(".dd-copied")).to_have_text("Copied")
    assert clipboard(page) == "definitions/metrics/counts_all/here.yml"


def test_a_button_copies_where_the_clipboard_is_refused(page: Page, address: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto(f"{address}/metrics/counts.lists/")
    page.evaluate("document.addEventListener('copy', () => { window.copied = String(document.activeElement.value) })")
    page.get_by_role("button", name="Copy the key path").click()
    expect(page.locator(".dd-copied")).to_have_text("Copied")
    assert page.evaluate("window.copied") == "counts.lists"


@pytest.mark.parametrize("language", ["sql", "json", "yaml"])
def test_each_block_of_code_has_a_button_that_copies_it(page: Page, address: str, language: str) -> None:
    page.goto(f"{address}/metrics/counts.lists/")
    block = page.locator(f".language-{language}").first
    block.hover()
    block.get_by_role("button").click()
    expect(page.locator(".md-dialog--active")).to_have_text(re.compile("Copied"))
    assert clipboard(page).strip() == (block.locator("code").text_content() or "").strip()


def test_the_sql_can_be_taken_laid_out_or_in_one_line(page: Page, address: str) -> None:
    page.goto(f"{address}/metrics/counts.lists/")
    laid_out, one_line = page.locator(".language-sql code").all()
    expect(one_line).not_to_be_visible()
    page.get_by_text("In one line").click()
    expect(one_line).to_be_visible()
    assert "\n" not in one_line.inner_text().strip()
    assert re.sub(r"\s+", " ", laid_out.inner_text()).strip() == one_line.inner_text().strip()


def test_the_command_that_records_an_event_opens_below_the_event(page: Page, address: str) -> None:
    page.goto(f"{address}/metrics/counts.opened_weekly/")
    command = page.locator(".dd-selection .language-shell")
    expect(command).not_to_be_visible()
    page.get_by_text("Record one with curl").click()
    expect(command).to_contain_text("curl --request POST")


def test_the_window_is_drawn_with_a_name_for_those_who_cannot_see_it(page: Page, address: str) -> None:
    page.goto(f"{address}/metrics/counts.boards_monthly/")
    image = page.get_by_role("img", name="From 30 to 2 days before the report.")
    expect(image).to_be_visible()
    bar = image.locator(".dd-window__on").bounding_box()
    whole = image.bounding_box()
    assert bar is not None
    assert whole is not None
    assert 0.7 < bar["width"] / whole["width"] < 0.9


def test_without_scripts_everything_but_the_buttons_is_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/metrics/counts.boards/")
    expect(page.locator(".dd-history li")).to_have_count(10)
    expect(page.locator(".dd-copy")).to_have_count(0)
    page.get_by_role("link", name="what changed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What changed")
    context.close()


def test_a_number_of_the_health_page_leads_to_what_it_counts(page: Page, address: str) -> None:
    page.goto(f"{address}/health/")
    page.get_by_role("link", name="Show them in the list of metrics").first.click()
    page.wait_for_url(re.compile(r"/metrics/\?status=broken"))
    expect(page.locator("#explorer")).to_contain_text("counts.boards")
    expect(page.locator("#explorer")).not_to_contain_text("counts.lists")
    page.goto(f"{address}/health/")
    page.locator(".dd-matrix tbody tr", has_text="nobody").get_by_role("link", name="1", exact=True).first.click()
    page.wait_for_url(re.compile(r"/metrics/\?group=nobody"))
    expect(page.locator("#explorer")).to_contain_text("counts.lists")
    expect(page.locator("#explorer")).not_to_contain_text("counts.moved")


@pytest.mark.parametrize("path", PATHS)
def test_no_page_is_wider_than_the_screen(page: Page, address: str, path: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{address}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PATHS)
def test_no_page_of_health_and_history_keeps_people_out(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/{path}")
    assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert serious(page) == []
