"""A small definitions root: a metric and an event as text and as data, and how tests write and change files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from metrics_dictionary.dictionary.metric import MetricDefinition

if TYPE_CHECKING:
    from pathlib import Path

METRIC = """\
---
key_path: counts.boards
description: Issue boards of all projects and groups, archived ones included.
product_group: planning
value_type: number
status: active
milestone: "16.10"
introduced_by_url: https://example.com/merge_requests/1
time_frame: [7d, all]
data_source: internal_events
data_category: optional
tiers: [free]
events:
- name: create_board
"""

EVENT = """\
---
description: Somebody saves a new issue board.
internal_events: true
action: create_board
identifiers: [user, project]
additional_properties:
  label:
    description: Where the board was made.
product_group: planning
milestone: "16.10"
introduced_by_url: https://example.com/merge_requests/1
tiers: [free]
"""

BAKERY_EVENT = """\
---
description: Somebody takes a loaf out of the oven.
internal_events: true
action: {name}
identifiers: [user]
product_group: {group}
milestone: "16.10"
introduced_by_url: https://example.com/changes/1
tiers: [free]
"""


def write_boards(root: Path) -> Path:
    """Write a root without findings: METRIC and EVENT with their owner; return it."""
    write(root / "metrics" / "counts_all" / "boards.yml", METRIC)
    write(root / "events" / "create_board.yml", EVENT)
    write(root / "product_groups.yml", "---\nplanning:\n  name: Planning\n  stage: plan\n")
    write(root / "instrumentations" / "plan.yml", "--- {}\n")
    return root


def write(path: Path, content: object) -> Path:
    """Write a file and the folders that it lies in: a string as it is, anything else as YAML. Return the path."""
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def change(path: Path, old: str, new: str) -> Path:
    """Put ``new`` in the place of every ``old``, which has to be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    return write(path, text.replace(old, new))


def metric(**fields: object) -> dict[str, object]:
    """Return the fields of a valid metric, some of them replaced or added."""
    return {
        "key_path": "counts.boards",
        "description": "Boards in all projects and groups, archived ones among them.",
        "product_group": "planning",
        "value_type": "number",
        "status": "active",
        "milestone": "16.1",
        "introduced_by_url": "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/1234",
        "time_frame": "all",
        "data_source": "database",
        "data_category": "optional",
        "instrumentation_class": "CountBoardsMetric",
        "tiers": ["free", "premium"],
    } | fields


def event(**fields: object) -> dict[str, object]:
    """Return the fields of a valid event, some of them replaced or added."""
    return {
        "description": "Somebody opens a board.",
        "internal_events": True,
        "action": "open_board",
        "identifiers": ["user", "project", "namespace"],
        "additional_properties": {
            "label": {"description": "Kind of the board: scrum, kanban or other."},
            "property": {"description": "How it was opened."},
            "colour": {"description": "The board's colour, such as teal."},
        },
        "product_group": "planning",
        "milestone": "16.2",
        "introduced_by_url": "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/1235",
        "tiers": ["free"],
    } | fields


def short_metric(key_path: str, **fields: object) -> MetricDefinition:
    """Return a live metric with no more fields than computing and comparing need; its file is named after it."""
    given = {"key_path": key_path, "time_frame": "all", "status": "active", **fields}
    return MetricDefinition(given, f"definitions/metrics/{key_path}.yml")
