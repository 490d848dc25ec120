"""The page of a metric."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.exports.definitions import metric_json
from metrics_dictionary.site.data.cross_references import Replacements
from metrics_dictionary.site.pages.event_pages import recording
from metrics_dictionary.site.parts import highlighting
from metrics_dictionary.site.parts.attributes import ROOT, Attributes
from metrics_dictionary.site.parts.how_computed import computation, selections
from metrics_dictionary.site.parts.html import joined, metric_item
from metrics_dictionary.site.parts.page import File, Page
from metrics_dictionary.site.parts.site_wording import summary, value_sentence
from metrics_dictionary.site.parts.urls import metric_url, twin
from metrics_dictionary.site.parts.window_drawing import timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from metrics_dictionary.changes.history.history import Since
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.site_data import SiteData
    from metrics_dictionary.site.parts.how_computed import Selection

MAX_RELATED = 8
"""How many metrics of each kind of relation a page names."""

MAX_COMMANDS = 3
"""Events for which a page has the command that records them; those of the others are on the events' own pages."""

MAX_HISTORY = 10
"""Changes that a page tells at most; where the page would grow too large there are fewer."""

MAX_PAGE_BYTES = 24_000
"""Bytes of a page. The rest up to 25 KB is for the title and for what the shell puts into its head."""

SHOWN_ELSEWHERE = frozenset({"description", "events"})
"""Fields that have a section of their own."""

BROKEN = "broken"


class Fed(NamedTuple):
    """An event that feeds a metric: what is made of it, whether it is defined, and the command that records it."""

    selection: Selection
    known: bool
    command: Markup | None


class MetricPages:
    """Makes the pages of metrics."""

    def __init__(self, site: SiteData) -> None:
        self._site = site
        self._template = site.templates.get_template("metric.html")
        self._attributes = Attributes(site.references, "metric", SHOWN_ELSEWHERE)
        self._replacements = Replacements(site.dictionary)
        self._content_limit = MAX_PAGE_BYTES - site.shell_size
        self._commands: dict[tuple[str, tuple[tuple[str, str | int], ...]], Markup] = {}
        # Thousands of metrics share half a dozen timelines.
        self._drawing = cache(lambda timeline: site.render("window.html", timeline=timeline))

    def page(self, metric: MetricDefinition) -> tuple[Page, File]:
        """Return the page and the JSON twin of a metric, which is a definition of one time frame."""
        url = metric_url(metric.key_path)
        page = Page(
            url=url,
            title=metric.key_path,
            content=self._content(metric, twin(url)),
            section="metrics/",
            description=summary(metric.description),
            twin=twin(url),
            styles=("definition.css",),
            scripts=("copy.js",),
        )
        return page, File(twin(url), metric_json(metric).encode())

    def _content(self, metric: MetricDefinition, twin_url: str) -> str:
        site = self._site
        origin = site.origins.of(metric)
        covered = timeline(metric)
        context = {
            "root": ROOT,
            "metric": metric,
            "sentence": value_sentence(metric),
            "notices": origin.errors,
            "removed_in": string(metric.fields.get("milestone_removed")),
            "broken_since": self._broken_since(metric),
            "repair": string(metric.fields.get("repair_issue_url")),
            "replacements": self._replacements.of(metric) if metric.removed or metric.status == BROKEN else (),
            "computation": computation(metric, site.dictionary),
            "timeline": covered,
            "drawing": covered and self._drawing(covered),
            "fragment": highlighting.payload_fragment(metric.key_path, metric.value_type),
            "attributes": self._attributes.of(metric.fields),
            "related": self._related(metric),
            "yaml": origin.yaml,
            "file_path": metric.file_path,
            "edit": site.history_items.links.edit(metric.file_path),
            "twin": twin_url,
        }
        return self._fitted(context, site.history_items.of(metric.file_path), self._feeds(metric))

    def _broken_since(self, metric: MetricDefinition) -> Since | None:
        history = self._site.history
        return history.since(metric.file_path, "status", BROKEN) if history and metric.status == BROKEN else None

    def _fitted(self, context: Mapping[str, object], items: Sequence[Markup], feeds: Sequence[Fed]) -> str:
        """Return the content with as much of the history, and then of the commands, as there is room for."""
        shown = min(len(items), MAX_HISTORY)
        content = self._rendered(context, items, shown, feeds)
        excess = _bytes(content) - self._content_limit
        if excess > 0 and shown:
            shown = _fitting(items[:shown], excess)
            content = self._rendered(context, items, shown, feeds)
            excess = _bytes(content) - self._content_limit
        if excess > 0 and any(fed.command for fed in feeds):
            content = self._rendered(context, items, shown, [fed._replace(command=None) for fed in feeds])
        return content

    def _rendered(
        self, context: Mapping[str, object], items: Sequence[Markup], shown: int, feeds: Sequence[Fed]
    ) -> str:
        return self._template.render(
            context, history=joined(items[:shown]), changes=len(items), changes_shown=shown, feeds=feeds
        )

    def _feeds(self, metric: MetricDefinition) -> list[Fed]:
        events = self._site.dictionary.named_events
        feeds: list[Fed] = []
        for number, selection in enumerate(selections(metric)):
            event = events.get(selection.event)
            wanted = tuple((name, value) for name, value in selection.wanted.items() if isinstance(value, str | int))
            shown = event is not None and not event.removed and not metric.removed and number < MAX_COMMANDS
            feeds.append(Fed(selection, event is not None, self._command(event, wanted) if event and shown else None))
        return feeds

    def _command(self, event: EventDefinition, wanted: tuple[tuple[str, str | int], ...]) -> Markup:
        """Return the command, which the time frames of a metric share."""
        key = event.action, wanted
        if key not in self._commands:
            self._commands[key] = highlighting.shell(recording(event, dict(wanted)))
        return self._commands[key]

    def _related(self, metric: MetricDefinition) -> list[tuple[str, Markup]]:
        """Return what the metric is related by, with links to the metrics, for each relation that it has."""
        references = self._site.references
        found = {
            "Other time frames": references.time_frames(metric),
            "Same event": references.same_events(metric, MAX_RELATED),
            "Same instrumentation": references.same_instrumentation(metric, MAX_RELATED),
            "Same table": references.same_table(metric, MAX_RELATED),
        }
        return [
            (relation, joined(metric_item(ROOT, other.key_path) for other in metrics))
            for relation, metrics in found.items()
            if metrics
        ]


def _fitting(items: Sequence[Markup], excess: int) -> int:
    """Return how many of the items can stay when so many bytes have to go."""
    for shown in range(len(items) - 1, 0, -1):
        excess -= _bytes(items[shown])
        if excess <= 0:
            return shown
    return 0


def _bytes(html: str) -> int:
    return len(html) if html.isascii() else len(html.encode("utf-8", "replace"))
