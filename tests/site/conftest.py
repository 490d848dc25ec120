"""Two sites, each built once: one of a small root that is hard to show, one of the shipped definitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.site.build.build import BuildOptions, build
from metrics_dictionary.site.pages import listings
from tests.small_root import event, metric, write

if TYPE_CHECKING:
    from metrics_dictionary.site.build.build import BuildReport
    from tests.made_once import MadeOnce


BUILT = "1738555506"
"""When the small site is built: 3 February 2025, 04:05:06."""

REPOSITORY = Path(__file__).parents[2]

HOSTILE = "<script>alert(1)</script> \"'> {{ 7*7 }} {% raw %} [[shell:content]] %s \u202e &amp; </pre></code>"
NAMES = ("a/b", "..", "a%2fb", "a b", "🦊.ü", "Upper.Case", "upper.case", "x.json", "x", "index.html", "~2", "k" * 300)


def write_small_root(root: Path) -> None:
    """A root with every kind of page, hostile texts in every field, and names that are hard to put into an address."""
    selection = [{"name": "open_board", "unique": "user.id", "filter": {"label": "scrum"}}, {"name": HOSTILE}]
    counting = {"data_source": "internal_events", "instrumentation_class": None, "events": selection}
    metrics = [
        metric(),
        metric(key_path="counts.boards_monthly", time_frame="28d"),
        metric(key_path="counts.opened", time_frame=["7d", "28d"], **counting),
        metric(key_path="counts.older", data_source="redis", options={"event": "open_board", "prefix": "p"}),
        metric(key_path="settings.mode", value_type="object", time_frame="none", data_source="system"),
        metric(key_path="counts.broken", status="broken", repair_issue_url="https://example.com/issues/7"),
        metric(key_path="counts.gone", status="removed", milestone_removed="16.9", removed_by_url=None),
        metric(key_path="counts.ownerless", product_group=None, data_source=None),
        {"key_path": "counts.nearly_empty"},
    ]
    metrics += [metric(key_path=f"names.{name}") for name in NAMES] + [metric(key_path=name) for name in NAMES]
    hostile = dict.fromkeys(metric(), HOSTILE) | {
        "key_path": f"h.{HOSTILE}",
        "introduced_by_url": "javascript:alert(1)",
    }
    metrics.append(hostile | {"options": {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]}, HOSTILE: HOSTILE})
    metrics.append(metric(key_path=HOSTILE, events=[{"name": HOSTILE, "filter": {HOSTILE: HOSTILE}}]))
    for number, fields in enumerate(metrics):
        write(root / f"metrics/counts_all/{number}.yml", fields)
    write(root / "metrics/<script>alert(1)<!--/x.yml", metric(key_path="counts.from_a_hostile_folder"))
    (root / "metrics/counts_all/broken.yml").write_text("key_path: [", encoding="utf-8")
    hostile_event: dict[str, object] = dict.fromkeys(event(), HOSTILE) | {
        "identifiers": [HOSTILE],
        "data_source": HOSTILE,
    }
    hostile_event["additional_properties"] = {HOSTILE: {"description": HOSTILE}}
    events = [event(), event(action="leave_board", status="removed", milestone_removed="16.4"), hostile_event]
    events += [event(action=name) for name in NAMES]
    for number, fields in enumerate(events):
        write(root / f"events/{number}.yml", fields)
    write(
        root / "instrumentations/boards.yml",
        {
            "CountBoardsMetric": {
                "source": "database",
                "operation": "count",
                "table": "boards",
                "description": HOSTILE,
            },
        },
    )
    group = {"name": HOSTILE, "stage": HOSTILE, "description": HOSTILE, "contact": HOSTILE}
    write(root / "product_groups.yml", {"planning": {"name": "Planning"}, "idle": None, "hostile": group})


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("small") / "definitions"
    write_small_root(root)
    return root


@pytest.fixture(scope="session")
def small_build(small_root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildReport]:
    """The small root's site, with listings of seven definitions a page."""
    site = tmp_path_factory.mktemp("small-site") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listings, "PAGE_SIZE", 7)
        patch.setenv("SOURCE_DATE_EPOCH", BUILT)
        return site, build(small_root, site)


@pytest.fixture(scope="session")
def small_site(small_build: tuple[Path, BuildReport]) -> Path:
    return small_build[0]


@pytest.fixture(scope="session")
def shipped_site(made_once: MadeOnce) -> Path:
    return shipped(made_once)


def shipped(made_once: MadeOnce) -> Path:
    """Return the site of the shipped definitions."""
    return made_once.made("shipped", lambda site: build(REPOSITORY / "definitions", site))


@pytest.fixture(scope="session")
def recorded_site(made_once: MadeOnce) -> Path:
    return recorded(made_once)


def recorded(made_once: MadeOnce) -> Path:
    """Return the site of a root with a git history; see ``recorded_root``."""
    from tests.site.recorded_root import recorded_root

    options = BuildOptions(repository_url="https://gitlab.com/group/project")
    root = made_once.made("project", recorded_root) / "definitions"
    return made_once.made("recorded", lambda site: build(root, site, options))


@pytest.fixture
def tiny_root(tmp_path: Path) -> Path:
    """One valid metric."""
    root = tmp_path / "definitions"
    write(root / "metrics/counts_all/boards.yml", metric())
    return root
