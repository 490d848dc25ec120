"""Definitions that are about to be written: what they will say, and where they go."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import SUFFIXES, MetricDefinition
from metrics_dictionary.reading.scalar_text import on_one_line, quoted
from metrics_dictionary.settings import DEFAULT_SERVER
from metrics_dictionary.tools.files import resource

if TYPE_CHECKING:
    from collections.abc import Mapping

TRACKING_API = f"{DEFAULT_SERVER}/api/v4/usage_data"

_NOT_A_NAME = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class MetricDraft:
    """A metric that counts events. ``unique`` and ``operator`` are None where every occurrence counts."""

    key_path: str
    description: str
    product_group: str
    milestone: str
    introduced_by_url: str
    time_frames: tuple[str, ...]
    events: tuple[str, ...]
    tiers: tuple[str, ...]
    unique: str | None = None
    operator: str | None = None
    filters: Mapping[str, str | int | float] = field(default_factory=dict)
    data_category: str = "optional"

    @property
    def file_path(self) -> str:
        """The file below the root: the folder says the time frame, the name is the end of the key path."""
        folder = f"counts_{self.time_frames[0]}" if len(self.time_frames) == 1 else "counts_all"
        return f"metrics/{folder}/{_file_name(self.key_path.rpartition('.')[2])}.yml"

    @property
    def key_paths(self) -> tuple[str, ...]:
        """The places in the payload, one for each time frame."""
        time_frame: object = list(self.time_frames) if len(self.time_frames) > 1 else self.time_frames[0]
        definition = MetricDefinition({"key_path": self.key_path, "time_frame": time_frame}, self.file_path)
        return tuple(metric.key_path for metric in definition.expand())

    def text(self, schema_url: str) -> str:
        """Return the YAML; ``schema_url`` is what editors check the file against."""
        return _render("metric.yml", metric=self, schema_url=schema_url)


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event. ``properties`` is name -> description, in the order in which they are declared."""

    action: str
    description: str
    identifiers: tuple[str, ...]
    properties: Mapping[str, str]
    product_group: str
    milestone: str
    introduced_by_url: str
    tiers: tuple[str, ...]

    @property
    def definition(self) -> EventDefinition:
        """The event as the dictionary will know it, as far as recording it needs."""
        properties = {name: {"description": description} for name, description in self.properties.items()}
        fields = {
            "action": self.action,
            "identifiers": list(self.identifiers),
            "additional_properties": properties,
        }
        return EventDefinition(fields, self.file_path)

    @property
    def file_path(self) -> str:
        """The file below the root; its name is the action."""
        return f"events/{_file_name(self.action)}.yml"

    def text(self, schema_url: str) -> str:
        """Return the YAML; ``schema_url`` is what editors check the file against."""
        return _render("event.yml", event=self, schema_url=schema_url)


def key_path_for(
    event: str, unique: str | None, operator: str | None, filters: Mapping[str, object], time_frames: tuple[str, ...]
) -> str:
    """Return the key path that a metric over an event gets unless its author has a better one."""
    if unique is not None:
        name = f"redis_hll_counters.count_distinct_{unique.replace('.', '_')}_from_{event}"
    else:
        name = f"counts.{'sum_value_from' if operator else 'count_total'}_{event}"
    for value in filters.values():
        name += "_" + (_NOT_A_NAME.sub("_", str(value).lower()).strip("_") or "x")
    return name + (SUFFIXES.get(time_frames[0], "") if len(time_frames) == 1 else "")


def ways_to_trigger(event: EventDefinition, filters: Mapping[str, object], watch: str) -> str:
    """Return how to record an event once, from a shell, Python and JavaScript, and how to see it counted."""
    body: dict[str, object] = {"event": event.action}
    body |= {f"{name}_id": 1 for name in event.identifiers if name in ("namespace", "project")}
    if event.additional_properties:
        body["additional_properties"] = {
            name: filters.get(name, 1 if name == "value" else "example") for name in event.additional_properties
        }
    return _render("trigger.txt", body=body, api=TRACKING_API, watch=watch)


def _render(name: str, **values: object) -> str:
    templates = Environment(
        loader=FileSystemLoader(resource("templates/scaffolds")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the result is YAML, and every value is written by the filters below
    )
    templates.filters["scalar"] = lambda value: on_one_line(value) if isinstance(value, str) else json.dumps(value)
    templates.filters["quoted"] = quoted
    templates.filters["json"] = json.dumps
    return templates.get_template(name).render(values)


def _file_name(name: str) -> str:
    """Return a name that no file system reads as anything but one name."""
    return _NOT_A_NAME.sub("_", name.lower()) or "_"
