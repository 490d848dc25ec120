"""Which events a metric reads, and what it makes of them, in words."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.site.parts.fragments import plain_value
from metrics_dictionary.site.parts.html import fill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule


class Selection(NamedTuple):
    """A line of the list: ``counts`` such as "Distinct users in", the event's name, and the filter's pairs.

    ``wanted`` is the filter as the definition has it.
    """

    counts: Markup
    event: str
    filters: Sequence[tuple[str, Markup]] = ()
    wanted: Mapping[str, object] = MappingProxyType({})


def selections(metric: MetricDefinition) -> list[Selection]:
    """Return what a metric reads, from its selection rules or, for older metrics, from its options."""
    if rules := metric.selection_rules:
        return [_selection(rule) for rule in rules if rule.name]
    return [Selection(counted_by_options(metric), name) for name in metric.event_names]


def counted_by_options(metric: MetricDefinition) -> Markup:
    """Say what a metric that names its events in its options counts of them."""
    return Markup("Distinct values in") if metric.data_source == "redis_hll" else Markup("Every occurrence of")


def _selection(rule: SelectionRule) -> Selection:
    filters = [(str(name), plain_value(value)) for name, value in rule.filter.items()]
    return Selection(counted(rule), rule.name or "", filters, rule.filter)


def counted(rule: SelectionRule) -> Markup:
    """Say what a selection rule counts."""
    if rule.operator:
        summed = Markup("The sum of <code>value</code> over")
        return summed if rule.operator == "sum(value)" else fill("<code>%s</code> over", rule.operator)
    if rule.unique in IDENTIFIERS:
        return fill("Distinct %ss in", IDENTIFIERS[rule.unique])
    if rule.unique:
        return fill("Distinct values of <code>%s</code> in", rule.unique)
    return Markup("Every occurrence of")
