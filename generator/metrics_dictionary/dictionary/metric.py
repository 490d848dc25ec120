"""A metric definition, as written in its file or expanded to one of its time frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metrics_dictionary.dictionary.definition import Definition, Fields, mapping, string, strings
from metrics_dictionary.dictionary.selection_rule import TOTAL, SelectionRule


class TimeFrame(StrEnum):
    """The period that a value covers."""

    SEVEN_DAYS = "7d"
    TWENTY_EIGHT_DAYS = "28d"
    ALL = "all"
    NONE = "none"


SUFFIXES: dict[str, str] = {TimeFrame.SEVEN_DAYS: "_weekly", TimeFrame.TWENTY_EIGHT_DAYS: "_monthly"}
"""What a key path ends in when its definition lists several time frames; the others add nothing."""


UNIQUE_TOTALS = "UniqueTotalsMetric"
"""The class that GitLab names beside `operator: total`. It has no entry in ``instrumentations/``."""


@dataclass(frozen=True, slots=True)
class MetricDefinition(Definition):
    """A metric. ``file_path`` begins with the root's name: ``definitions/metrics/...``."""

    @property
    def key_path(self) -> str:
        """The value's place in the payload, levels separated by dots; empty when the definition has none."""
        return string(self.fields.get("key_path")) or ""

    @property
    def name(self) -> str:
        """The key path: what a metric is called where an event is called by its action."""
        return self.key_path

    @property
    def status(self) -> str | None:
        """``active``, ``broken`` or ``removed``."""
        return string(self.fields.get("status"))

    @property
    def data_source(self) -> str | None:
        """Where the value comes from."""
        return string(self.fields.get("data_source"))

    @property
    def data_category(self) -> str | None:
        """How the value may be used; decides whether an instance may leave it out."""
        return string(self.fields.get("data_category"))

    @property
    def value_type(self) -> str | None:
        """``string``, ``number``, ``boolean`` or ``object``."""
        return string(self.fields.get("value_type"))

    @property
    def time_frames(self) -> tuple[str, ...]:
        """The time frames in the author's order, also when the field is a single string."""
        value = self.fields.get("time_frame")
        return (value,) if isinstance(value, str) else strings(value)

    @property
    def time_frame(self) -> str | None:
        """The time frame of a definition that has a single one; otherwise None."""
        return string(self.fields.get("time_frame"))

    @property
    def instrumentation_class(self) -> str | None:
        """The name under which ``instrumentations/`` says how the value is computed."""
        return string(self.fields.get("instrumentation_class"))

    @property
    def instrumentation_name(self) -> str | None:
        """The instrumentation class, unless it is the one that counters of events are for GitLab: totals by value."""
        name = self.instrumentation_class
        return None if self.is_by_value and name == UNIQUE_TOTALS else name

    @property
    def options(self) -> Fields:
        """The parameters given to the instrumentation."""
        return mapping(self.fields.get("options"))

    @property
    def performance_indicator_types(self) -> tuple[str, ...]:
        """The indicators that are computed from this metric."""
        return strings(self.fields.get("performance_indicator_type"))

    @property
    def value_json_schema(self) -> str | None:
        """Path of the JSON Schema that an object value follows."""
        return string(self.fields.get("value_json_schema"))

    @property
    def selection_rules(self) -> tuple[SelectionRule, ...]:
        """The entries of ``events``, in order."""
        entries = self.fields.get("events")
        if not isinstance(entries, list):
            return ()
        return tuple(SelectionRule.of(position, entry) for position, entry in enumerate(entries))

    @property
    def is_by_value(self) -> bool:
        """Whether the value is an object of totals by value: some selection rule has ``operator: total``."""
        return self.data_source == "internal_events" and any(rule.operator == TOTAL for rule in self.selection_rules)

    @property
    def event_names(self) -> tuple[str, ...]:
        """Every event that the metric reads, without repetition: selection rules and the older ``options``."""
        options = self.options
        names = [rule.name for rule in self.selection_rules if rule.name]
        names += strings(options.get("events"))
        if event := string(options.get("event")):
            names.append(event)
        return tuple(dict.fromkeys(names))

    def expand(self) -> tuple[MetricDefinition, ...]:
        """Return one definition for each time frame.

        A single time frame leaves the key path alone; in an array each gets its suffix (``_weekly``, ``_monthly``,
        none for ``all``), as GitLab's Service Ping does. The fields keep the author's order.
        """
        if not isinstance(self.fields.get("time_frame"), list):
            return (self,)
        return tuple(self._in(time_frame) for time_frame in dict.fromkeys(self.time_frames))

    def _in(self, time_frame: str) -> MetricDefinition:
        suffix = SUFFIXES.get(time_frame, "")
        # A suffix alone is no key path: without one, none of its time frames has a place.
        replaced: dict[str, object] = {"key_path": self.key_path and self.key_path + suffix, "time_frame": time_frame}
        return MetricDefinition({**self.fields, **replaced}, self.file_path)
