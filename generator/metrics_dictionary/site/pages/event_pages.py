"""The page of an event."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.dictionary.selection_rule import BUILT_IN_PROPERTIES
from metrics_dictionary.exports.definitions import event_json
from metrics_dictionary.settings import DEFAULT_SERVER
from metrics_dictionary.site.parts import highlighting
from metrics_dictionary.site.parts.attributes import ROOT, Attributes
from metrics_dictionary.site.parts.how_computed import aggregation, aggregation_by_options
from metrics_dictionary.site.parts.html import joined
from metrics_dictionary.site.parts.page import File, Page
from metrics_dictionary.site.parts.site_wording import summary
from metrics_dictionary.site.parts.urls import category_url, definition_url, twin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from markupsafe import Markup

    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.site_data import SiteData

SHOWN_ELSEWHERE = frozenset({"action", "description", "identifiers", "additional_properties"})
"""Fields that have a section of their own."""

MAX_HISTORY = 10
"""Changes that an event's page tells."""

MAX_FEEDS = 500
"""How many metrics an event's page lists."""

IDENTIFIER_MEANINGS = {
    "user": "Who did it. Metrics can count distinct users.",
    "project": "Where it happened. Metrics can count distinct projects.",
    "namespace": "The group or personal namespace it happened in. Metrics can count distinct namespaces.",
}

TRACK_EVENT = f"{DEFAULT_SERVER}/api/v4/usage_data/track_event"
"""Where `serve` listens unless told otherwise."""

_NAMED_VALUE = re.compile(
    r"`([^`\s]{1,40})`|\"([^\"\s]{1,40})\"|'([^'\s]{1,40})'"
    r"|(?:e\.g\.|such as|for example),? ([\w./-]{1,40})|: ([\w./-]{1,40})(?:,| or\b)"
)
"""A value that a property's description gives as an example: quoted, after "such as", or the first of a list."""


class Feed(NamedTuple):
    """A metric that an event feeds, and what the metric makes of it."""

    metric: MetricDefinition
    counts: Markup
    filters: Mapping[str, object]


class EventPages:
    """Makes the pages of events."""

    def __init__(self, site: SiteData) -> None:
        self._site = site
        self._template = site.templates.get_template("event.html")
        self._moved = site.templates.get_template("moved.html")
        self._attributes = Attributes(site.references, "event", SHOWN_ELSEWHERE)

    def pages(self, event: EventDefinition) -> Iterator[Page | File]:
        """Yield an event's page and its JSON twin, and what leads there from the address that names its category."""
        page, document = self.page(event)
        yield page
        yield document
        lasting = category_url(event)
        own = {definition_url(other) for other in self._site.dictionary.events_by_action[event.action]}
        if lasting is not None and lasting not in own:
            moved = self._moved.render(title=page.title, to=f"{ROOT}/{page.url}")
            yield File(f"{lasting}index.html", moved.encode("utf-8", "replace"))
            yield File(twin(lasting), document.content)

    def page(self, event: EventDefinition) -> tuple[Page, File]:
        """Return an event's page and its JSON twin."""
        url = definition_url(event)
        twin_url = twin(url)
        site = self._site
        origin = site.origins.of(event)
        metrics = site.dictionary.metrics_of(event)
        items = site.history_items.of(event.file_path)
        content = self._template.render(
            root=ROOT,
            event=event,
            siblings=[other for other in site.dictionary.events_by_action[event.action] if other.name != event.name],
            notices=origin.errors,
            removed_in=string(event.fields.get("milestone_removed")),
            identifier_meanings=IDENTIFIER_MEANINGS,
            built_in=BUILT_IN_PROPERTIES,
            feeds=[feed for metric in metrics[:MAX_FEEDS] for feed in _feeds(metric, event.action)],
            metric_count=len(metrics),
            curl=highlighting.shell(curl(event, metrics)),
            attributes=self._attributes.of(event.fields),
            yaml=origin.yaml,
            file_path=event.file_path,
            edit=site.history_items.links.edit(event.file_path),
            history=joined(items[:MAX_HISTORY]),
            changes=len(items),
            changes_shown=min(len(items), MAX_HISTORY),
            twin=twin_url,
        )
        page = Page(
            url=url,
            title=event.name,
            content=content,
            section="events/",
            description=summary(event.description),
            twin=twin_url,
            styles=("definition.css",),
            scripts=("copy.js",),
        )
        return page, File(twin_url, event_json(event, site.dictionary).encode())


def curl(event: EventDefinition, metrics: Iterable[MetricDefinition]) -> str:
    """Return a command that records the event once, in a way that metrics ask for, ready for a POSIX shell."""
    return recording(event, _counted_values(event.action, metrics))


def recording(event: EventDefinition, wanted: Mapping[str, object]) -> str:
    """Return a command that records the event once, with the values that ``wanted`` has for its properties."""
    body: dict[str, object] = {"event": event.action}
    body |= {f"{name}_id": 1 for name in event.identifiers if name in ("namespace", "project")}
    if described := event.additional_properties:
        examples = {name: _example(name, description) for name, description in described.items()}
        body["additional_properties"] = {name: wanted.get(name, example) for name, example in examples.items()}
    # Inside single quotes the shell takes everything as it stands, except a single quote.
    text = json.dumps(body, indent=2).replace("'", "\\u0027").replace("\n", "\n  ")
    return " \\\n  ".join(
        (
            "curl --request POST",
            '--header "PRIVATE-TOKEN: $TOKEN"',
            '--header "Content-Type: application/json"',
            f"--data '{text}'",
            f'--url "{TRACK_EVENT}"',
        )
    )


def _feeds(metric: MetricDefinition, action: str) -> Iterator[Feed]:
    rules = [rule for rule in metric.selection_rules if rule.name == action]
    for rule in rules:
        yield Feed(metric, aggregation(rule), rule.filter)
    if not rules:
        yield Feed(metric, aggregation_by_options(metric), {})


def _counted_values(action: str, metrics: Iterable[MetricDefinition]) -> dict[str, str | int]:
    """Return property -> a value that the filter of some metric asks for."""
    values: dict[str, str | int] = {}
    for metric in metrics:
        for rule in metric.selection_rules:
            if rule.name == action:
                values |= {str(name): value for name, value in rule.filter.items() if isinstance(value, str | int)}
    return values


def _example(name: str, description: str) -> object:
    """Return a believable value: one that the property's description names, or a plain one."""
    if name == "value":
        return 1
    if named := _NAMED_VALUE.search(description):
        return next(group for group in named.groups() if group)
    return 1 if name.endswith("_id") else "example"
