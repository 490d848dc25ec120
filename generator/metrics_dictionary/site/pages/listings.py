"""Pages that list definitions: all metrics and events, those of a product group, those of a data source."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.site.parts.page import Page, list_pages
from metrics_dictionary.site.parts.site_wording import DATA_SOURCE_SENTENCES, DATA_SOURCES
from metrics_dictionary.site.parts.urls import event_url, group_url, source_url, twin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.data.site_data import SiteData

PAGE_SIZE = 500
"""Definitions on one page of a listing; a page of them weighs about 200 KB."""


class Count(NamedTuple):
    """A group or a source with how many definitions it has; ``share`` is its part of the largest count, in percent."""

    key: str
    metrics: int
    events: int
    share: int


class Listing(NamedTuple):
    """A list of definitions on one page or more; see ``Page``."""

    template: str
    url: str
    title: str
    section: str
    definitions: Sequence[MetricDefinition | EventDefinition]


def listing_pages(site: SiteData) -> Iterator[Page]:
    """Yield every listing page."""
    yield from _metrics(site)
    yield from _events(site)
    for action, events in site.dictionary.events_by_action.items():
        if events[0].by_category:
            yield from _pages(site, Listing("action.html", event_url(action), action, "events/", events))
    yield _groups(site)
    for identifier in site.references.groups:
        yield from _group(site, identifier)
    for data_source in site.references.metrics_by_source:
        yield from _source(site, data_source)


def group_counts(references: CrossReferences) -> list[Count]:
    """Return every product group with its counts, sorted by identifier."""
    metrics, events = references.metrics_by_group, references.events_by_group
    return _counts({key: (len(metrics.get(key, ())), len(events.get(key, ()))) for key in references.groups})


def source_counts(references: CrossReferences) -> list[Count]:
    """Return every data source with its count, the largest first."""
    counts = _counts({key: (len(found), 0) for key, found in references.metrics_by_source.items()})
    return sorted(counts, key=lambda count: (-count.metrics, count.key))


def _metrics(site: SiteData) -> Iterator[Page]:
    metrics = list(site.dictionary.expanded.values())
    groups, sources = group_counts(site.references), source_counts(site.references)
    listing = Listing("metrics.html", "metrics/", "Metrics", "metrics/", metrics)
    return _pages(site, listing, total=len(metrics), groups=groups, sources=sources)


def _events(site: SiteData) -> Iterator[Page]:
    events = list(site.dictionary.events)
    return _pages(site, Listing("events.html", "events/", "Events", "events/", events), total=len(events))


def _groups(site: SiteData) -> Page:
    counts = [(site.references.group(count.key), count) for count in group_counts(site.references)]
    content = site.render("groups.html", root="..", counts=counts)
    return Page("groups/", "Product groups", content, section="groups/", twin=twin("groups/"))


def _group(site: SiteData, identifier: str) -> Iterator[Page]:
    group = site.references.group(identifier)
    metrics = site.references.metrics_by_group.get(identifier, [])
    events = site.references.events_by_group.get(identifier, [])
    listing = Listing("group.html", group_url(identifier), group.name, "groups/", [*metrics, *events])
    return _pages(site, listing, group=group, metric_count=len(metrics), event_count=len(events), page_size=PAGE_SIZE)


def _source(site: SiteData, data_source: str) -> Iterator[Page]:
    metrics = site.references.metrics_by_source[data_source]
    title = DATA_SOURCES.get(data_source, data_source)
    sentence = DATA_SOURCE_SENTENCES.get(data_source, "")
    listing = Listing("source.html", source_url(data_source), title, "metrics/", metrics)
    return _pages(site, listing, data_source=data_source, sentence=sentence, total=len(metrics))


def _pages(site: SiteData, listing: Listing, **context: object) -> Iterator[Page]:
    title = listing.title
    for page in list_pages(listing.url, listing.definitions, PAGE_SIZE):
        rows = [site.rows.row(definition, page.root) for definition in page.items]
        content = site.render(listing.template, root=page.root, page=page, title=title, rows=rows, **context)
        yield Page(page.url, page.title(title), content, section=listing.section, twin=twin(listing.url))


def _counts(found: dict[str, tuple[int, int]]) -> list[Count]:
    largest = max((sum(pair) for pair in found.values()), default=0) or 1
    return [Count(key, *pair, share=round(100 * sum(pair) / largest)) for key, pair in found.items()]
