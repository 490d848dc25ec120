"""How a metric's value comes about: the SQL, the instrumentation in words, or the events and what is made of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.ping.query.data_sources import in_words, untold
from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.sql import undated_statement
from metrics_dictionary.site.parts import highlighting
from metrics_dictionary.site.parts.html import fill, plain_value, prose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule


class Computation(NamedTuple):
    """``sql`` is laid out and marked up, None when the value is not computed with SQL or nobody tells how.

    ``words`` say what computes the value, or why that is not known; empty when there is nothing to say. ``about`` is
    what the instrumentation's author adds. ``plain_sql`` is the statement in one line, empty when ``sql`` is that.
    """

    sql: Markup | None = None
    words: Markup = Markup()
    about: str = ""
    plain_sql: str = ""


class Selection(NamedTuple):
    """A line of the list: ``counts`` such as "Distinct users in", the event's name, and the filter's pairs.

    ``wanted`` is the filter as the definition has it.
    """

    counts: Markup
    event: str
    filters: Sequence[tuple[str, Markup]] = ()
    wanted: Mapping[str, object] = MappingProxyType({})


def computation(metric: MetricDefinition, dictionary: Dictionary) -> Computation:
    """Say how a metric is computed, as far as its root tells."""
    instrumentation = dictionary.instrumentation_of(metric)
    if instrumentation is None:
        return Computation(words=prose(untold(metric, dictionary) or ""))
    about = string(instrumentation.fields.get("description")) or ""
    try:
        plain = undated_statement(instrumentation, metric) if instrumentation.source == "database" else None
        words = prose(in_words(instrumentation, metric))
    except InstrumentationError as error:
        return Computation(words=escape(error), about=about)
    if plain is None:
        return Computation(words=words, about=about)
    formatted = highlighting.laid_out(plain)
    return Computation(highlighting.sql(formatted), words, about, plain if formatted != plain else "")


def selections(metric: MetricDefinition) -> list[Selection]:
    """Return what a metric reads, from its selection rules or, for older metrics, from its options."""
    if rules := metric.selection_rules:
        return [_selection(rule) for rule in rules if rule.name]
    return [Selection(aggregation_by_options(metric), name) for name in metric.event_names]


def aggregation_by_options(metric: MetricDefinition) -> Markup:
    """Say what a metric that names its events in its options counts of them."""
    return Markup("Distinct values in") if metric.data_source == "redis_hll" else Markup("Every occurrence of")


def aggregation(rule: SelectionRule) -> Markup:
    """Say what a selection rule counts."""
    if rule.is_by_value:
        return fill("For each value of <code>%s</code>, every occurrence of", rule.unique)
    if rule.operator:
        summed = Markup("The sum of <code>value</code> over")
        return summed if rule.operator == "sum(value)" else fill("<code>%s</code> over", rule.operator)
    if rule.unique in IDENTIFIERS:
        return fill("Distinct %ss in", IDENTIFIERS[rule.unique])
    if rule.unique:
        return fill("Distinct values of <code>%s</code> in", rule.unique)
    return Markup("Every occurrence of")


def _selection(rule: SelectionRule) -> Selection:
    filters = [(str(name), plain_value(value)) for name, value in rule.filter.items()]
    return Selection(aggregation(rule), rule.name or "", filters, rule.filter)
