"""The built site as a whole: everything resolves, nothing comes from elsewhere, everything is near the home page."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.site.built_pages import page, pages, target

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.site.build.build import BuildReport

METRIC_PAGE = 25_000
"""Bytes."""


def definition_pages(site: Path) -> list[Path]:
    found = [path for kind in ("metrics", "events") for path in sorted((site / kind).glob("*/index.html"))]
    return [path for path in found if not re.fullmatch(r"~[1-9][0-9]*", path.parent.name)]


def test_every_internal_address_leads_somewhere(small_site: Path) -> None:
    for path in pages(small_site):
        for _, address in page(path).addresses:
            if urlsplit(address).scheme:
                continue
            found = target(small_site, path, address)
            assert found.is_file(), f"{path.relative_to(small_site)}: {address}"
            if fragment := urlsplit(address).fragment:
                assert fragment in page(found).ids, f"{path.relative_to(small_site)}: {address}"


def test_every_link_of_the_shipped_dictionary_leads_somewhere(shipped_site: Path) -> None:
    checked = set()
    for path in pages(shipped_site):
        for address in set(re.findall(r'(?:href|src)="([^"#]+)', path.read_text())):
            if not urlsplit(address).scheme and (path.parent.parent, address) not in checked:
                assert target(shipped_site, path, address).is_file(), f"{path.relative_to(shipped_site)}: {address}"
                if address.startswith("../"):
                    checked.add((path.parent.parent, address))


def test_no_page_loads_anything_from_another_origin(small_site: Path) -> None:
    for path in pages(small_site):
        for tag, attributes in page(path).elements:
            loaded = attributes.get("src") if tag != "link" else attributes.get("href")
            assert not re.match(r"(?i)[a-z]+:|//", loaded or ""), f"{path.relative_to(small_site)}: {loaded}"
    for sheet in (small_site / "assets").rglob("*.css"):
        for address in re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")\s]+)", sheet.read_text()):
            assert address.startswith(("data:", "#")) or not urlsplit(address).netloc, f"{sheet.name}: {address}"


def test_no_address_starts_at_the_root_so_the_site_works_under_any_path(small_site: Path) -> None:
    for path in pages(small_site):
        assert not [address for _, address in page(path).addresses if address.startswith("/")], path


def test_every_definition_is_three_clicks_from_the_home_page_without_javascript(small_site: Path) -> None:
    reached = frontier = {small_site / "index.html"}
    for _ in range(3):
        links = {(path, link) for path in frontier for link in page(path).links if not urlsplit(link).scheme}
        frontier = {
            target(small_site, *link) for link in links if target(small_site, *link).suffix == ".html"
        } - reached
        reached = reached | frontier
    assert set(definition_pages(small_site)) <= reached


@pytest.mark.parametrize("kind", ["metrics", "events"])
def test_the_index_lists_every_definition_once_over_its_pages(small_site: Path, kind: str) -> None:
    sheets = [small_site / kind / "index.html", *(small_site / kind).glob("~[1-9]*/index.html")]
    assert len(sheets) > 1
    rows = [row for path in sheets for row in re.findall(r'class="dd-name"><a href="([^"]+)/"', path.read_text())]
    own = [path.parent.name for path in definition_pages(small_site) if path.parent.parent.name == kind]
    assert sorted(row.rsplit("/", 1)[1] for row in rows) == sorted(own)


def test_a_metric_page_of_the_shipped_dictionary_stays_small(shipped_site: Path) -> None:
    sizes = {path.stat().st_size: path for path in definition_pages(shipped_site)}
    assert max(sizes) <= METRIC_PAGE, sizes[max(sizes)]


def test_a_listing_page_stays_below_a_third_of_a_megabyte(shipped_site: Path) -> None:
    assert max(path.stat().st_size for path in pages(shipped_site)) < 333_000


def test_every_definition_page_links_its_json_twin_for_people_and_for_programs(small_site: Path) -> None:
    for path in definition_pages(small_site):
        twin = path.parent.with_name(f"{path.parent.name}.json")
        found = [(tag, target(small_site, path, address)) for tag, address in page(path).addresses if "json" in address]
        assert ("link", twin) in found
        assert ("a", twin) in found
        assert json.loads(twin.read_text())["file_path"].startswith("definitions/")


def test_the_downloads_page_states_the_digest_of_each_file(small_site: Path) -> None:
    text = page(small_site / "downloads/index.html").text
    files = [path for path in (small_site / "downloads").iterdir() if path.suffix != ".html"]
    assert {path.name for path in files} == {
        "metric_definitions.yml",
        "metric_definitions.json",
        "metric_definitions.csv",
        "event_definitions.yml",
        "event_definitions.json",
    }
    for path in files:
        assert path.name in text
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text


def test_the_current_tab_is_marked(small_site: Path) -> None:
    for url, tab in {
        "metrics/counts.boards": "Metrics",
        "sources/database": "Metrics",
        "events/open_board": "Events",
        "groups/planning": "Groups",
        "reference/rules": "Reference",
        "downloads": "Downloads",
    }.items():
        html = page(small_site / url / "index.html").html
        assert re.findall(r'md-tabs__item--active">\s*<a[^>]*>\s*(\w+)', html) == [tab]


def test_the_report_counts_what_is_published(small_build: tuple[Path, BuildReport]) -> None:
    site, report = small_build
    about = json.loads((site / "metrics-dictionary.json").read_text())
    assert report.published
    assert report.metrics + report.events == len(definition_pages(site)) == about["metrics"] + about["events"]
    assert report.pages > report.metrics + report.events


def test_the_shell_page_itself_and_unused_files_of_the_theme_are_not_published(small_site: Path) -> None:
    assert not (small_site / "shell").exists()
    assert not list(small_site.rglob("*.map"))
    assert not [path for path in pages(small_site) if "[[shell:title]]" in path.read_text()]
