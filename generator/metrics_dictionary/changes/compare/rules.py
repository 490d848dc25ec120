"""The functions that check the lifecycle rules; what each rule means to an author stands in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.computation import Aspect
from metrics_dictionary.changes.compare.definition_rules import (
    changed_milestone,
    changed_owner,
    deleted_event,
    dropped_event_property,
    renamed_event,
    renamed_group,
    revived_definition,
)
from metrics_dictionary.changes.compare.metric_rules import (
    changed_computation,
    changed_field,
    changed_key_path,
    changed_object_schema,
    changed_selection,
    changed_time_frame,
    computed_alike,
    deleted_metric,
    touched_indicator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metrics_dictionary.changes.compare.comparison import Comparison
    from metrics_dictionary.changes.compare.definition_rules import Breach, Check

CHECKS: Mapping[str, tuple[Check, ...]] = {
    "deleted-definition": (deleted_metric, deleted_event),
    "changed-key-path": (changed_key_path,),
    "changed-time-frame": (changed_time_frame,),
    "changed-value-type": (changed_field("value_type"),),
    "changed-object-schema": (changed_object_schema,),
    "changed-data-source": (changed_field("data_source"),),
    "changed-events": (changed_selection(Aspect.EVENTS),),
    "changed-unique": (changed_selection(Aspect.UNIQUE),),
    "changed-filter": (changed_selection(Aspect.FILTER),),
    "changed-operator": (changed_selection(Aspect.OPERATOR),),
    "changed-instrumentation": (changed_field("instrumentation_class", unless_alike=True),),
    "changed-options": (changed_field("options", unless_alike=True),),
    "changed-computation": (changed_computation,),
    "computed-alike": (computed_alike,),
    "revived-definition": (revived_definition,),
    "renamed-event": (renamed_event,),
    "dropped-event-property": (dropped_event_property,),
    "changed-milestone": (changed_milestone,),
    "touched-indicator": (touched_indicator,),
    "changed-owner": (changed_owner,),
    "renamed-group": (renamed_group,),
}
"""Rule id -> what checks it."""


def breaches(comparison: Comparison) -> Iterator[tuple[str, Breach]]:
    """Yield everything that any rule says about a comparison, with the rule's id."""
    for rule, checks in CHECKS.items():
        for check in checks:
            for breach in check(comparison):
                yield rule, breach
