"""A difference as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.render.difference import Outcome
from metrics_dictionary.tools.json_values import json_text

if TYPE_CHECKING:
    from metrics_dictionary.changes.render.difference import Difference, GroupSection, Item


def difference_json(difference: Difference) -> str:
    """Return the JSON of both names, the summary, what became of product groups, the changes by group, and remarks."""
    return json_text(
        {
            "before": difference.before.name,
            "after": difference.after.name,
            "summary": {
                **{outcome.value: len(difference.with_outcome(outcome)) for outcome in Outcome},
                "moved": difference.moved,
                "breaking": len(difference.breaking),
                "unread": difference.unread,
            },
            "renamed_groups": [
                {"before": group.before, "after": group.after, "definitions": len(group.definitions)}
                for group in difference.comparison.renamed_groups
            ],
            "undeclared_groups": list(difference.comparison.undeclared_groups),
            "groups": [_group(difference, section) for section in difference.sections],
            "remarks": list(difference.remarks),
        }
    )


def _group(difference: Difference, section: GroupSection) -> dict[str, object]:
    return {
        "product_group": section.identifier or None,
        "name": section.group.name if section.group else None,
        "contact": section.group.contact if section.group else None,
        "definitions": [_item(difference, item) for item in section.items],
    }


def _item(difference: Difference, item: Item) -> dict[str, object]:
    return {
        "kind": item.kind,
        "what": item.outcome.value,
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
            {"rule": each.rule, "severity": each.severity.value, "message": each.message} for each in item.violations
        ],
        "performance_indicators": list(item.indicators),
        "moved_from": item.moved_from,
        "affected_groups": [group.identifier for group in difference.groups_affected(item)],
        "affected_metrics": [metric.key_path for metric in item.affected],
    }
