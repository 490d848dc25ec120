"""A definitions root whose repository tells a story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.changes.definition_repository import DefinitionRepository
from tests.site.conftest import HOSTILE
from tests.small_root import event, metric, write

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = "definitions/metrics/counts_all"


def recorded_root(folder: Path) -> Path:
    """Write and commit the root; return its folder.

    ``counts.boards`` breaks and changes twenty times, ``counts.moved`` moves, ``counts.deleted`` is gone, and messages
    are hostile.
    """
    repository = DefinitionRepository(folder)
    root = repository.root
    counted = [{"name": "open_board", "unique": "user.id", "filter": {"label": "scrum"}}]
    by_event = {"data_source": "internal_events", "instrumentation_class": None, "time_frame": ["7d", "28d"]}
    # Its address is that of an attack, so that the link of the notice is tested with it.
    old = {"status": "removed", "milestone_removed": "16.9", "removed_by_url": "javascript:alert(1)"}
    for name, fields in {
        "boards": metric(),
        "boards_monthly": metric(key_path="counts.boards_monthly", time_frame="28d"),
        "lists": metric(key_path="counts.lists", instrumentation_class="CountListsMetric", product_group="nobody"),
        "nothing": metric(key_path="counts.nothing", instrumentation_class="CountNothingMetric"),
        "opened": metric(key_path="counts.opened", events=counted, **by_event),
        "seen": metric(key_path="counts.seen", events=counted, **by_event | old),
        "named": metric(key_path="counts.named", description="Use counts.lists or ask.", **old),
        "left": metric(key_path="counts.left", events=[{"name": "leave_board"}, {"name": "unheard_of"}], **by_event),
        "ownerless": metric(key_path="counts.ownerless", product_group=None, description="Boards of nobody, all."),
        "terse": metric(key_path="counts.terse", description="TODO"),
        "deleted": metric(key_path="counts.deleted"),
        "moved": metric(key_path="counts.moved"),
    }.items():
        write(root / f"metrics/counts_all/{name}.yml", fields)
    write(root / "events/open_board.yml", event())
    write(root / "events/leave_board.yml", event(action="leave_board", status="removed", milestone_removed="16.4"))
    write(root / "events/sit_idle.yml", event(action="sit_idle"))
    tables = {name: {"source": "database", "operation": "count", "table": "boards"} for name in
              ("CountBoardsMetric", "CountListsMetric")}  # fmt: skip
    tables["CountListsMetric"]["conditions"] = [{"kind": "list"}, {"archived": False}]  # type: ignore[assignment]
    write(root / "instrumentations/boards.yml", tables)
    write(root / "product_groups.yml", {"planning": {"name": "Planning"}})
    repository.commit(HOSTILE)
    for number in range(20):
        repository.write_and_commit("metrics/counts_all/boards.yml", metric(description=f"Boards, take {number}."))
    repository.git("mv", f"{COUNTS}/moved.yml", f"{COUNTS}/here.yml")
    repository.git("rm", "--quiet", f"{COUNTS}/deleted.yml")
    broken = metric(status="broken", repair_issue_url="https://example.com/issues/7")
    repository.write_and_commit("metrics/counts_all/boards.yml", broken, "Boards are broken")
    repository.write_and_commit(
        "metrics/counts_all/here.yml", metric(key_path="counts.moved", description=HOSTILE, tiers=["free"])
    )
    return root
