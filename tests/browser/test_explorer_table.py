"""The table, its filters, its buttons and its keys."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.browser.explorer_page import ExplorerPage
from tests.site.conftest import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Download


@pytest.fixture
def explorer(page: Page, address: str) -> ExplorerPage:
    return ExplorerPage(page, f"{address}/large/metrics/")


def downloaded(explorer: ExplorerPage, kind: str) -> str:
    """Export what is shown; return the file's text."""
    explorer.page.get_by_role("button", name="Export").click()
    with explorer.page.expect_download() as waiting:
        explorer.page.get_by_role("button", name=f"{kind} file").click()
    download: Download = waiting.value
    assert download.suggested_filename == f"metrics.{kind.lower()}"
    return Path(download.path()).read_bytes().decode("utf-8")


# Filters


def test_facets_count_what_choosing_them_would_give(explorer: ExplorerPage) -> None:
    for title, value in (("Status", "Broken"), ("Data source", "Database"), ("Time frame", "28 days")):
        promised = explorer.facet_count(title, value)
        explorer.facet(title, value).click()
        explorer.settle()
        assert explorer.found() == promised
        assert explorer.facet_count(title, value) == promised
        explorer.page.get_by_role("button", name="Remove the filter").click()
        explorer.settle()


def test_values_of_one_facet_add_up_and_facets_narrow_each_other(explorer: ExplorerPage) -> None:
    database = explorer.facet_count("Data source", "Database")
    system = explorer.facet_count("Data source", "System")
    explorer.facet("Data source", "Database").click()
    explorer.settle()
    explorer.facet("Data source", "System").click()
    explorer.settle()
    assert explorer.found() == database + system
    promised = explorer.facet_count("Value type", "boolean")
    explorer.facet("Value type", "boolean").click()
    explorer.settle()
    assert explorer.found() == promised < database + system


def test_facet_counts_follow_the_query(explorer: ExplorerPage) -> None:
    before = explorer.facet_count("Data source", "Database")
    explorer.search("runner")
    after = explorer.facet_count("Data source", "Database")
    assert 0 < after < before
    explorer.search("runner source:database")
    assert explorer.found() == after


def test_every_facet_filters(explorer: ExplorerPage) -> None:
    explorer.open_facets()
    explorer.page.get_by_role("button", name=re.compile("Show .* more")).first.click()
    for title, value in (
        ("Product group", "Plan team 1"),
        ("Category", "optional"),
        ("Tier", "ultimate"),
        ("Performance indicator", "smau"),
    ):
        promised = explorer.facet_count(title, value)
        explorer.facet(title, value).click()
        explorer.settle()
        assert explorer.found() == promised > 0
        explorer.page.get_by_role("button", name="Remove the filter").click()
        explorer.settle()


def test_a_range_of_milestones_filters(explorer: ExplorerPage) -> None:
    explorer.page.locator("summary", has_text="Milestone").click()
    explorer.page.get_by_label("From milestone").select_option("15.10")
    explorer.settle()
    explorer.page.get_by_label("To milestone").select_option("16.10")
    explorer.settle()
    inside = explorer.found()
    assert "milestone=15.10..16.10" in explorer.query
    explorer.page.get_by_role("button", name="Remove the filter Milestone: 15.10 to 16.10").click()
    explorer.search("milestone:15.10..16.10")
    assert explorer.found() == inside > 0


def test_removed_metrics_are_hidden_and_a_line_says_how_many(explorer: ExplorerPage) -> None:
    shown = explorer.found()
    note = explorer.page.locator(".dx-notes")
    expect(note).to_have_text(re.compile(r"\d+ removed hidden - show"))
    hidden = int(note.inner_text().split()[0])
    note.get_by_role("button", name="show").click()
    explorer.settle()
    assert explorer.found() == shown + hidden == 6_107
    note.get_by_role("button", name="hide").click()
    explorer.settle()
    assert explorer.found() == shown
    explorer.search("status:removed")
    assert explorer.found() == hidden
    expect(note).to_be_empty()


# The table


def test_columns_are_chosen_by_a_button(explorer: ExplorerPage) -> None:
    explorer.page.get_by_role("button", name="Columns").click()
    explorer.page.locator(".dx-panel").get_by_label("Milestone").check()
    explorer.page.locator(".dx-panel").get_by_label("Status").uncheck()
    explorer.page.keyboard.press("Escape")
    expect(explorer.page.get_by_role("columnheader")).to_have_text(
        ["Key path", "Description", "Group", "Data source", "Time frame", "Milestone"]
    )
    assert explorer.query == "columns=name,description,group,source,time,milestone"


def test_density_is_switched_by_a_button(explorer: ExplorerPage) -> None:
    before = explorer.rows.first.bounding_box()
    explorer.page.get_by_role("button", name="Density: roomy").click()
    explorer.page.get_by_role("button", name="Density: compact").wait_for()
    after = explorer.rows.first.bounding_box()
    assert before
    assert after
    assert after["height"] < before["height"] * 0.7


def test_rows_are_sorted_by_several_keys(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/?columns=name,group,milestone")
    page.get_by_role("button", name="Sort", exact=True).click()
    page.get_by_label("Sort by", exact=True).select_option("Group")
    explorer.settle()
    page.get_by_label("Then by, 2").select_option("Milestone")
    explorer.settle()
    page.get_by_label("Direction, 2").select_option("descending")
    explorer.settle()
    assert "sort=group,-milestone" in explorer.query
    table = list(csv.DictReader(io.StringIO(downloaded(explorer, "CSV"))))
    order = ["<13.9", *(f"{major}.{minor}" for major in range(13, 18) for minor in (10, 11))]
    keys = [(row["product_group"], -order.index(row["milestone"]), row["key_path"]) for row in table]
    assert keys == sorted(keys)


def test_a_column_header_sorts_and_says_so(explorer: ExplorerPage) -> None:
    header = explorer.page.get_by_role("columnheader", name="Key path")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    explorer.page.get_by_role("columnheader", name="Key path").get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(header.get_by_role("button")).to_be_focused()
    explorer.settle()
    names = explorer.names(30)
    assert names == sorted(names, reverse=True)


def test_only_rows_in_view_are_in_the_document_and_all_can_be_reached(explorer: ExplorerPage) -> None:
    last = explorer.found() - 1
    explorer.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    row = explorer.page.locator(f'[aria-rowindex="{last + 2}"] a')
    row.wait_for()
    assert explorer.rows.count() < 80
    explorer.page.mouse.wheel(0, -20_000)
    expect(explorer.page.locator(".dx-cell--waiting")).to_have_count(0)
    assert explorer.rows.count() < 80


# Exports


def test_an_export_has_the_rows_and_columns_that_are_shown(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/?q=runner&status=broken&columns=name,description,tier")
    names = explorer.names(100)
    table = list(csv.DictReader(io.StringIO(downloaded(explorer, "CSV"))))
    objects = json.loads(downloaded(explorer, "JSON"))
    document = yaml.safe_load(downloaded(explorer, "YAML"))
    assert list(table[0]) == ["key_path", "description", "tiers"]
    assert [row["key_path"] for row in table] == names
    assert objects == document
    assert [entry["key_path"] for entry in objects] == names
    assert objects[0]["tiers"] == ["premium", "ultimate"]
    assert table[0]["tiers"] == "premium;ultimate"
    twin = page.request.get(f"{address}/large/metrics/{names[0]}.json").json()
    assert objects[0]["description"] == twin["description"]


def test_a_table_for_spreadsheets_has_no_formula_and_any_text_survives(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/hostile/metrics/?removed=show")
    rows = list(csv.reader(io.StringIO(downloaded(explorer, "CSV"), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    objects = json.loads(downloaded(explorer, "JSON"))
    assert f"h.{HOSTILE}" in {entry["key_path"] for entry in objects}
    assert yaml.safe_load(downloaded(explorer, "YAML")) == objects
    assert len(objects) == len(rows) - 1 == explorer.found()


def test_key_paths_are_copied(page: Page, address: str) -> None:
    explorer = ExplorerPage(page, f"{address}/large/metrics/?q=runner&status=broken")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy key paths").click()
    expect(explorer.count).to_have_text(re.compile(r"Copied \d+ key paths"))
    assert page.evaluate("navigator.clipboard.readText()").split("\n") == explorer.names(100)


# Keys


def test_the_keyboard_is_enough(explorer: ExplorerPage) -> None:
    keyboard = explorer.page.keyboard
    keyboard.press("/")
    expect(explorer.box).to_be_focused()
    keyboard.type("runner")
    explorer.settle()
    keyboard.press("ArrowDown")
    expect(explorer.page.locator('[aria-rowindex="2"] a')).to_be_focused()
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowUp")
    second = explorer.page.locator('[aria-rowindex="3"] a')
    expect(second).to_be_focused()
    keyboard.press("End")
    expect(explorer.page.locator(f'[aria-rowindex="{explorer.found() + 1}"] a')).to_be_focused()
    keyboard.press("Home")
    keyboard.press("ArrowUp")
    expect(explorer.box).to_be_focused()
    keyboard.press("Escape")
    explorer.settle()
    expect(explorer.box).to_have_value("")
    keyboard.press("Enter")
    keyboard.press("Enter")
    explorer.page.wait_for_url("**/metrics/counts.*/")


def test_a_question_mark_lists_the_keys(explorer: ExplorerPage) -> None:
    explorer.page.keyboard.press("?")
    dialog = explorer.page.get_by_role("dialog", name="Search and keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("clear the search")
    explorer.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    explorer.page.get_by_role("button", name="Help").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()


def test_a_question_mark_in_the_box_is_text(explorer: ExplorerPage) -> None:
    explorer.box.press_sequentially("a/?")
    expect(explorer.box).to_have_value("a/?")
    expect(explorer.page.get_by_role("dialog")).to_have_count(0)


def test_the_number_of_results_is_announced(explorer: ExplorerPage) -> None:
    expect(explorer.count).to_have_attribute("role", "status")
    explorer.search("status:broken")
    expect(explorer.count).to_have_text(re.compile(r"^\d+ of 6,107 metrics$"))
