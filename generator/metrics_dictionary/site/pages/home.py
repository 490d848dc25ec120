"""The home page: what the dictionary is, and what is in it in numbers."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.milestones import UNKNOWN_VERSION, version_key
from metrics_dictionary.site.pages.change_pages import STYLES, change_lines
from metrics_dictionary.site.pages.listings import group_counts, source_counts
from metrics_dictionary.site.parts.page import Page
from metrics_dictionary.site.parts.site_wording import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.dictionary import Dictionary, ProductGroup
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.site_data import SiteData
    from metrics_dictionary.site.pages.listings import Count

ROOT = "."
ENOUGH_NEW = 6
"""New definitions that make a list worth reading."""

MAX_CHANGES = 6
"""How many of the newest changes the page tells."""

MAX_NEWEST = 12
"""How many new definitions the page names."""


def home_page(site: SiteData) -> Iterator[Page]:
    """Yield the home page."""
    newest = _newest(site.dictionary)
    groups = [(site.references.group(count.key), count) for count in group_counts(site.references)]
    content = site.render(
        "home.html",
        root=ROOT,
        metrics=len(site.dictionary.expanded),
        events=len(site.dictionary.events),
        group_count=len(groups),
        statuses=_statuses(site.dictionary),
        sources=source_counts(site.references),
        since=newest[-1].milestone if newest else None,
        newest=[site.rows.row(definition, ROOT) for definition in newest[:MAX_NEWEST]],
        newest_count=len(newest),
        changes=change_lines(site, site.changes.changes[:MAX_CHANGES]),
        sections=_by_section(groups),
    )
    yield Page(
        url="",
        title="Every metric and event",
        content=content,
        description="What the product measures: what each metric counts, who owns it, how it is computed.",
        twin="index.json",
        styles=STYLES,
    )


def _statuses(dictionary: Dictionary) -> list[tuple[str, int]]:
    """Return each known status with how many metrics have it, in the order of a metric's life."""
    counts = Counter(metric.status for metric in dictionary.expanded.values())
    return [(status, counts[status]) for status in STATUSES if counts[status]]


def _newest(dictionary: Dictionary) -> list[MetricDefinition | EventDefinition]:
    """Return the definitions of the latest milestones: of as many as it takes to have a few."""
    found: dict[tuple[int, ...], list[MetricDefinition | EventDefinition]] = {}
    everything: list[MetricDefinition | EventDefinition] = [*dictionary.expanded.values(), *dictionary.events]
    for definition in everything:
        found.setdefault(version_key(definition.milestone), []).append(definition)
    found.pop(UNKNOWN_VERSION, None)
    newest: list[MetricDefinition | EventDefinition] = []
    for version in sorted(found, reverse=True):
        newest += found[version]
        if len(newest) >= ENOUGH_NEW:
            break
    return newest


def _by_section(groups: list[tuple[ProductGroup, Count]]) -> list[tuple[str, list[tuple[ProductGroup, Count]]]]:
    def stage(entry: tuple[ProductGroup, Count]) -> str:
        return entry[0].stage or ""

    ordered = sorted(groups, key=lambda entry: (stage(entry) == "", stage(entry), entry[0].name))
    return [(name, list(members)) for name, members in groupby(ordered, key=stage)]
