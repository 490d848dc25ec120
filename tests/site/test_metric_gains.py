"""What a metric's page tells beyond its definition: window, layout of SQL, commands, history, what to use instead."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.build.build import BuildOptions, build
from metrics_dictionary.site.data.cross_references import Replacements
from metrics_dictionary.site.pages import metric_pages
from metrics_dictionary.site.parts.highlighting import laid_out
from metrics_dictionary.site.parts.history_items import before_after
from metrics_dictionary.site.parts.repository_links import repository_links
from metrics_dictionary.site.parts.site_wording import duration
from metrics_dictionary.site.parts.window_drawing import timeline
from metrics_dictionary.tools.errors import OperationalError
from tests.site.bare_site import bare_site
from tests.site.built_pages import page
from tests.site.conftest import HOSTILE, write_small_root
from tests.site.recorded_root import recorded_root
from tests.small_root import metric

if TYPE_CHECKING:
    from pathlib import Path


def text_of(site: Path, key_path: str) -> str:
    return re.sub(r"\s+", " ", page(site / f"metrics/{key_path}/index.html").text)


def definition(**fields: object) -> MetricDefinition:
    return MetricDefinition(metric(**fields), "definitions/metrics/counts_all/x.yml")


# ---- The window --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "source", "words"),
    [
        ("28d", "database", "From 30 to 2 days before the report."),
        ("7d", "database", "From 9 to 2 days before the report."),
        ("28d", "internal_events", "The last four complete weeks before the report, Monday to Sunday."),
        ("7d", "redis_hll", "The last complete week before the report, Monday to Sunday."),
        ("all", "database", "Everything up to the report."),
    ],
)
def test_the_window_of_a_metric_is_drawn_and_said(frame: str, source: str, words: str) -> None:
    covered = timeline(definition(time_frame=frame, data_source=source))
    assert covered is not None
    assert covered.words == words
    assert f'aria-label="{words}"' in bare_site(Dictionary(())).render("window.html", timeline=covered)


def test_the_drawing_is_to_scale() -> None:
    bars = {}
    for frame in ("7d", "28d"):
        covered = timeline(definition(time_frame=frame))
        assert covered is not None
        (bar,) = covered.bars
        bars[frame] = (bar.start, bar.start + bar.width)
    day = (bars["28d"][1] - bars["28d"][0]) / 28
    assert bars["7d"][1] == pytest.approx(bars["28d"][1], abs=1)
    assert bars["7d"][1] - bars["7d"][0] == pytest.approx(7 * day, abs=1)
    assert 304 - bars["28d"][1] == pytest.approx(2 * day, abs=1)


@pytest.mark.parametrize(("frame", "weeks"), [("7d", 1), ("28d", 4)])
def test_an_event_metric_has_its_complete_weeks_filled(frame: str, weeks: int) -> None:
    covered = timeline(definition(time_frame=frame, data_source="internal_events"))
    assert covered is not None
    drawn = bare_site(Dictionary(())).render("window.html", timeline=covered)
    assert drawn.count('class="dd-window__on"') == weeks
    assert drawn.count('class="dd-window__off"') == 5 - weeks


def test_a_metric_without_a_period_has_no_drawing() -> None:
    assert timeline(definition(time_frame="none")) is None
    assert timeline(definition(time_frame=["7d", "28d"])) is None


# ---- SQL ---------------------------------------------------------------------------------------------------------

LONG = (
    'SELECT COUNT(DISTINCT "a"."id") FROM "a" LEFT OUTER JOIN "b" ON "b"."id" = "a"."b_id" AND "b"."x" = 1 '
    'WHERE "a"."name" = \'x FROM y AND z (\' AND "a"."at" BETWEEN \'30 days ago\' AND \'2 days ago\' AND ("a"."k" = 1 '
    'OR "a"."k" IS NULL) AND "a"."id" IN (SELECT "c"."a_id" FROM "c" WHERE "c"."state" IN (1, 2) AND "c"."on" = TRUE)'
)


def test_sql_has_a_line_for_each_clause_and_condition() -> None:
    assert laid_out(LONG) == (
        'SELECT COUNT(DISTINCT "a"."id")\n'
        'FROM "a"\n'
        'LEFT OUTER JOIN "b" ON "b"."id" = "a"."b_id"\n'
        '  AND "b"."x" = 1\n'
        'WHERE "a"."name" = \'x FROM y AND z (\'\n'
        "  AND \"a\".\"at\" BETWEEN '30 days ago' AND '2 days ago'\n"
        '  AND ("a"."k" = 1 OR "a"."k" IS NULL)\n'
        '  AND "a"."id" IN (\n'
        '    SELECT "c"."a_id"\n'
        '    FROM "c"\n'
        '    WHERE "c"."state" IN (1, 2)\n'
        '      AND "c"."on" = TRUE\n'
        ")"
    )


@pytest.mark.parametrize(
    "sql", ["SELECT 1", 'SELECT COUNT("a"."id") FROM "a"', "SELECT 1 -- why\nFROM a WHERE " + "x" * 80]
)
def test_sql_that_is_short_or_has_lines_of_its_own_stays_as_it_is(sql: str) -> None:
    assert laid_out(sql) == sql


@pytest.mark.parametrize("sql", [")" * 80, "(" * 80, "SELECT " + "(SELECT " * 30, "' FROM " * 20 + "x" * 60])
def test_layout_changes_nothing_but_blanks_of_sql_that_is_none(sql: str) -> None:
    assert re.sub(r"\s", "", laid_out(sql)) == re.sub(r"\s", "", sql)


def test_a_page_has_the_sql_laid_out_and_in_one_line(recorded_site: Path) -> None:
    html = (recorded_site / "metrics/counts.lists/index.html").read_text()
    text = page(recorded_site / "metrics/counts.lists/index.html").text
    assert '\nWHERE "boards"."kind" = \'list\'\n  AND "boards"."archived" = FALSE' in text
    one_line = (
        'SELECT COUNT("boards"."id") FROM "boards" WHERE "boards"."kind" = \'list\' AND "boards"."archived" = FALSE'
    )
    assert one_line in text
    assert "<summary>In one line</summary>" in html
    assert "In one line" not in text_of(recorded_site, "counts.boards")


# ---- What feeds it, what is like it ------------------------------------------------------------------------------


def test_each_event_that_feeds_a_metric_has_a_command_that_passes_its_filter(recorded_site: Path) -> None:
    html = (recorded_site / "metrics/counts.opened_weekly/index.html").read_text()
    block = re.search(r"<summary>Record one with curl</summary>.*?<code>(.*?)</code>", html, re.DOTALL)
    assert block is not None
    command = re.sub(r"<[^>]+>", "", block[1]).replace("&#34;", '"').replace("&#39;", "'").replace("\\\n", " ")
    words = shlex.split(command)
    body = json.loads(words[words.index("--data") + 1])
    assert body["event"] == "open_board"
    assert body["additional_properties"]["label"] == "scrum"


def test_an_event_that_is_gone_or_unknown_has_no_command(recorded_site: Path) -> None:
    text = text_of(recorded_site, "counts.left_weekly")
    assert "Every occurrence of leave_board" in text
    assert "Every occurrence of unheard_of" in text
    assert "curl" not in text


def test_a_metric_names_those_that_another_class_computes_from_the_same_table(recorded_site: Path) -> None:
    related = text_of(recorded_site, "counts.lists").split("Related metrics#")[1]
    assert "Same table counts.boardscounts.boards_monthly" in related
    assert "Same table counts.lists" in text_of(recorded_site, "counts.boards")


# ---- Broken and removed ------------------------------------------------------------------------------------------


def test_a_broken_metric_says_since_when_and_where_it_is_repaired(recorded_site: Path) -> None:
    text = text_of(recorded_site, "counts.boards")
    assert "until it is repaired (issue #7)" in text
    assert "It has been broken since 22 January 2025 (16.9)." in text


def test_a_removed_metric_names_the_one_that_counts_the_same_or_that_its_description_names(recorded_site: Path) -> None:
    assert "Use counts.opened_weekly instead." in text_of(recorded_site, "counts.seen_weekly")
    assert "Use counts.opened_monthly instead." in text_of(recorded_site, "counts.seen_monthly")
    assert "Use counts.lists instead." in text_of(recorded_site, "counts.named")


def test_only_active_metrics_take_the_place_of_another() -> None:
    same = {"instrumentation_class": "CountBoardsMetric", "options": {"kind": "kanban"}}
    metrics = [
        definition(key_path="counts.old", status="removed", **same),
        definition(key_path="counts.other_frame", time_frame="28d", **same),
        definition(key_path="counts.other_options", **same | {"options": {"kind": "scrum"}}),
        definition(key_path="counts.broken", status="broken", **same),
        definition(key_path="counts.new", **same),
    ]
    replacements = Replacements(Dictionary(tuple(metrics)))
    assert [other.key_path for other in replacements.of(metrics[0])] == ["counts.new"]
    assert [other.key_path for other in replacements.of(metrics[3])] == ["counts.new"]


def test_a_description_that_names_its_own_time_frames_names_no_replacement() -> None:
    removed = definition(key_path="counts.x_weekly", description="Weekly twin of counts.x_monthly.", status="removed")
    monthly = definition(key_path="counts.x_monthly", time_frame="28d", instrumentation_class=None)
    assert Replacements(Dictionary((removed, monthly))).of(removed) == []


# ---- History -----------------------------------------------------------------------------------------------------


def test_the_history_tells_each_changed_field_and_links_the_commit(recorded_site: Path) -> None:
    found = page(recorded_site / "metrics/counts.moved/index.html")
    text = re.sub(r"\s+", " ", found.text)
    history = text.split("History#")[1]
    assert "23 January 2025 16.9 Say it better" in history
    assert 'tiers ["free", "premium"] to ["free"]' in history
    assert HOSTILE in found.text
    assert history.index("Say it better") < history.index("Added")
    assert any(re.fullmatch(r"https://gitlab.com/group/project/-/commit/[0-9a-f]{40}", link) for link in found.links)


def test_a_long_history_is_shortened_with_a_link_to_everything(recorded_site: Path) -> None:
    found = page(recorded_site / "metrics/counts.boards/index.html")
    assert found.html.count('class="dd-when"') == metric_pages.MAX_HISTORY
    assert "12 earlier changes: see what changed" in text_of(recorded_site, "counts.boards")
    assert "../../changes/" in found.links


def test_a_page_that_would_grow_too_large_tells_less_history_and_then_leaves_out_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = recorded_root(tmp_path / "project")
    largest = metric_pages.MAX_PAGE_BYTES
    site = tmp_path / "site"
    build(root, site)
    sizes = {
        name: (site / f"metrics/{name}/index.html").stat().st_size for name in ("counts.boards", "counts.opened_weekly")
    }
    assert max(sizes.values()) < largest
    monkeypatch.setattr(metric_pages, "MAX_PAGE_BYTES", sizes["counts.boards"] - 2000)
    build(root, site)
    shortened = (site / "metrics/counts.boards/index.html").read_text()
    assert 0 < shortened.count('class="dd-when"') < metric_pages.MAX_HISTORY
    assert len(shortened.encode()) < sizes["counts.boards"]
    monkeypatch.setattr(metric_pages, "MAX_PAGE_BYTES", 10_000)
    build(root, site)
    least = page(site / "metrics/counts.opened_weekly/index.html")
    assert "Record one with curl" not in least.text
    assert "1 change: see what changed" in re.sub(r"\s+", " ", least.text)


def test_the_bytes_do_not_depend_on_where_and_when_a_repository_is_read(tmp_path: Path, recorded_site: Path) -> None:
    build(
        recorded_root(tmp_path / "project"),
        tmp_path / "site",
        BuildOptions(repository_url="https://gitlab.com/group/project"),
    )
    for path in ("metrics/counts.boards/index.html", "changes/index.html", "changes/feed.json", "changes/atom.xml",
                 "changes/2025-01/index.html", "health.json", "health/broken/index.html", "index.html"):  # fmt: skip
        assert (tmp_path / "site" / path).read_bytes() == (recorded_site / path).read_bytes(), path


def test_without_git_pages_have_no_history_and_say_nothing_of_it(tmp_path: Path) -> None:
    write_small_root(tmp_path / "definitions")
    build(tmp_path / "definitions", tmp_path / "site")
    assert "History#" not in text_of(tmp_path / "site", "counts.boards")


# ---- Before and after --------------------------------------------------------------------------------------------


def test_short_values_are_shown_whole() -> None:
    assert before_after("active", "broken", 160) == ("active", "broken", "", "")
    assert before_after(None, ["free"], 160) == (None, '["free"]', "", "")
    assert before_after(True, {"a": None}, 160) == ("true", '{"a": null}', "", "")


def test_long_texts_are_cut_to_what_differs() -> None:
    before = "one two three four five six seven eight nine ten eleven twelve"
    after = before.replace("seven", "the   seventh\nand")
    assert before_after(before, after, 160) == ("seven", "the seventh and", "… four five six", "eight nine ten …")


def test_a_long_text_that_only_grows_has_nothing_before() -> None:
    before = "one two three four five six seven eight nine ten eleven twelve"
    assert before_after(before, f"{before} thirteen", 160) == ("", "thirteen", "… ten eleven twelve", "")


def test_a_difference_that_is_long_is_cut() -> None:
    found = before_after("x" * 100_000, "y" * 100_000, 50)
    assert found == ("x" * 50 + "…", "y" * 50 + "…", "", "")


# ---- The repository ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "edit", "commit"),
    [
        ("https://gitlab.com/g/p", "https://gitlab.com/g/p/-/edit/main/ee/d/x.yml", "https://gitlab.com/g/p/-/commit/ab"),
        ("https://gitlab.com/g/p.git/", "https://gitlab.com/g/p/-/edit/main/ee/d/x.yml", "https://gitlab.com/g/p/-/commit/ab"),
        ("https://github.com/g/p", "https://github.com/g/p/edit/main/ee/d/x.yml", "https://github.com/g/p/commit/ab"),
        ("https://git.example.com/e?f={file_path}", "https://git.example.com/e?f=ee/d/x.yml", None),
        (None, None, None),
    ],
)  # fmt: skip
def test_the_edit_link_follows_from_the_repository(address: str | None, edit: str | None, commit: str | None) -> None:
    links = repository_links(address).below("ee/")
    assert (links.edit("d/x.yml"), links.commit("ab")) == (edit, commit)


def test_a_path_is_escaped_in_the_edit_link() -> None:
    edit = repository_links("https://gitlab.com/g/p").edit('definitions/metrics/<a b>"?#%.yml')
    assert edit == "https://gitlab.com/g/p/-/edit/main/definitions/metrics/%3Ca%20b%3E%22%3F%23%25.yml"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "gitlab.com/g/p", "https://", "https://x y", "ftp://x/y"])
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(OperationalError, match="--repository-url"):
        repository_links(address)


def test_a_page_links_to_where_its_definition_is_edited(recorded_site: Path) -> None:
    links = page(recorded_site / "metrics/counts.moved/index.html").links
    assert "https://gitlab.com/group/project/-/edit/main/definitions/metrics/counts_all/here.yml" in links
    assert "Edit this definition" in page(recorded_site / "events/open_board/index.html").text


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "0 days"),
        (1, "1 day"),
        (13, "13 days"),
        (14, "2 weeks"),
        (60, "8 weeks"),
        (61, "2 months"),
        (800, "2 years"),
    ],
)
def test_a_duration_is_said_in_the_largest_unit_that_it_has_two_of(days: int, words: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    assert duration(start, datetime.fromtimestamp(start.timestamp() + 86_400 * days, UTC)) == words
