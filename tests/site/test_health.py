"""The health of a dictionary: every question, who has to do something, and where it is listed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.data.health import health
from metrics_dictionary.site.pages import health_pages
from metrics_dictionary.validation.validate import validate
from tests.changes.definition_repository import read_history
from tests.site.built_pages import page, target
from tests.site.recorded_root import recorded_root

if TYPE_CHECKING:
    from metrics_dictionary.site.data.health import Health, HealthCheck


def text_of(site: Path, url: str) -> str:
    return re.sub(r"\s+", " ", page(site / url / "index.html").text)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Health:
    root = recorded_root(tmp_path_factory.mktemp("health") / "project")
    return health(validate(root), read_history(root))


def check(found: Health, name: str) -> HealthCheck:
    return next(one for one in found.checks if one.id == name)


def names(found: Health, name: str) -> dict[str, str]:
    return {finding.name: finding.note for finding in check(found, name).findings}


def test_a_broken_metric_is_told_with_how_long_it_is(found: Health) -> None:
    assert names(found, "broken") == {"counts.boards": "since 22 January 2025 (16.9), for 1 day"}


def test_metrics_whose_event_or_instrumentation_is_missing_are_told(found: Health) -> None:
    missing = "event leave_board was removed and event unheard_of is not defined"
    assert names(found, "missing") == {
        "counts.left_monthly": missing,
        "counts.left_weekly": missing,
        "counts.nothing": "no instrumentation CountNothingMetric",
    }


def test_counters_of_the_older_sources_need_no_event_file() -> None:
    shipped = health(validate(Path(__file__).parents[2] / "definitions"), None)
    assert names(shipped, "missing") == {}


def test_definitions_without_an_owner_are_told(found: Health) -> None:
    assert names(found, "no-owner") == {
        "counts.lists": "no such group: nobody",
        "counts.ownerless": "no product group",
    }


def test_descriptions_under_par_are_those_that_the_rule_finds(found: Health) -> None:
    assert names(found, "description") == {"counts.terse": "the description is a placeholder"}


def test_events_that_feed_nothing_are_told_unless_they_are_removed(found: Health) -> None:
    assert names(found, "unused-event") == {"sit_idle": ""}


def test_definitions_that_nobody_touched_since_their_import_are_told(found: Health) -> None:
    untouched = names(found, "never-changed")
    assert untouched["counts.lists"] == "since 1 January 2025"
    assert "open_board" in untouched
    assert not untouched.keys() & {"counts.boards", "counts.moved", "counts.seen_weekly", "leave_board"}


def test_removed_definitions_are_past_all_questions(found: Health) -> None:
    for one in found.checks:
        assert not {finding.name for finding in one.findings} & {"counts.named", "counts.seen_weekly", "leave_board"}


def test_what_only_history_could_tell_is_unknown_without_it(tmp_path: Path) -> None:
    told = health(validate(recorded_root(tmp_path / "project")), None)
    assert "without the repository's history" in check(told, "never-changed").unknown
    assert check(told, "never-changed").findings == ()
    assert names(told, "broken") == {"counts.boards": ""}
    assert told.as_of is None


def test_a_root_without_events_and_groups_has_nothing_missing(tiny_root: Path) -> None:
    told = health(validate(tiny_root), None)
    assert [one.id for one in told.checks if one.findings] == []


def test_the_groups_with_most_to_do_come_first_and_idle_matters_count_for_none(found: Health) -> None:
    assert next(iter(found.groups)) == "planning"
    assert set(found.groups) == {"planning", "nobody", "none"}
    assert sum(found.counted.values()) == len(names(found, "never-changed")) + 2


def test_the_filter_shows_exactly_the_metrics_of_a_question(found: Health) -> None:
    assert check(found, "broken").filter() == "status=broken"
    assert check(found, "broken").filter("planning") == "status=broken&group=planning"
    assert parse_qs(check(found, "no-owner").filter() or "") == {"group": ["nobody", "none"]}
    assert check(found, "no-owner").filter("nobody") == "group=nobody"
    assert check(found, "broken").filter("nobody") is None
    assert check(found, "unused-event").filter() is None


def test_the_overview_counts_and_links_every_question(recorded_site: Path) -> None:
    overview = page(recorded_site / "health/index.html")
    text = text_of(recorded_site, "health")
    assert "1 Broken" in text
    assert "2 Without an owner" in text
    assert "../metrics/?status=broken" in overview.links
    for name in ("broken", "missing", "no-owner", "description", "unused-event", "never-changed"):
        assert f"{name}/" in overview.links
        assert (recorded_site / f"health/{name}/index.html").is_file()


def test_every_number_of_the_table_leads_to_its_definitions(recorded_site: Path) -> None:
    overview = recorded_site / "health/index.html"
    table = overview.read_text().split("<tbody>")[1]
    cells = re.findall(r'<td><a href="([^"]+)">([\d,]+)</a>', table)
    assert len(cells) > 5
    for address, _ in cells:
        fragment = urlsplit(address.replace("&amp;", "&")).fragment
        leads_to = target(recorded_site, overview, address)
        assert leads_to.is_file()
        assert not fragment or fragment in page(leads_to).ids


def test_the_chart_has_a_bar_for_each_group_as_long_as_its_number(recorded_site: Path) -> None:
    html = (recorded_site / "health/index.html").read_text()
    bars = re.findall(r'<svg class="dd-bar-chart".*?</svg>', html)
    assert len(bars) == 3
    widths = [sum(float(width) + 0.4 for width in re.findall(r'width="([\d.]+)"', bar)) for bar in bars]
    assert widths == pytest.approx([100, 20, 20], abs=1)


def test_a_question_lists_its_definitions_by_group(recorded_site: Path) -> None:
    found = page(recorded_site / "health/no-owner/index.html")
    assert {"group-none", "group-nobody"} <= found.ids
    assert "../../metrics/counts.ownerless/" in found.links
    assert "no such group: nobody" in found.text


def test_a_long_list_has_several_pages_and_the_table_leads_to_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_pages, "PAGE_SIZE", 2)
    root = recorded_root(tmp_path / "project")
    build(root, tmp_path / "site")
    overview = tmp_path / "site/health/index.html"
    assert (tmp_path / "site/health/never-changed/~3/index.html").is_file()
    for address in re.findall(r'<td><a href="([^"?]+)"', overview.read_text()):
        leads_to = target(tmp_path / "site", overview, address)
        assert urlsplit(address).fragment in page(leads_to).ids, address


def test_the_same_is_there_as_json(recorded_site: Path) -> None:
    told = json.loads((recorded_site / "health.json").read_text())
    assert told["as_of"] == "2025-01-23T12:00:00Z"
    broken = told["checks"]["broken"]
    assert broken["count"] == 1
    assert broken["filter"] == "metrics/?status=broken"
    assert broken["definitions"] == [
        {
            "kind": "metric",
            "name": "counts.boards",
            "url": "metrics/counts.boards/",
            "product_group": "planning",
            "note": "since 22 January 2025 (16.9), for 1 day",
            "since": "2025-01-22",
            "since_at_least": False,
        }
    ]
    assert told["checks"]["no-owner"]["groups"] == {"nobody": 1, "none": 1}


def test_what_is_unknown_is_null_in_json_and_a_question_mark_on_the_page(small_site: Path) -> None:
    told = json.loads((small_site / "health.json").read_text())
    assert told["checks"]["never-changed"]["count"] is None
    assert told["checks"]["never-changed"]["unknown"]
    assert "? Never changed since import" in text_of(small_site, "health")
