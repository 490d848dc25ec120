"""The page of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.site.parts import highlighting, payload_place as payload
from metrics_dictionary.site.parts.attributes import ROOT, Attributes
from metrics_dictionary.site.parts.computation import computation
from metrics_dictionary.site.pages.event_pages import recording
from metrics_dictionary.site.parts.fragments import metric_item
from metrics_dictionary.site.parts.html import joined
from metrics_dictionary.site.parts.lifecycle import lifecycle
from metrics_dictionary.site.data.replacement import Replacements
from metrics_dictionary.site.parts.selection_in_words import selections
from metrics_dictionary.site.build.shell import Page
from metrics_dictionary.site.parts.urls import metric_url, twin
from metrics_dictionary.site.parts.window_drawing import drawing
from metrics_dictionary.site.parts.site_wording import gist, value_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.changes.history.change import Change
    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.parts.definition_history import HistoryItems
    from metrics_dictionary.site.data.origins import Origins
    from metrics_dictionary.site.parts.selection_in_words import Selection

RELATED = 8
"""How many metrics of each kind of relation a page names."""

COMMANDS = 3
"""Events for which a page has the command that records them; those of the others are on the events' own pages."""

HISTORY = 10
"""Changes that a page tells at most; where the page would grow too large there are fewer."""

LARGEST = 24_000
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

    def __init__(
        self,
        templates: Environment,
        references: CrossReferences,
        origins: Origins,
        meanings: Mapping[str, Markup],
        history: HistoryItems,
        room: int,
    ) -> None:
        """``room`` is how many bytes of content keep a page as small as it should be; see ``_fitted``."""
        self._template = templates.get_template("metric.html")
        self._references = references
        self._origins = origins
        self._attributes = Attributes(references, meanings, SHOWN_ELSEWHERE)
        self._replacements = Replacements(references.dictionary)
        self._history = history
        self._room = room
        self._commands: dict[tuple[str, tuple[tuple[str, str | int], ...]], Markup] = {}

    def page(self, metric: MetricDefinition) -> Page:
        """Return a metric's page; ``metric`` is a definition of one time frame."""
        url = metric_url(metric.key_path)
        return Page(
            url=url,
            title=metric.key_path,
            content=self._content(metric, twin(url)),
            section="metrics/",
            description=gist(metric.description),
            twin=twin(url),
            styles=("definition.css",),
            scripts=("copy.js",),
        )

    def _content(self, metric: MetricDefinition, twin_url: str) -> str:
        origin = self._origins.of(metric)
        context = {
            "root": ROOT,
            "metric": metric,
            "sentence": value_sentence(metric),
            "notices": origin.errors,
            "removed_in": text(metric.fields.get("milestone_removed")),
            "broken_since": self._broken_since(metric),
            "repair": text(metric.fields.get("repair_issue_url")),
            "replacements": self._replacements.of(metric) if metric.removed or metric.status == BROKEN else (),
            "computation": computation(metric, self._references.dictionary),
            "window": drawing(metric),
            "fragment": payload.fragment(metric.key_path, metric.value_type),
            "attributes": self._attributes.of(metric.fields),
            "related": self._related(metric),
            "life": lifecycle(metric.fields, "Collected today"),
            "yaml": origin.yaml,
            "file_path": metric.file_path,
            "edit": self._history.links.edit(metric.file_path),
            "twin": twin_url,
        }
        return self._fitted(context, self._history.of(metric.file_path), self._feeds(metric))

    def _broken_since(self, metric: MetricDefinition) -> Change | None:
        history = self._history.history
        return history.since(metric.file_path, "status", BROKEN) if history and metric.status == BROKEN else None

    def _fitted(self, context: Mapping[str, object], items: Sequence[Markup], feeds: Sequence[Fed]) -> str:
        """Return the content with as much of the history, and then of the commands, as there is room for."""
        shown = min(len(items), HISTORY)
        content = self._rendered(context, items, shown, feeds)
        excess = _bytes(content) - self._room
        if excess > 0 and shown:
            shown = _fitting(items[:shown], excess)
            content = self._rendered(context, items, shown, feeds)
            excess = _bytes(content) - self._room
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
        events = self._references.dictionary.events
        feeds: list[Fed] = []
        for number, selection in enumerate(selections(metric)):
            event = events.get(selection.event)
            wanted = tuple((name, value) for name, value in selection.wanted.items() if isinstance(value, str | int))
            shown = event is not None and not event.removed and not metric.removed and number < COMMANDS
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
        found = {
            "Other time frames": self._references.time_frames(metric),
            "Same event": self._references.same_events(metric, RELATED),
            "Same instrumentation": self._references.same_instrumentation(metric, RELATED),
            "Same table": self._references.same_table(metric, RELATED),
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
