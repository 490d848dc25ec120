"""How a metric's value comes about: the SQL, or the instrumentation in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.data_sources import in_words
from metrics_dictionary.ping.query.sql import undated_statement
from metrics_dictionary.site.parts import highlighting
from metrics_dictionary.site.parts.fragments import prose
from metrics_dictionary.site.parts.html import fill
from metrics_dictionary.site.parts.sql_layout import laid_out

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition


class Computation(NamedTuple):
    """``sql`` is laid out and marked up, None when the value is not computed with SQL or nobody tells how.

    ``words`` say what computes the value, or why that is not known; empty when there is nothing to say. ``about`` is
    what the instrumentation's author adds. ``plain_sql`` is the statement in one line, empty when ``sql`` is that.
    """

    sql: Markup | None = None
    words: Markup = Markup()
    about: str = ""
    plain_sql: str = ""


def computation(metric: MetricDefinition, dictionary: Dictionary) -> Computation:
    """Say how a metric is computed, as far as its root tells."""
    name = metric.instrumentation_class
    if name is None:
        return Computation()
    if dictionary.instrumentations is None:
        return Computation(words=fill(_UNTOLD, name))
    instrumentation = dictionary.instrumentations.get(name)
    if instrumentation is None:
        return Computation(words=fill(_UNDEFINED, name))
    about = text(instrumentation.fields.get("description")) or ""
    try:
        plain = undated_statement(instrumentation, metric) if instrumentation.source == "database" else None
        words = prose(in_words(instrumentation, metric))
    except InstrumentationError as error:
        return Computation(words=escape(error), about=about)
    if plain is None:
        return Computation(words=words, about=about)
    formatted = laid_out(plain)
    return Computation(highlighting.sql(formatted), words, about, plain if formatted != plain else "")


_UNTOLD = "<code>%s</code> computes the value; these definitions do not say how."
_UNDEFINED = "<code>%s</code> computes the value, but no instrumentation of that name is defined."
