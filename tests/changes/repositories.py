"""Small git repositories with definitions in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import small_root
from tests.repository import commit, git
from tests.small_root import write

if TYPE_CHECKING:
    from pathlib import Path

METRIC = """\
---
key_path: counts.loaves_sold
description: Count of rye loaves paid for at the till.
product_group: ovens
value_type: number
status: active
milestone: "3.4"
introduced_by_url: https://bakery.example/changes/12
time_frame: all
data_source: internal_events
data_category: optional
tiers: [free]
events:
- name: loaf_sold
"""

EVENT = """\
---
description: A customer pays for a loaf at the till.
internal_events: true
action: loaf_sold
identifiers: [user]
product_group: ovens
milestone: "3.4"
introduced_by_url: https://bakery.example/changes/14
tiers: [free]
"""

LOAVES = "metrics/counts_all/loaves_sold.yml"


def make_repository(folder: Path) -> Path:
    """Return the definitions root of a repository with one commit."""
    root = folder / "definitions"
    write(root / LOAVES, METRIC)
    write(root / "events" / "loaf_sold.yml", EVENT)
    git(folder, "init", "--quiet")
    commit(folder)
    return root


def change(root: Path, old: str, new: str, file: str = LOAVES) -> None:
    small_root.change(root / file, old, new)
