"""What changed: the pages of months and milestones, and the feeds."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from metrics_dictionary.changes.field_change import FieldChange
from metrics_dictionary.changes.history.change import Change, ChangeType, Commit
from metrics_dictionary.changes.history.history import History
from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.site.build.build import build
from metrics_dictionary.site.data.changes import ChangeLog
from metrics_dictionary.site.pages import change_pages
from metrics_dictionary.site.pages.feeds import MAX_ENTRIES, feeds
from metrics_dictionary.site.parts.change_chart import MAX_MONTHS, change_chart
from tests.repository import ENVIRONMENT
from tests.site.bare_site import bare_site
from tests.site.built_pages import page
from tests.site.conftest import HOSTILE
from tests.site.recorded_root import recorded_root
from tests.small_root import metric

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ATOM = "{http://www.w3.org/2005/Atom}"
FIRST = datetime(2025, 1, 15, 12, tzinfo=UTC)


def text_of(site: Path, url: str) -> str:
    return re.sub(r"\s+", " ", page(site / url / "index.html").text)


def change(number: int, what: ChangeType = ChangeType.CHANGED, days: int = 0, **fields: object) -> Change:
    given = {"name": f"counts.m{number}", "product_group": "planning", "file_path": f"d/metrics/{number}.yml"} | fields
    commit = Commit(f"{number:040x}", FIRST + timedelta(days=days), "Say it better", "16.9")
    changed = (FieldChange("status", "active", "broken"),) if what is ChangeType.CHANGED else ()
    return Change(commit, Kind.METRIC, what, fields=changed, **given)  # type: ignore[arg-type]


def log_of(*changes: Change, metrics: tuple[MetricDefinition, ...] = ()) -> ChangeLog:
    return ChangeLog(Dictionary(metrics), History(changes) if changes else None)


def feeds_of(log: ChangeLog, site_url: str | None = None) -> dict[str, bytes]:
    return dict(feeds(bare_site(log.dictionary, log.history, site_url)))


# ---- Months and milestones ---------------------------------------------------------------------------------------


def test_changes_are_told_by_month_the_newest_first() -> None:
    log = log_of(
        change(3, days=40),
        change(2, ChangeType.REMOVED, days=20),
        change(1, ChangeType.ADDED, days=20),
        change(0, days=1),
    )
    assert [(month.key, [one.name for one in month.changes]) for month in log.months] == [
        ("2025-02", ["counts.m3", "counts.m2", "counts.m1"]),
        ("2025-01", ["counts.m0"]),
    ]
    tally = log.months[0].tally
    assert (tally.added, tally.changed, tally.removed) == (1, 1, 1)


def test_milestones_are_what_definitions_say_and_what_git_saw_meanwhile() -> None:
    metrics = (
        MetricDefinition(metric(key_path="counts.new", milestone="16.10"), "d/metrics/new.yml"),
        MetricDefinition(metric(key_path="counts.old", milestone="<13.9"), "d/metrics/old.yml"),
        MetricDefinition(
            metric(key_path="counts.gone", milestone="16.9", status="removed", milestone_removed="16.10"), "d/m/g.yml"
        ),
        MetricDefinition(metric(key_path="counts.typo", milestone="soon"), "d/metrics/typo.yml"),
        MetricDefinition(metric(key_path="counts.kept", milestone="16.9", milestone_removed="16.9"), "d/m/k.yml"),
    )
    found = {
        one.name: (len(one.added), len(one.removed), [change.name for change in one.changed])
        for one in log_of(change(1), change(2, ChangeType.ADDED), metrics=metrics).milestones
    }
    assert list(found) == ["16.10", "16.9", "<13.9"]
    assert found == {"16.10": (1, 1, []), "16.9": (2, 0, ["counts.m1"]), "<13.9": (1, 0, [])}


def test_what_happened_before_a_milestone_did_not_happen_in_it() -> None:
    old = MetricDefinition(metric(key_path="counts.old", milestone="<13.9"), "d/metrics/old.yml")
    titles = [one.title for one in change_pages.changes_by_milestone(bare_site(Dictionary((old,)), None, None))]
    assert titles == ["Changes before 13.9"]
    assert b"Added counts.old before 13.9" in feeds_of(log_of(metrics=(old,)))["changes/feed.json"]


def test_the_pages_tell_field_by_field_what_changed(recorded_site: Path) -> None:
    month = text_of(recorded_site, "changes/2025-01")
    assert "Changes in January 2025" in month
    assert "Changed counts.moved Planning" in month
    assert "Deleted counts.deleted Planning" in month
    assert "Added counts.deleted Planning" in month
    assert HOSTILE.split(" ")[0] in month
    overview = page(recorded_site / "changes/index.html")
    assert "../changes/2025-01/" in overview.links
    assert "../changes/milestones/16.9/" in overview.links
    assert "15 added 22 changed 1 deleted" in text_of(recorded_site, "changes")
    assert "Removed#" not in month


def test_a_deleted_definition_is_named_without_a_link(recorded_site: Path) -> None:
    found = page(recorded_site / "changes/2025-01/index.html")
    assert "counts.deleted" in found.text
    assert not [link for link in found.links if "counts.deleted" in link]
    assert "../../metrics/counts.moved/" in found.links


def test_a_group_of_the_past_has_no_link(recorded_site: Path) -> None:
    assert not [link for link in page(recorded_site / "changes/2025-01/index.html").links if "former" in link]


def test_a_milestone_says_what_it_added_and_removed(recorded_site: Path) -> None:
    text = text_of(recorded_site, "changes/milestones/16.9")
    removed = text.split("Removed")[1].split("Changed")[0]
    assert "counts.named" in removed
    assert "counts.seen_weekly" in text
    assert "counts.boards" in text_of(recorded_site, "changes/milestones/16.1").split("Added")[1]


def test_many_changes_are_told_on_several_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_pages, "PAGE_SIZE", 10)
    build(recorded_root(tmp_path / "project"), tmp_path / "site")
    months = tmp_path / "site/changes/2025-01"
    sheets = [months / "index.html", *sorted(months.glob("~*/index.html"))]
    assert len(sheets) == 4
    assert sum(sheet.read_text().count('class="dd-line"') for sheet in sheets) == 38
    assert "../../../changes/2025-01/" in page(months / "~2/index.html").links
    assert "Changes in January 2025" in page(months / "~2/index.html").text


def test_a_tree_without_git_has_the_page_from_milestones_alone(small_site: Path) -> None:
    text = text_of(small_site, "changes")
    assert "built without the repository's history" in text
    assert "By milestone" in text
    assert "By month" not in text
    assert "counts.gone" in text_of(small_site, "changes/milestones/16.9").split("Removed")[1]


def test_a_part_of_a_history_is_said_to_be_one(tmp_path: Path) -> None:
    recorded_root(tmp_path / "project")
    clone = ["git", "clone", "--quiet", "--depth=5", (tmp_path / "project").as_uri(), str(tmp_path / "clone")]
    subprocess.run(clone, env=ENVIRONMENT, check=True)
    build(tmp_path / "clone/definitions", tmp_path / "site")
    assert "what came before the first change here is unknown" in text_of(tmp_path / "site", "changes")
    assert "which does not reach back far enough" in text_of(tmp_path / "site", "health/never-changed")


def test_the_home_page_tells_the_newest_changes(recorded_site: Path, small_site: Path) -> None:
    text = text_of(recorded_site, "")
    assert "Newest changes Changed counts.moved Planning 23 January 2025" in text
    assert "Newest changes" not in text_of(small_site, "")


# ---- The chart ---------------------------------------------------------------------------------------------------


def test_the_chart_has_a_column_for_each_month_with_changes_and_room_for_the_others() -> None:
    chart = change_chart(
        log_of(change(3, days=100), change(2, ChangeType.ADDED, days=99), change(1, ChangeType.REMOVED)).months
    )
    assert chart is not None
    assert (chart.first, chart.last) == ("January 2025", "April 2025")
    assert [column.title for column in chart.columns] == [
        "January 2025: 1 removed",
        "April 2025: 1 added, 1 changed",
    ]
    assert [bar.x for column in chart.columns for bar in column.bars] == [1, 31, 31]
    assert chart.width == 40


def test_the_chart_shows_the_latest_months_only_and_none_for_a_single_month() -> None:
    chart = change_chart(log_of(change(2, days=20_000), change(1)).months)
    assert chart is not None
    assert chart.width == 10 * MAX_MONTHS
    assert change_chart(log_of(change(1)).months) is None
    assert change_chart([]) is None


def test_an_import_does_not_flatten_the_other_change_chart() -> None:
    imported = [change(number, ChangeType.ADDED) for number in range(1000)]
    later = [change(2000 + month, days=31 * month) for month in range(11, 0, -1)]
    chart = change_chart(log_of(*later, *imported).months)
    assert chart is not None
    assert chart.highest == 3


# ---- Feeds -------------------------------------------------------------------------------------------------------


def test_feeds_tell_the_newest_changes_of_everything_and_of_each_group(recorded_site: Path) -> None:
    feed = json.loads((recorded_site / "changes/feed.json").read_text())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    newest = feed["items"][0]
    assert newest["title"] == "Changed counts.moved: description, tiers"
    assert newest["url"] == "../metrics/counts.moved/"
    assert newest["date_published"] == "2025-01-23T12:00:00Z"
    assert newest["_change"]["fields"][1] == {"field": "tiers", "before": '["free", "premium"]', "after": '["free"]'}
    atom = ET.fromstring((recorded_site / "changes/atom.xml").read_bytes())
    assert [entry.findtext(f"{ATOM}title") for entry in atom.iter(f"{ATOM}entry")] == [
        item["title"] for item in feed["items"]
    ]
    assert atom.findtext(f"{ATOM}updated") == "2025-01-23T12:00:00Z"
    group = json.loads((recorded_site / "changes/groups/nobody.json").read_text())
    assert [item["title"] for item in group["items"]] == ["Added counts.lists"]
    assert group["items"][0]["url"] == "../../metrics/counts.lists/"
    none = json.loads((recorded_site / "changes/groups/none.json").read_text())
    assert [item["title"] for item in none["items"]] == ["Added counts.ownerless"]


def test_every_feed_is_well_formed_and_its_ids_are_its_own(recorded_site: Path, small_site: Path) -> None:
    for site in (recorded_site, small_site):
        feeds_found = sorted((site / "changes").rglob("*.xml"))
        assert len(feeds_found) > 2
        for path in feeds_found:
            atom = ET.fromstring(path.read_bytes())
            ids = [element.text for element in atom.iter(f"{ATOM}id")]
            assert len(ids) == len(set(ids)), path
            twin = json.loads(
                path.with_name("feed.json" if path.name == "atom.xml" else f"{path.stem}.json").read_text()
            )
            assert len({item["id"] for item in twin["items"]}) == len(twin["items"])


def test_a_change_has_the_same_id_in_the_feed_of_everything_and_in_that_of_its_group() -> None:
    metrics = (MetricDefinition(metric(), "d/metrics/1.yml"),)
    found = feeds_of(log_of(change(1), metrics=metrics))
    everything, group = (json.loads(found[path]) for path in ("changes/feed.json", "changes/groups/planning.json"))
    assert everything["items"][0]["id"] == group["items"][0]["id"]


def test_a_feed_carries_hostile_names_and_values() -> None:
    control = "a\x00b\x0b\x1b\ud800\ufffe"
    hostile = change(1, name=HOSTILE + control, product_group=HOSTILE)
    fields = (FieldChange(HOSTILE + control, control, HOSTILE), FieldChange("note", None, "]]>"))
    hostile = Change(hostile.commit, hostile.kind, ChangeType.CHANGED, hostile.name, HOSTILE, "d/m/1.yml", fields)
    metrics = (MetricDefinition(metric(product_group=HOSTILE), "d/metrics/1.yml"),)
    for path, content in feeds_of(log_of(hostile, metrics=metrics)).items():
        text = content.decode()
        if path.endswith(".xml"):
            entry = ET.fromstring(content).find(f"{ATOM}entry")
            assert entry is not None
            assert (entry.findtext(f"{ATOM}title") or "").startswith(f"Changed {HOSTILE}")
            assert "<script>" not in text
        else:
            assert json.loads(text)["items"][0]["title"].startswith(f"Changed {HOSTILE}")


def test_a_feed_has_whole_addresses_where_the_site_knows_its_own() -> None:
    metrics = (MetricDefinition(metric(), "d/metrics/1.yml"),)
    found = feeds_of(log_of(change(1), metrics=metrics), "https://example.com/dictionary/")
    feed = json.loads(found["changes/feed.json"])
    assert feed["feed_url"] == "https://example.com/dictionary/changes/feed.json"
    assert feed["items"][0]["url"] == "https://example.com/dictionary/metrics/counts.boards/"
    atom = ET.fromstring(found["changes/groups/planning.xml"])
    links = [link.get("href") for link in atom.iter(f"{ATOM}link")]
    assert "https://example.com/dictionary/changes/groups/planning.xml" in links


def test_a_feed_is_limited() -> None:
    many = [change(number) for number in range(MAX_ENTRIES + 50)]
    metrics = (MetricDefinition(metric(), "d/metrics/1.yml"),)
    found = feeds_of(log_of(*many, metrics=metrics))
    assert len(json.loads(found["changes/feed.json"])["items"]) == MAX_ENTRIES
    assert len(json.loads(found["changes/groups/planning.json"])["items"]) == MAX_ENTRIES


def test_without_git_the_json_feed_has_the_milestones_and_the_atom_feed_the_date_of_the_build(
    small_site: Path,
) -> None:
    feed = json.loads((small_site / "changes/feed.json").read_text())
    assert "Removed counts.gone in 16.9" in {item["title"] for item in feed["items"]}
    assert not any("date_published" in item for item in feed["items"])
    atom = ET.fromstring((small_site / "changes/atom.xml").read_bytes())
    assert atom.findtext(f"{ATOM}updated") == "2025-02-03T04:05:06Z"
    assert atom.find(f"{ATOM}entry") is None
