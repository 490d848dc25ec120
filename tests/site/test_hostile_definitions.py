"""Definitions are untrusted: whatever they hold is shown as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.parts.urls import event_url, metric_url, twin
from tests.site.built_pages import page, pages
from tests.site.conftest import HOSTILE, NAMES
from tests.small_root import event, metric, write

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.site.build.build import BuildReport


def test_no_page_has_a_script_that_the_theme_did_not_bring(small_site: Path) -> None:
    known = {script[:12] for script in page(small_site / "guides/write-a-metric/index.html").scripts}
    for path in pages(small_site):
        for script in page(path).scripts:
            assert "alert(1)" not in script, path
            assert script[:12] in known, path


def test_no_element_has_an_event_handler_or_an_address_that_runs(small_site: Path) -> None:
    for path in pages(small_site):
        for tag, attributes in page(path).elements:
            assert not [name for name in attributes if name.startswith("on")], (path, tag)
        assert not [address for _, address in page(path).addresses if "script:" in address.lower()], path


def test_a_hostile_description_is_shown_as_it_was_written(small_site: Path) -> None:
    shown = page(small_site / metric_url(f"h.{HOSTILE}") / "index.html")
    assert shown.text.count(HOSTILE) > 10
    assert "javascript:alert(1)" in shown.text


def test_hostile_names_of_groups_folders_and_events_are_shown(small_site: Path) -> None:
    assert HOSTILE in page(small_site / "groups/hostile/index.html").text
    assert HOSTILE in page(small_site / "index.html").text
    assert HOSTILE in page(small_site / event_url(HOSTILE) / "index.html").text
    folder = page(small_site / metric_url("counts.from_a_hostile_folder") / "index.html").text
    assert "definitions/metrics/<script>alert(1)<!--/x.yml" in folder


def test_every_name_has_a_page_and_a_twin_of_its_own(small_site: Path) -> None:
    for name in NAMES:
        for url, field in ((metric_url(name), "key_path"), (event_url(name), "action")):
            assert name in page(small_site / url / "index.html").text
            assert json.loads((small_site / twin(url)).read_text())[field] == name


def test_nothing_is_written_outside_the_site(small_build: tuple[Path, BuildReport]) -> None:
    site, _ = small_build
    assert [path.name for path in site.parent.iterdir()] == [site.name]


def test_a_definition_with_errors_has_a_page_that_says_so(small_build: tuple[Path, BuildReport]) -> None:
    site, report = small_build
    assert "This definition has errors" in page(site / "metrics/counts.nearly_empty/index.html").text
    assert "This definition has errors" not in page(site / "metrics/counts.boards/index.html").text
    assert any(diagnostic.file.endswith("broken.yml") for diagnostic in report.diagnostics)


def test_names_in_backticks_are_shown_as_code_and_nothing_else_is_taken_for_html(
    tiny_root: Path, tmp_path: Path
) -> None:
    told = "Set by `a_name` and `<b onclick=x>`, not <i>otherwise</i>; a lone ` stays."
    code = "Set by <code>a_name</code> and <code>&lt;b onclick=x&gt;</code>, not &lt;i&gt;otherwise&lt;/i&gt;; a lone `"
    write(tiny_root / "metrics/counts_all/boards.yml", metric(description=told))
    properties = {"label": {"description": told}}
    write(tiny_root / "events/open_board.yml", event(description=told, additional_properties=properties))
    write(tiny_root / "product_groups.yml", {"planning": {"description": told}})
    instrumentation = {"source": "database", "operation": "count", "table": "boards", "description": told}
    write(tiny_root / "instrumentations/all.yml", {"CountBoardsMetric": instrumentation})
    build(tiny_root, tmp_path / "site")
    shown = {
        "metrics/counts.boards/": 2,
        "metrics/": 1,
        "events/open_board/": 2,
        "events/": 1,
        "groups/planning/": 3,
        "groups/": 1,
    }
    for url, times in shown.items():
        assert (tmp_path / f"site/{url}index.html").read_text().count(code) == times, url
