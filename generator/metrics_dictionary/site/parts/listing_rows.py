"""The line of a definition in a listing: its name, what it is in a sentence, and the facts that tell it from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.parts.html import breakable, fill, prose, status_pill
from metrics_dictionary.site.parts.site_wording import DATA_SOURCES, TIME_FRAMES, summary
from metrics_dictionary.site.parts.urls import definition_url
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.event import EventDefinition

_AFTER_ROOT = (
    '/%s"><code>%s</code></a></span> <span class="dd-gist">%s</span>'
    ' <span class="dd-facts">%s <span>%s</span></span></li>\n'
)


class ListingRows:
    """Makes the lines: not in a template, because most definitions stand in three listings and are made once."""

    def __init__(self) -> None:
        self._after_root: dict[str, Markup] = {}

    def row(self, definition: MetricDefinition | EventDefinition, root: str) -> Markup:
        """Return the line, for a page from which ``root`` leads to the site's root."""
        url = definition_url(definition)
        rest = self._after_root.get(url)
        if rest is None:
            rest = self._after_root[url] = _after_root(definition, url)
        return Markup('<li><span class="dd-name"><a href="') + root + rest


def _after_root(definition: MetricDefinition | EventDefinition, url: str) -> Markup:
    facts = _facts(definition) if isinstance(definition, MetricDefinition) else listed(definition.identifiers)
    about = prose(summary(definition.description))
    return fill(_AFTER_ROOT, url, breakable(definition.name), about, status_pill(definition.status), facts)


def _facts(metric: MetricDefinition) -> str:
    source = DATA_SOURCES.get(metric.data_source or "", metric.data_source or "")
    frames = [TIME_FRAMES.get(frame, frame) for frame in metric.time_frames if frame != "none"]
    return " · ".join([source, *frames])
