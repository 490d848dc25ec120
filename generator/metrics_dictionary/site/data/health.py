"""The health of a dictionary, computed from its definitions, its findings and its history; nothing is set by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from metrics_dictionary.changes.history.change import ChangeType
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.site.data.cross_references import owner
from metrics_dictionary.site.parts.site_wording import day, duration
from metrics_dictionary.site.parts.urls import definition_url
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from metrics_dictionary.changes.history.history import History, Since
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.validation.validate import Validation

    AnyDefinition = MetricDefinition | EventDefinition

DESCRIPTION_RULE = "description-quality"


class HealthFinding(NamedTuple):
    """A definition with a problem. ``group`` is NO_GROUP where it names none; ``note`` says more, or is empty.

    ``since`` is when the problem began, or ``at_least`` since when it is there; None where that is unknown or not a
    question.
    """

    kind: str
    name: str
    url: str
    group: str
    note: str = ""
    since: datetime | None = None
    at_least: bool = False


@dataclass(frozen=True)
class HealthCheck:
    """One question and the definitions for which the answer is bad.

    ``unknown`` says why the question cannot be answered here; empty when it can. ``severity`` is what it means for
    those who rely on the values: an error (a value is wrong or missing), a warning (nobody can be asked, or what it
    means is not said) or an info (worth a look).
    """

    id: str
    title: str
    about: str
    severity: Severity
    findings: tuple[HealthFinding, ...]
    unknown: str = ""

    @cached_property
    def by_group(self) -> Mapping[str, int]:
        """Product group -> how many of its definitions."""
        return Counter(finding.group for finding in self.findings)

    def filter(self, group: str | None = None) -> str | None:
        """Return the query with which the list of metrics shows exactly these, or those of one product group.

        None where no filter of that list is this question, and where events are among them.
        """
        own = [finding for finding in self.findings if group is None or finding.group == group]
        if not own or any(finding.kind != "metric" for finding in own):
            return None
        groups = sorted({finding.group for finding in own})
        if self.id == "no-owner":
            return "&".join(f"group={_quoted(name)}" for name in groups)
        if self.id == "broken":
            return "status=broken" if group is None else f"status=broken&group={_quoted(group)}"
        return None


@dataclass(frozen=True)
class Health:
    """All checks. ``counted`` is how many definitions they looked at: all that are not removed, by group."""

    checks: tuple[HealthCheck, ...]
    counted: Mapping[str, int]
    as_of: datetime | None

    @property
    def serious_checks(self) -> list[HealthCheck]:
        """The checks that find more than what is merely worth a look."""
        return [check for check in self.checks if check.severity is not Severity.INFO]

    @cached_property
    def groups(self) -> Mapping[str, int]:
        """Each product group with a serious problem -> how many; those with the most first."""
        totals: Counter[str] = Counter()
        for check in self.serious_checks:
            totals.update(check.by_group)
        return {group: totals[group] for group in sorted(totals, key=lambda group: (-totals[group], group))}


def health(validation: Validation, history: History | None) -> Health:
    """Ask every question about a dictionary."""
    checked = _Checked(validation, history)
    return Health(
        checks=tuple(
            HealthCheck(
                question.id,
                question.title,
                question.about,
                question.severity,
                tuple(question.find(checked)),
                unknown=checked.why_unknown if question.asks_history else "",
            )
            for question in QUESTIONS
        ),
        counted=Counter(map(owner, checked.definitions)),
        as_of=history.latest if history else None,
    )


class _Checked:
    """What is asked: the definitions that are not removed, with what is known about them."""

    def __init__(self, validation: Validation, history: History | None) -> None:
        self.validation = validation
        self.dictionary = validation.dictionary
        self.history = history
        self.head = history.latest if history else None
        self.metrics = [metric for metric in self.dictionary.expanded.values() if not metric.removed]
        self.events = [event for event in self.dictionary.events if not event.removed]
        self.definitions: list[AnyDefinition] = [*self.metrics, *self.events]

    @property
    def why_unknown(self) -> str:
        """Why there is no answer to what only the whole history could tell; empty where it is there."""
        if self.history is None:
            return "The site was built without the repository's history, which alone could tell."
        if not self.history.complete:
            return "The site was built from a part of the repository's history, which does not reach back far enough."
        return ""


def _broken(checked: _Checked) -> Iterator[HealthFinding]:
    for metric in checked.metrics:
        if metric.status == "broken":
            since = checked.history.since(metric.file_path, "status", "broken") if checked.history else None
            yield _since(metric, since, checked.head) if since else _finding(metric)


def _missing(checked: _Checked) -> Iterator[HealthFinding]:
    events, instrumentations = checked.dictionary.event_definitions, checked.dictionary.instrumentations
    recorded = {event.action for event in checked.events}
    for metric in checked.metrics:
        # Counters of the older sources have names of their own, which no event file has to define.
        named = dict.fromkeys(rule.name for rule in metric.selection_rules if rule.name)
        unread = [name for name in named if name not in recorded] if events is not None else []
        removed = checked.dictionary.events_by_action
        parts = [f"event {name} {'was removed' if name in removed else 'is not defined'}" for name in unread[:3]]
        name = metric.instrumentation_class
        if instrumentations is not None and name is not None and name not in instrumentations:
            parts.append(f"no instrumentation {name}")
        if parts:
            yield _finding(metric, listed(parts))


def _without_owner(checked: _Checked) -> Iterator[HealthFinding]:
    groups = checked.dictionary.product_groups
    for definition in checked.definitions:
        group = definition.product_group
        if not group:
            yield _finding(definition, "no product group")
        elif groups is not None and group not in groups:
            yield _finding(definition, f"no such group: {group}")


def _poorly_described(checked: _Checked) -> Iterator[HealthFinding]:
    files = {document.file: document.file_path for document in checked.validation.documents}
    messages = {
        files[diagnostic.file]: diagnostic.message
        for diagnostic in checked.validation.diagnostics
        if diagnostic.rule == DESCRIPTION_RULE and diagnostic.file in files
    }
    for definition in checked.definitions:
        if definition.file_path in messages:
            yield _finding(definition, messages[definition.file_path])


def _unread_events(checked: _Checked) -> Iterator[HealthFinding]:
    read = {name for metric in checked.metrics for name in metric.event_names}
    return (_finding(event) for event in checked.events if event.by_category or event.action not in read)


def _never_changed(checked: _Checked) -> Iterator[HealthFinding]:
    if checked.history is None or checked.why_unknown:
        return
    for definition in checked.definitions:
        changes = checked.history.by_file.get(definition.file_path, [])
        if len(changes) == 1 and changes[0].type is ChangeType.ADDED:
            when = changes[0].commit.when
            yield _finding(definition, f"since {day(when)}", when)


def _since(metric: MetricDefinition, since: Since, head: datetime | None) -> HealthFinding:
    when = since.commit.when
    least = "at least " if since.at_least else ""
    version = f" ({since.commit.milestone})" if since.commit.milestone and not since.at_least else ""
    lasted = f", for {least}{duration(when, head)}" if head else ""
    return _finding(metric, f"since {least}{day(when)}{version}{lasted}", when)._replace(at_least=since.at_least)


def _finding(definition: AnyDefinition, note: str = "", since: datetime | None = None) -> HealthFinding:
    kind = "metric" if isinstance(definition, MetricDefinition) else "event"
    return HealthFinding(kind, definition.name, definition_url(definition), owner(definition), note, since)


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")


class _Question(NamedTuple):
    """A check before it is made. ``asks_history`` is whether only the whole history can answer it."""

    id: str
    title: str
    about: str
    severity: Severity
    find: Callable[[_Checked], Iterator[HealthFinding]]
    asks_history: bool = False


QUESTIONS = (
    _Question(
        "broken",
        "Broken",
        "Metrics whose value cannot be relied on until they are repaired.",
        Severity.ERROR,
        _broken,
    ),
    _Question(
        "missing",
        "Event or instrumentation missing",
        "Metrics that read an event nobody defined or that was removed, or whose instrumentation is not there.",
        Severity.ERROR,
        _missing,
    ),
    _Question(
        "no-owner",
        "Without an owner",
        "Definitions that name no product group, or one that does not exist: nobody answers for them.",
        Severity.WARNING,
        _without_owner,
    ),
    _Question(
        "description",
        "Descriptions under par",
        "Descriptions that are empty, a placeholder, a repetition of the name, or a few words.",
        Severity.WARNING,
        _poorly_described,
    ),
    _Question(
        "unused-event",
        "Events that feed nothing",
        "Events that are recorded though no metric reads them.",
        Severity.INFO,
        _unread_events,
    ),
    _Question(
        "never-changed",
        "Never changed since import",
        "Definitions that nobody has touched since the commit that brought them. They may be right; "
        "the oldest are worth a second look.",
        Severity.INFO,
        _never_changed,
        asks_history=True,
    ),
)
"""What is asked, in the order of the overview."""
