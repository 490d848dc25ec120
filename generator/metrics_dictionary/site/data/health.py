"""The health of a dictionary, computed from its definitions, its findings and its history; nothing is set by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.site.data.cross_references import NO_GROUP
from metrics_dictionary.site.parts.urls import event_url, metric_url
from metrics_dictionary.site.parts.site_wording import day, duration
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.changes.history.history import History
    from metrics_dictionary.validation.validate import Validation

    Definition = MetricDefinition | EventDefinition

DESCRIPTION_RULE = "description-quality"


class Ailment(NamedTuple):
    """A definition with a problem. ``group`` is NO_GROUP where it names none; ``note`` says more, or is empty.

    ``since`` is when the problem began, None where that is unknown or no question.
    """

    kind: str
    name: str
    url: str
    group: str
    note: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Check:
    """One question and the definitions for which the answer is bad.

    ``unknown`` says why the question cannot be answered here; empty when it can. ``weight`` is what it means for those
    who rely on the values: ``bad`` (a value is wrong or missing), ``warn`` (nobody can be asked, or what it means is
    not said) or ``idle`` (worth a look).
    """

    id: str
    title: str
    about: str
    weight: str
    ailments: tuple[Ailment, ...]
    unknown: str = ""

    @cached_property
    def by_group(self) -> Mapping[str, int]:
        """Product group -> how many of its definitions."""
        return Counter(ailment.group for ailment in self.ailments)

    def filter(self, group: str | None = None) -> str | None:
        """Return the query with which the list of metrics shows exactly these, or those of one product group.

        None where no filter of that list is this question, and where events are among them.
        """
        own = [ailment for ailment in self.ailments if group is None or ailment.group == group]
        if not own or any(ailment.kind != "metric" for ailment in own):
            return None
        groups = sorted({ailment.group for ailment in own})
        if self.id == "no-owner":
            return "&".join(f"group={_quoted(name)}" for name in groups)
        if self.id == "broken":
            return "status=broken" if group is None else f"status=broken&group={_quoted(group)}"
        return None


@dataclass(frozen=True)
class Health:
    """All checks. ``counted`` is how many definitions they looked at: all that are not removed, by group."""

    checks: tuple[Check, ...]
    counted: Mapping[str, int]
    as_of: datetime | None

    @cached_property
    def groups(self) -> list[str]:
        """The product groups that have a problem that is not merely idle, those with the most first."""
        totals: Counter[str] = Counter()
        for check in self.checks:
            if check.weight != IDLE:
                totals.update(check.by_group)
        return sorted(totals, key=lambda group: (-totals[group], group))


BAD, WARN, IDLE = "bad", "warn", "idle"


def health(validation: Validation, history: History | None) -> Health:
    """Ask every question of a dictionary."""
    ward = _Ward(validation, history)
    return Health(
        checks=(
            Check(
                "broken",
                "Broken",
                "Metrics whose value cannot be relied on until they are repaired.",
                BAD,
                tuple(ward.broken()),
            ),
            Check(
                "missing",
                "Event or instrumentation missing",
                "Metrics that read an event nobody defined or that was removed, or whose instrumentation is not there.",
                BAD,
                tuple(ward.missing()),
            ),
            Check(
                "no-owner",
                "Without an owner",
                "Definitions that name no product group, or one that does not exist: nobody answers for them.",
                WARN,
                tuple(ward.without_owner()),
            ),
            Check(
                "description",
                "Descriptions under par",
                "Descriptions that are empty, a placeholder, a repetition of the name, or a few words.",
                WARN,
                tuple(ward.poorly_described()),
            ),
            Check(
                "unused-event",
                "Events that feed nothing",
                "Events that are recorded though no metric reads them.",
                IDLE,
                tuple(ward.unread_events()),
            ),
            Check(
                "never-changed",
                "Never changed since import",
                "Definitions that nobody has touched since the commit that brought them. They may be right; "
                "the oldest are worth a second look.",
                IDLE,
                tuple(ward.never_changed()),
                unknown=ward.why_unknown,
            ),
        ),
        counted=ward.counted(),
        as_of=history.latest if history else None,
    )


class _Ward:
    """Asks one question after the other; removed definitions are past all ailments."""

    def __init__(self, validation: Validation, history: History | None) -> None:
        self._validation = validation
        self._dictionary: Dictionary = validation.dictionary
        self._history = history
        self._metrics = [metric for metric in self._dictionary.expanded.values() if not metric.removed]
        self._events = [event for event in self._dictionary.events.values() if not event.removed]

    def counted(self) -> Mapping[str, int]:
        return Counter(_group(definition) for definition in self._all())

    def broken(self) -> Iterator[Ailment]:
        for metric in self._metrics:
            if metric.status == "broken":
                change = self._history.since(metric.file_path, "status", "broken") if self._history else None
                if change is None or self._history is None or self._history.latest is None:
                    yield _ailment(metric)
                    continue
                when = change.commit.when
                version = f" ({change.commit.milestone})" if change.commit.milestone else ""
                note = f"since {day(when)}{version}, for {duration(when, self._history.latest)}"
                yield _ailment(metric, note, when)

    def missing(self) -> Iterator[Ailment]:
        events, instrumentations = self._dictionary.event_definitions, self._dictionary.instrumentations
        recorded = {event.action for event in self._events}
        for metric in self._metrics:
            # Counters of the older sources have names of their own, which no event file has to define.
            named = dict.fromkeys(rule.name for rule in metric.selection_rules if rule.name)
            unread = [name for name in named if name not in recorded] if events is not None else []
            parts = [f"event {name} {self._why_not_recorded(name)}" for name in unread[:3]]
            name = metric.instrumentation_class
            if instrumentations is not None and name is not None and name not in instrumentations:
                parts.append(f"no instrumentation {name}")
            if parts:
                yield _ailment(metric, listed(tuple(parts)))

    def _why_not_recorded(self, action: str) -> str:
        return "was removed" if action in self._dictionary.events else "is not defined"

    def without_owner(self) -> Iterator[Ailment]:
        groups = self._dictionary.product_groups
        for definition in self._all():
            group = definition.product_group
            if not group:
                yield _ailment(definition, "no product group")
            elif groups is not None and group not in groups:
                yield _ailment(definition, f"no such group: {group}")

    def poorly_described(self) -> Iterator[Ailment]:
        files = {document.file: document.file_path for document in self._validation.documents}
        found = {
            files[diagnostic.file]: diagnostic.message
            for diagnostic in self._validation.diagnostics
            if diagnostic.rule == DESCRIPTION_RULE and diagnostic.file in files
        }
        return self._with(lambda definition: found.get(definition.file_path))

    def unread_events(self) -> Iterator[Ailment]:
        read = {name for metric in self._metrics for name in metric.event_names}
        return (_ailment(event) for event in self._events if event.action not in read)

    def never_changed(self) -> Iterator[Ailment]:
        history = self._history
        if history is None or self.why_unknown:
            return
        for definition in self._all():
            changes = history.by_file.get(definition.file_path, [])
            if len(changes) == 1 and changes[0].type is ChangeType.ADDED:
                when = changes[0].commit.when
                yield _ailment(definition, f"since {day(when)}", when)

    @property
    def why_unknown(self) -> str:
        if self._history is None:
            return "The site was built without the repository's history, which alone could tell."
        if not self._history.complete:
            return "The site was built from a part of the repository's history, which does not reach back far enough."
        return ""

    def _all(self) -> Iterator[Definition]:
        yield from self._metrics
        yield from self._events

    def _with(self, note: Callable[[Definition], str | None]) -> Iterator[Ailment]:
        for definition in self._all():
            if (said := note(definition)) is not None:
                yield _ailment(definition, said)


def _ailment(definition: Definition, note: str = "", since: datetime | None = None) -> Ailment:
    if isinstance(definition, MetricDefinition):
        kind, name, url = "metric", definition.key_path, metric_url(definition.key_path)
    else:
        kind, name, url = "event", definition.action, event_url(definition.action)
    return Ailment(kind, name, url, _group(definition), note, since)


def _group(definition: Definition) -> str:
    return definition.product_group or NO_GROUP


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")
