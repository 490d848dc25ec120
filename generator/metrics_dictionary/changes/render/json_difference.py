"""A difference as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.render.difference import Fate
from metrics_dictionary.tools.json_values import json_text

if TYPE_CHECKING:
    from metrics_dictionary.changes.render.difference import Difference, Item, Share


def difference_json(difference: Difference) -> str:
    """Return ``{"before", "after", "summary", "groups", "remarks"}``, ending in a newline."""
    return json_text(
        {
            "before": difference.before.name,
            "after": difference.after.name,
            "summary": {
                **{fate.value: len(difference.with_fate(fate)) for fate in Fate},
                "moved": sum(item.moved_from is not None for item in difference.items),
                "breaking": len(difference.breaking),
            },
            "groups": [_group(difference, share) for share in difference.shares],
            "remarks": list(difference.remarks),
        }
    )


def _group(difference: Difference, share: Share) -> dict[str, object]:
    return {
        "product_group": share.identifier or None,
        "name": share.group.name if share.group else None,
        "contact": share.group.contact if share.group else None,
        "definitions": [_item(difference, item) for item in share.items],
    }


def _item(difference: Difference, item: Item) -> dict[str, object]:
    return {
        "kind": item.kind,
        "what": item.fate.value,
        "names": list(item.names),
        "breaking": item.breaking,
        "file_path": item.definition.file_path or None,
        "lost": list(item.lost),
        "gained": list(item.gained),
        "fields": [{"field": each.field, "before": each.before, "after": each.after} for each in item.fields],
        "computations": [
            {"key_path": each.key_path, "before": each.before, "after": each.after} for each in item.computations
        ],
        "findings": [
            {"rule": each.rule, "severity": each.severity.value, "message": each.message} for each in item.verdicts
        ],
        "performance_indicators": list(item.indicators),
        "moved_from": item.moved_from,
        "affected_groups": [group.identifier for group in difference.groups_affected(item)],
        "affected_metrics": [metric.key_path for metric in item.affected],
    }
