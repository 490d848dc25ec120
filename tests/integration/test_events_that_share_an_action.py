"""Events of one action: told apart by their category everywhere, and never left out in silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from metrics_dictionary.events.event_errors import UncountableEventsError
from metrics_dictionary.events.tracking import EventTracker
from metrics_dictionary.reading.read import read_dictionary
from tests.program import run
from tests.site.built_pages import page
from tests.small_root import event, metric, write, write_boards

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"groups": "GroupsController", "projects": "ProjectsController"}


def external(category: str, **fields: object) -> dict[str, object]:
    given = event(action="show", category=category, description=f"The page of {category} is shown.", **fields)
    return {name: value for name, value in given.items() if name not in ("internal_events", "additional_properties")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root in which two events of different categories have the action `show`, and none is internal."""
    root = write_boards(tmp_path / "definitions")
    for file, category in FILES.items():
        write(root / f"events/{file}_show.yml", external(category))
    return root


def internal(root: Path) -> None:
    """Add an internal event of the same action, and a metric that counts it."""
    write(root / "events/show.yml", event(action="show"))
    selection = {"data_source": "internal_events", "events": [{"name": "show"}]}
    fields = {name: value for name, value in metric(**selection).items() if name != "instrumentation_class"}
    write(root / "metrics/counts_all/shown.yml", fields | {"key_path": "counts.shown"})


def test_they_are_valid_and_every_one_is_exported(root: Path) -> None:
    checked = json.loads(run("validate", root, "--format", "json").stdout)
    assert [one["rule"] for one in checked["findings"] if one["severity"] == "error"] == []
    exported = run("export", "--events", "--definitions", root)
    assert (exported.returncode, exported.stderr) == (0, "")
    pairs = [(one.get("category"), one["action"]) for one in yaml.safe_load(exported.stdout)]
    assert pairs == [(None, "create_board"), ("GroupsController", "show"), ("ProjectsController", "show")]


def test_a_metric_cannot_count_an_action_that_no_internal_event_has(root: Path) -> None:
    internal(root)
    (root / "events/show.yml").unlink()
    (finding,) = json.loads(run("validate", root, "--format", "json").stdout)["findings"][:1]
    assert finding["rule"] == "unknown-event"
    assert "is the action of 2 events, of `GroupsController` and `ProjectsController`" in finding["message"]
    internal(root)
    assert run("validate", root).returncode == 0


def test_the_same_category_and_action_twice_is_one_error_that_names_both_places(root: Path) -> None:
    write(root / "events/second.yml", external("GroupsController"))
    (finding,) = [
        one
        for one in json.loads(run("validate", root, "--format", "json").stdout)["findings"]
        if one["severity"] == "error"
    ]
    assert finding["rule"] == "duplicate-event"
    assert finding["file"].endswith("events/second.yml")
    assert "groups_show.yml:2:9" in finding["message"]
    exported = run("export", "--events", "--definitions", root)
    assert exported.returncode == 1
    assert exported.stderr == (
        "left out: definitions/events/second.yml: `show` is the same event as in definitions/events/groups_show.yml\n"
    )


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("metrics/counts_all/nameless.yml", "description: A\n", "the metric has no `key_path`"),
        (
            "metrics/counts_all/nameless.yml",
            "description: A\ntime_frame: [7d, 28d, all]\n",
            "the metric has no `key_path`",
        ),
        ("metrics/counts_all/timeless.yml", "key_path: a.b\ntime_frame: []\n", "the metric `a.b` has no time frame"),
        ("metrics/counts_all/list.yml", "- a\n", "the metric is not a mapping"),
        (
            "metrics/counts_all/twin.yml",
            "key_path: counts.boards_weekly\n",
            "`counts.boards_weekly` is the key path of definitions/metrics/counts_all/boards.yml",
        ),
        ("events/nameless.yml", "description: A\n", "the event has no `action`"),
    ],
)
def test_what_an_export_cannot_have_is_named_and_ends_it_with_1(
    root: Path, file: str, content: str, reason: str
) -> None:
    write(root / file, content)
    exported = run("export", "--definitions", root)
    assert (exported.returncode, exported.stderr) == (1, f"left out: definitions/{file}: {reason}\n")


def test_each_has_a_page_and_the_action_alone_leads_to_a_list_of_them(root: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert run("build", "--definitions", root, "--output", site).returncode == 0
    for category in FILES.values():
        folder = f"events/show~-~{category.replace('C', '~C')}"
        assert f"The page of {category} is shown." in page(site / folder / "index.html").text
        document = json.loads((site / f"{folder}.json").read_text())
        assert (document["category"], document["action"]) == (category, "show")
    listing = page(site / "events/show/index.html")
    assert [link for link in listing.links if "show~-" in link] == [
        "../../events/show~-~Groups~Controller/",
        "../../events/show~-~Projects~Controller/",
    ]
    assert [one["category"] for one in json.loads((site / "events/show.json").read_text())["events"]] == [
        *FILES.values()
    ]
    index = json.loads((site / "assets/explorer-events.json").read_text())
    assert index["names"] == ["create_board", "show (GroupsController)", "show (ProjectsController)"]
    assert index["paths"] == {"1": "show~-~Groups~Controller", "2": "show~-~Projects~Controller"}


def test_an_internal_event_keeps_the_address_of_its_action(root: Path, tmp_path: Path) -> None:
    internal(root)
    site = tmp_path / "site"
    assert run("build", "--definitions", root, "--output", site).returncode == 0
    shown = page(site / "events/show/index.html")
    assert "Somebody opens a board." in shown.text
    assert "../../events/show~-~Groups~Controller/" in shown.links
    assert json.loads((site / "events/show.json").read_text())["metrics"] == ["counts.shown"]
    assert json.loads((site / "events/show~-~Groups~Controller.json").read_text())["metrics"] == []


def test_an_event_that_is_alone_is_found_under_its_category_too(root: Path, tmp_path: Path) -> None:
    (root / "events/projects_show.yml").unlink()
    site = tmp_path / "site"
    assert run("build", "--definitions", root, "--output", site).returncode == 0
    assert "The page of GroupsController is shown." in page(site / "events/show/index.html").text
    moved = site / "events/show~-~Groups~Controller"
    assert 'content="0; url=../../events/show/"' in (moved / "index.html").read_text()
    assert moved.with_name(f"{moved.name}.json").read_bytes() == (site / "events/show.json").read_bytes()


def test_a_call_means_the_internal_one_or_is_told_the_categories(root: Path) -> None:
    with pytest.raises(UncountableEventsError, match='of "GroupsController" and "ProjectsController", and none'):
        EventTracker(read_dictionary(root).dictionary).track([{"event": "show"}], 1)
    internal(root)
    tracked = EventTracker(read_dictionary(root).dictionary).track([{"event": "show"}], 1)
    assert tracked.recording.changes.increments["{event_counters}_show"] == 1


def test_a_difference_tells_them_apart(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "after/product_groups.yml", "---\nplanning:\n  name: Planning\n")
    for file in root.rglob("*.yml"):
        write(tmp_path / "after" / file.relative_to(root), file.read_text())
    write(tmp_path / "after/events/groups_show.yml", external("GroupsController", tiers=["ultimate"]))
    (tmp_path / "after/events/projects_show.yml").unlink()
    told = run("diff", root, tmp_path / "after").stdout
    # One of two is left: it is the same event, under its own name again.
    assert "changed event show\n" in told
    assert "deleted event show (ProjectsController)\n" in told


def test_explain_says_how_to_name_one_of_them_and_unused_events_are_told_apart(root: Path) -> None:
    several = run("explain", "show", "--definitions", root)
    assert several.stdout.count("  The page of ") == 2
    assert several.stderr == (
        "note: 2 events have the action show; explain one of them by its name: 'show (ProjectsController)'\n"
    )
    one = run("explain", "show (ProjectsController)", "--definitions", root)
    assert (one.stdout.count("  The page of ProjectsController"), one.stdout.count("  The page of "), one.stderr) == (
        1,
        1,
        "",
    )
    findings = json.loads(run("validate", root, "--format", "json").stdout)["findings"]
    assert {one["message"] for one in findings if one["rule"] == "unused-event"} == {
        f"no metric counts the event `show` of `{category}`" for category in FILES.values()
    }


def test_a_duplicate_with_several_time_frames_is_left_out_with_one_line(root: Path) -> None:
    write(root / "metrics/counts_all/a.yml", "key_path: a.b\ntime_frame: [7d, 28d, all]\n")
    write(root / "metrics/counts_all/b.yml", "key_path: a.b\ntime_frame: [7d, 28d, all]\n")
    assert run("export", "--definitions", root).stderr == (
        "left out: definitions/metrics/counts_all/b.yml: `a.b_weekly`, `a.b_monthly` and `a.b` are key paths of "
        "definitions/metrics/counts_all/a.yml\n"
    )
