"""The index that the explorer searches in the browser: columns and dictionaries, not one object a definition.

For metrics and for events there are two files below ``assets/``. The first has what a list shows and filters by::

    {"format": 1, "kind": "metrics", "names": ["counts.boards", ...], "paths": {"7": "names.a~02fb"},
     "gist": {"values": ["", "Boards in all projects."], "rows": [1, ...]},
     "sets": {"time": {"values": ["28d", "7d"], "labels": {"0": "28 days"}, "sets": [[0], [0, 1]], "rows": [1, ...]}}}

``rows`` has a number for each definition, in the order of ``names``: the position of its text in ``values``, or of its
set of positions in ``sets``. ``paths`` holds the path segments that differ from the name. ``labels`` say some values in
words. The second file has longer texts that only searches and exports need; its description is empty where the gist is
all of it::

    {"format": 1, "texts": {"sql": {"values": ["", "SELECT ..."], "rows": [0, ...]}}}
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.dictionary.milestones import milestone, version_key
from metrics_dictionary.ping.query.entry import InstrumentationError
from metrics_dictionary.ping.query.sql import undated_statement
from metrics_dictionary.site.data.columns import column, set_column
from metrics_dictionary.site.data.cross_references import owner
from metrics_dictionary.site.parts.page import File
from metrics_dictionary.site.parts.site_wording import (
    DATA_SOURCES,
    STATUSES,
    TIME_FRAMES,
    summary,
)
from metrics_dictionary.site.parts.urls import definition_url, segment
from metrics_dictionary.tools.json_values import compact_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from metrics_dictionary.dictionary.definition import Definition
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.site.data.cross_references import CrossReferences
    from metrics_dictionary.site.data.site_data import SiteData

_EVENTS = "events/"

FORMAT = 1
"""What the explorer must know to read the files; one that expects another number leaves the page as it is."""


class ExplorerIndex(NamedTuple):
    """The two files of one kind of definitions: what is shown first, and the longer texts that follow."""

    kind: str
    first: bytes
    more: bytes

    @property
    def files(self) -> tuple[File, File]:
        """Both, as the site has them."""
        return (
            File(f"assets/explorer-{self.kind}.json", self.first),
            File(f"assets/explorer-{self.kind}-more.json", self.more),
        )


def explorer_files(site: SiteData) -> Iterator[File]:
    """Yield the files for metrics and for events."""
    yield from metrics_index(site.references).files
    yield from events_index(site.references).files


def metrics_index(references: CrossReferences) -> ExplorerIndex:
    """Index every expanded metric."""
    dictionary = references.dictionary
    metrics = list(dictionary.expanded.values())
    sets = {
        "status": set_column((_one(metric.status) for metric in metrics), STATUSES),
        "group": _groups(references, metrics),
        "source": set_column(((metric.data_source or "unknown",) for metric in metrics), DATA_SOURCES),
        "category": set_column(_one(metric.data_category) for metric in metrics),
        "time": set_column((metric.time_frames for metric in metrics), TIME_FRAMES),
        "tier": set_column(metric.tiers for metric in metrics),
        "type": set_column(_one(metric.value_type) for metric in metrics),
        "pi": set_column(metric.performance_indicator_types for metric in metrics),
        "milestone": _milestones(metric.milestone for metric in metrics),
        "event": set_column(metric.event_names for metric in metrics),
    }
    more = {
        "sql": _texts(_sql(metric, dictionary) for metric in metrics),
        "option": _texts(compact_json(metric.options) if metric.options else "" for metric in metrics),
        "property": _texts(map(_filters, metrics)),
        "class": _texts(metric.instrumentation_class or "" for metric in metrics),
        "file": _texts(metric.file_path for metric in metrics),
    }
    return _index("metrics", list(dictionary.expanded), [metric.description for metric in metrics], sets, more)


def events_index(references: CrossReferences) -> ExplorerIndex:
    """Index every event."""
    dictionary = references.dictionary
    events = list(dictionary.events)
    sets = {
        "status": set_column(((event.status,) for event in events), STATUSES),
        "group": _groups(references, events),
        "category": set_column(_one(string(event.fields.get("category"))) for event in events),
        "tier": set_column(event.tiers for event in events),
        "identifier": set_column(event.identifiers for event in events),
        "milestone": _milestones(event.milestone for event in events),
        "property": set_column(tuple(event.additional_properties) for event in events),
    }
    more = {
        "about": _texts(map(_properties, events)),
        "metric": _texts(_fed(event, dictionary) for event in events),
        "file": _texts(event.file_path for event in events),
    }
    paths = {
        row: definition_url(event).removeprefix(_EVENTS).removesuffix("/")
        for row, event in enumerate(events)
        if event.by_category
    }
    names = [event.name for event in events]
    return _index("events", names, [event.description for event in events], sets, more, paths)


def _index(
    kind: str,
    names: Sequence[str],
    descriptions: Sequence[str],
    sets: Mapping[str, object],
    more: Mapping[str, object],
    own_paths: Mapping[int, str] = MappingProxyType({}),
) -> ExplorerIndex:
    """Make both files. ``own_paths`` are the path segments, by row, that do not follow from the name."""
    summaries = {description: summary(description) for description in dict.fromkeys(descriptions)}
    paths = {
        str(row): path
        for row, name in enumerate(names)
        if (path := own_paths[row] if row in own_paths else segment(name)) != name
    }
    first = {
        "format": FORMAT,
        "kind": kind,
        "names": names,
        "paths": paths,
        "gist": _texts(summaries[description] for description in descriptions),
        "sets": sets,
    }
    longer = ("" if description == summaries[description] else description for description in descriptions)
    return ExplorerIndex(
        kind, _bytes(first), _bytes({"format": FORMAT, "texts": {"description": _texts(longer), **more}})
    )


def _bytes(content: object) -> bytes:
    # Escaped as ASCII: half of a surrogate pair, which a definition can hold, arrives as it is.
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def _texts(values: Iterable[str]) -> dict[str, object]:
    return column(values, first=("",))


def _groups(references: CrossReferences, definitions: Iterable[Definition]) -> dict[str, object]:
    names = {identifier: references.group(identifier).name for identifier in references.groups}
    return set_column(((owner(definition),) for definition in definitions), names)


def _milestones(milestones: Iterable[str | None]) -> dict[str, object]:
    column = list(milestones)
    before = {value: milestone(value) for value in column if value and value.startswith("<")}
    return set_column((_one(value) for value in column), before, version_key)


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _sql(metric: MetricDefinition, dictionary: Dictionary) -> str:
    instrumentation = dictionary.instrumentation_of(metric)
    if instrumentation is None or instrumentation.source != "database":
        return ""
    try:
        return undated_statement(instrumentation, metric)
    except InstrumentationError:
        return ""


def _filters(metric: MetricDefinition) -> str:
    """Return the properties by which a metric selects events, with their values."""
    rules = metric.fields.get("events")
    if not rules:
        return ""
    words = []
    for rule in metric.selection_rules:
        words += [f"{name}: {_word(value)}" for name, value in rule.filter.items()]
        words += [word for word in (rule.unique, rule.operator) if word]
    return "; ".join(words)


def _word(value: object) -> str:
    return value if isinstance(value, str) else compact_json(value)


def _properties(event: EventDefinition) -> str:
    return "\n".join(f"{name}: {about}" for name, about in event.additional_properties.items())


def _fed(event: EventDefinition, dictionary: Dictionary) -> str:
    return "\n".join(metric.key_path for metric in dictionary.metrics_of(event))
