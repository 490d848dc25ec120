"""The home page: what the dictionary is, and what is in it in numbers."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from metrics_dictionary.site.pages.change_pages import STYLES
from metrics_dictionary.site.build.shell import Page
from metrics_dictionary.site.parts.site_wording import STATUSES, UNKNOWN_VERSION, version_key

if TYPE_CHECKING:
    from jinja2 import Environment

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.dictionary import ProductGroup
    from metrics_dictionary.site.pages.change_pages import ChangePages
    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.pages.listings import Count, Listings, Rows

ROOT = "."
A_FEW = 6
"""New definitions that make a list worth reading."""

CHANGES = 6
"""How many of the newest changes the page tells."""

NEWEST = 12
"""How many new definitions the page names."""


def home_page(
    templates: Environment, references: CrossReferences, listings: Listings, rows: Rows, changes: ChangePages
) -> Page:
    """Return the home page."""
    dictionary = references.dictionary
    newest = _newest(dictionary)
    groups = [(references.group(count.key), count) for count in listings.group_counts()]
    content = templates.get_template("home.html").render(
        root=ROOT,
        metrics=len(dictionary.expanded),
        events=len(dictionary.events),
        group_count=len(groups),
        statuses=_statuses(dictionary),
        sources=listings.source_counts(),
        since=newest[-1].milestone if newest else None,
        newest=[rows.row(definition, ROOT) for definition in newest[:NEWEST]],
        newest_count=len(newest),
        changes=changes.newest(ROOT, CHANGES),
        sections=_by_section(groups),
    )
    return Page(
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
    everything: list[MetricDefinition | EventDefinition] = [*dictionary.expanded.values(), *dictionary.events.values()]
    for definition in everything:
        found.setdefault(version_key(definition.milestone), []).append(definition)
    found.pop(UNKNOWN_VERSION, None)
    newest: list[MetricDefinition | EventDefinition] = []
    for version in sorted(found, reverse=True):
        newest += found[version]
        if len(newest) >= A_FEW:
            break
    return newest


def _by_section(groups: list[tuple[ProductGroup, Count]]) -> list[tuple[str, list[tuple[ProductGroup, Count]]]]:
    def stage(entry: tuple[ProductGroup, Count]) -> str:
        return entry[0].stage or ""

    ordered = sorted(groups, key=lambda entry: (stage(entry) == "", stage(entry), entry[0].name))
    return [(name, list(members)) for name, members in groupby(ordered, key=stage)]
