"""Pages that list definitions: all metrics and events, those of a product group, those of a data source."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.site.parts.fragments import breakable, prose, status_pill
from metrics_dictionary.site.parts.html import fill
from metrics_dictionary.site.build.shell import Page
from metrics_dictionary.site.parts.urls import event_url, group_url, listing_page, metric_url, source_url, twin
from metrics_dictionary.site.parts.site_wording import DATA_SOURCE_SENTENCES, DATA_SOURCES, TIME_FRAMES, gist
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Environment

    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.cross_references import CrossReferences

ROWS = 500
"""Definitions on one page of a listing; a page of them weighs about 200 KB."""


class Sheet(NamedTuple):
    """One page of a listing. ``numbers`` pair each page's number with its address; ``root`` is the way to the root."""

    url: str
    root: str
    number: int
    rows: list[Markup]
    numbers: list[tuple[int, str]]


class Count(NamedTuple):
    """A group or a source with how many definitions it has; ``share`` is its part of the largest count, in percent."""

    key: str
    metrics: int
    events: int
    share: int


class Listings:
    """Makes the listing pages."""

    def __init__(self, templates: Environment, references: CrossReferences, rows: Rows) -> None:
        self._rows = rows
        self._templates = templates
        self._references = references
        self._dictionary = references.dictionary

    def pages(self) -> Iterator[Page]:
        """Yield every listing page."""
        yield from self._metrics()
        yield from self._events()
        yield self._groups()
        for identifier in self._references.groups:
            yield from self._group(identifier)
        for data_source in self._references.metrics_by_source:
            yield from self._source(data_source)

    def group_counts(self) -> list[Count]:
        """Return every product group with its counts, sorted by identifier."""
        metrics, events = self._references.metrics_by_group, self._references.events_by_group
        return _counts({key: (len(metrics.get(key, ())), len(events.get(key, ()))) for key in self._references.groups})

    def source_counts(self) -> list[Count]:
        """Return every data source with its count, the largest first."""
        counts = _counts({key: (len(found), 0) for key, found in self._references.metrics_by_source.items()})
        return sorted(counts, key=lambda count: (-count.metrics, count.key))

    def _metrics(self) -> Iterator[Page]:
        metrics = list(self._dictionary.expanded.values())
        for sheet in self._sheets("metrics/", metrics):
            yield self._page(
                "metrics.html",
                sheet,
                "Metrics",
                section="metrics/",
                total=len(metrics),
                groups=self.group_counts(),
                sources=self.source_counts(),
            )

    def _events(self) -> Iterator[Page]:
        events = list(self._dictionary.events.values())
        for sheet in self._sheets("events/", events):
            yield self._page("events.html", sheet, "Events", section="events/", total=len(events))

    def _groups(self) -> Page:
        sheet = Sheet("groups/", "..", 1, [], [])
        counts = [(self._references.group(count.key), count) for count in self.group_counts()]
        return self._page("groups.html", sheet, "Product groups", section="groups/", counts=counts)

    def _group(self, identifier: str) -> Iterator[Page]:
        group = self._references.group(identifier)
        metrics = self._references.metrics_by_group.get(identifier, [])
        events = self._references.events_by_group.get(identifier, [])
        for sheet in self._sheets(group_url(identifier), [*metrics, *events]):
            yield self._page(
                "group.html",
                sheet,
                group.name,
                section="groups/",
                group=group,
                metrics=metrics,
                events=events,
                first_event=max(0, len(metrics) - (sheet.number - 1) * ROWS),
            )

    def _source(self, data_source: str) -> Iterator[Page]:
        metrics = self._references.metrics_by_source[data_source]
        for sheet in self._sheets(source_url(data_source), metrics):
            yield self._page(
                "source.html",
                sheet,
                DATA_SOURCES.get(data_source, data_source),
                section="metrics/",
                data_source=data_source,
                sentence=DATA_SOURCE_SENTENCES.get(data_source, ""),
                total=len(metrics),
            )

    def _sheets(self, url: str, definitions: Sequence[MetricDefinition | EventDefinition]) -> Iterator[Sheet]:
        pages = max(1, ceil(len(definitions) / ROWS))
        for number in range(1, pages + 1):
            own = listing_page(url, number)
            root = "/".join([".."] * own.count("/"))
            numbers = [(other, f"{root}/{listing_page(url, other)}") for other in range(1, pages + 1)]
            rows = [self._rows.row(definition, root) for definition in definitions[(number - 1) * ROWS : number * ROWS]]
            yield Sheet(own, root, number, rows, numbers)

    def _page(self, template: str, sheet: Sheet, title: str, *, section: str, **context: object) -> Page:
        content = self._templates.get_template(template).render(root=sheet.root, sheet=sheet, title=title, **context)
        shown = title if sheet.number == 1 else f"{title}, page {sheet.number}"
        listing = sheet.url.removesuffix(f"~{sheet.number}/")
        return Page(url=sheet.url, title=shown, content=content, section=section, twin=twin(listing))


_ROW = (
    '/%s"><code>%s</code></a></span> <span class="dd-gist">%s</span>'
    ' <span class="dd-facts">%s <span>%s</span></span></li>\n'
)


class Rows:
    """Makes the line of a definition in a listing; most definitions stand in three listings."""

    def __init__(self) -> None:
        self._after_root: dict[str, Markup] = {}

    def row(self, definition: MetricDefinition | EventDefinition, root: str) -> Markup:
        """Return the line, for a page from which ``root`` leads to the site's root."""
        url = _url(definition)
        rest = self._after_root.get(url)
        if rest is None:
            rest = self._after_root[url] = _after_root(definition, url)
        return Markup('<li><span class="dd-name"><a href="') + root + rest


def _url(definition: MetricDefinition | EventDefinition) -> str:
    if isinstance(definition, EventDefinition):
        return event_url(definition.action)
    return metric_url(definition.key_path)


def _after_root(definition: MetricDefinition | EventDefinition, url: str) -> Markup:
    if isinstance(definition, EventDefinition):
        name, facts = definition.action, listed(definition.identifiers)
    else:
        name, facts = definition.key_path, _facts(definition)
    return fill(_ROW, url, breakable(name), prose(gist(definition.description)), status_pill(definition.status), facts)


def _facts(metric: MetricDefinition) -> str:
    source = DATA_SOURCES.get(metric.data_source or "", metric.data_source or "")
    frames = [TIME_FRAMES.get(frame, frame) for frame in metric.time_frames if frame != "none"]
    return " · ".join([source, *frames])


def _counts(found: dict[str, tuple[int, int]]) -> list[Count]:
    largest = max((sum(pair) for pair in found.values()), default=0) or 1
    return [Count(key, *pair, share=round(100 * sum(pair) / largest)) for key, pair in found.items()]
