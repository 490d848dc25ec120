"""Takes events in: all of a request is valid and becomes one recording, or nothing of it is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import string
from metrics_dictionary.events.counting import CounterIndex, count
from metrics_dictionary.events.event_errors import (
    EventErrors,
    InvalidEventsError,
    UncountableEventsError,
    described,
    quoted,
)
from metrics_dictionary.events.occurrence import (
    MAX_IDENTIFIER,
    NO_PROPERTIES,
    BodyReader,
    LeftOut,
    Occurrence,
)
from metrics_dictionary.stores.keys import week_of
from metrics_dictionary.stores.store import Changes, ChangesBuilder, Identified, Recording
from metrics_dictionary.tools.clock import iso, utc_now
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import NearMisses
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.events.snowplow import StructuredEvents
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.tools.clock import Clock

MAX_EVENTS = 50
"""How many events one request may report."""

MAX_AGE_DAYS = 3_650

PROJECT_IDS = "project_ids"
"""The table of the settings file in which a project's path has its id."""

MAX_AHEAD = timedelta(hours=1)
"""How far in the future an event may have happened by the clock of its client."""

BATCH_KEYS = frozenset(("events",))
NAME_KEYS = frozenset(("event", "id"))
USERS_KEYS = frozenset(("event", "id", "values"))
"""What a batch and the older calls may say."""

NO_CHANGES = Changes()
NOTHING = Recording(NO_CHANGES)


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a request changes once it is written.

    ``ignored`` has a sentence, to be logged, for each event that was left out; ``left_out`` is what does not count of
    the others, and of the request.
    """

    recording: Recording
    ignored: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What makes a request fail: the settings ``events.*``.

    An event without a definition, or with one that is removed, does, unless it is to be left out (``ignore_unknown``);
    a property that its event does not declare is left out, unless it is to fail (``reject_undeclared``); an event that
    happened more than ``max_age`` ago always does. ``project_ids`` maps a project's path in lower case to its id.
    """

    ignore_unknown: bool = False
    reject_undeclared: bool = False
    max_age: timedelta = timedelta(days=28)
    project_ids: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> IntakeRules:
        """Return what the settings say. Raises OperationalError for an age or a project's id that is not possible."""
        days = settings.number("events.max_age_days")
        if not 0 <= days <= MAX_AGE_DAYS:
            raise OperationalError(f"events.max_age_days must be 0 to {MAX_AGE_DAYS}")
        return cls(
            settings.string("events.unknown") == "ignore",
            settings.string("events.undeclared_properties") == "reject",
            timedelta(days=days),
            _project_ids(settings.facts.get(PROJECT_IDS)),
        )


class EventTracker:
    """Validates events, and says what they change in the metrics that read them and for the collector.

    ``structured`` builds what goes to the collector; without it nothing is queued, since nobody would send it.
    ``trusted_clock`` says how old an event is, and must not wait for anything. The index of metrics is built here,
    once: a changed dictionary needs another tracker.
    """

    def __init__(
        self,
        dictionary: Dictionary,
        *,
        rules: IntakeRules = IntakeRules(),
        clock: Clock = utc_now,
        trusted_clock: Clock | None = None,
        structured: StructuredEvents | None = None,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._trusted_clock = trusted_clock or clock
        self._structured = structured
        self._counters = CounterIndex(dictionary)
        self._names = EventNames(dictionary)
        active = {name: dictionary.named_events[name] for name in self._names.active}
        self._protected = {
            name: frozenset(protected) for name, event in active.items() if (protected := event.protected_properties)
        }
        self._declared = {
            name: NO_PROPERTIES.union(event.additional_properties).difference(self._protected.get(name, ()))
            for name, event in active.items()
        }

    def track(
        self,
        bodies: object,
        user: int | None,
        *,
        batch: bool | None = None,
        form: bool = False,
        beside: Collection[str] = (),
    ) -> Tracked:
        """Read the events of `track_events` (the JSON value of its key `events`) or of `track_event` (a list of one).

        In a ``batch`` each error names its event, `events[3].…`; by default a list of one event is not a batch.
        ``form``: the body comes from a form, where numbers are strings. ``user`` is the id of the token's user.
        ``beside`` has the keys that stand beside a batch.

        Raises InvalidEventsError and UncountableEventsError.
        """
        given = _listed(bodies)
        in_batch = len(given) != 1 if batch is None else batch
        places = [f"events[{position}]." if in_batch else "" for position in range(len(given))]
        errors = EventErrors()
        reader = BodyReader(
            self._declared,
            errors,
            form=form,
            reject_undeclared=self._rules.reject_undeclared,
            protected=self._protected,
            project_ids=self._rules.project_ids,
        )
        if beside:
            reader.note_unknown_keys(beside, BATCH_KEYS, "", None)
        occurrences, ignored = [], []
        for place, body in zip(places, given, strict=True):
            occurrence = reader.occurrence(body, place, user)
            if occurrence is None:
                continue
            if occurrence.occurred_at is not None and isinstance(body, dict):
                self._check_time(occurrence.occurred_at, body["occurred_at"], place, errors)
            if occurrence.event in self._names.active:
                occurrences.append(occurrence)
            elif self._rules.ignore_unknown:
                ignored.append(f"{place}event: {self._names.refusal(occurrence.event, errors)}")
            else:
                errors.uncountable(f"{place}event: {self._names.refusal(occurrence.event, errors)}")
        errors.raise_any()
        return Tracked(self._recording(occurrences), tuple(ignored), tuple(reader.left_out))

    def knows(self, event: str) -> bool:
        """Whether the event has a definition or some metric reads it."""
        return event in self._names.active or event in self._counters

    def increment_counter(self, body: Mapping[str, object]) -> Tracked:
        """Count an event by its name alone: its counters without a filter, and those of the older `redis` metrics.

        Such a metric's event is called `PREFIX_EVENT` (`source_code_pushes`). Raises what `track` does.
        """
        name, id_, left_out = _named(body, NAME_KEYS)
        if ignored := self._not_counted(name):
            return Tracked(NOTHING, ignored, left_out)
        changed = ChangesBuilder()
        count(_occurrence_of(name), self._counters.changes(name, week_of(self._clock())), changed)
        for key in self._counters.usage_keys(name):
            changed.increments[key] += 1
        return Tracked(_recorded(changed, id_), left_out=left_out)

    def increment_unique_users(self, body: Mapping[str, object], users: Collection[int]) -> Tracked:
        """Add users, by id, to the distinct users of an event: those of `track`. Raises as it does."""
        name, id_, left_out = _named(body, USERS_KEYS)
        if ignored := self._not_counted(name):
            return Tracked(NOTHING, ignored, left_out)
        changed = ChangesBuilder()
        changes = self._counters.changes(name, week_of(self._clock()))
        of_users = [change for change in changes if change.unique == "user.id"]
        for user in users:
            count(_occurrence_of(name, user), of_users, changed)
        return Tracked(_recorded(changed, id_), left_out=left_out)

    def _check_time(self, moment: datetime, sent: str, place: str, errors: EventErrors) -> None:
        """Note an event that happened too long ago to be counted, or later than any clock can be wrong."""
        now = self._trusted_clock()
        if not -self._rules.max_age <= moment - now <= MAX_AHEAD:
            days = self._rules.max_age / timedelta(days=1)
            errors.uncountable(
                f"{place}occurred_at: must be at most {days:g} days before and one hour after the server's time, "
                f"{iso(now)}, found {quoted(sent)}"
            )

    def _recording(self, occurrences: Sequence[Occurrence]) -> Recording:
        now = self._clock()
        week = week_of(now)

        def changes_of(some: Iterable[Occurrence]) -> Changes:
            changed = ChangesBuilder()
            for occurrence in some:
                moment = occurrence.occurred_at
                happened = week if moment is None else week_of(moment)
                count(occurrence, self._counters.changes(occurrence.event, happened), changed)
                if occurrence.to_collector and self._structured is not None:
                    changed.outbox.append(self._structured.text(occurrence, now))
            return changed.changes()

        whole = changes_of(occurrences)
        identified = [(occurrence.id, occurrence) for occurrence in occurrences if occurrence.id is not None]
        if not identified:
            return Recording(whole)
        if len(occurrences) == 1:
            return Recording(NO_CHANGES, ((identified[0][0], whole),), whole=whole)
        names = [name for name, _ in identified]
        others = [occurrence for occurrence in occurrences if occurrence.id is None]
        return Recording(
            changes_of(others) if others else NO_CHANGES,
            Identified(names, lambda position: changes_of((identified[position][1],))),
            whole=whole,
        )

    def _not_counted(self, event: str) -> tuple[str, ...]:
        """Refuse an event that no metric names, or say why it is ignored; nothing to say when it is counted."""
        if event in self._counters and not self._names.is_refused(event):
            return ()
        refusal = (
            f"no metric reads {quoted(event)}"
            if event in self._names.active
            else self._names.refusal(event, EventErrors())
        )
        if self._rules.ignore_unknown:
            return (f"event: {refusal}",)
        raise UncountableEventsError((f"event: {refusal}",))


class EventNames:
    """The events that can be recorded, those that no longer are, and near misses among thousands."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.active = frozenset(name for name, event in dictionary.named_events.items() if not event.removed)
        self._removed = {
            name: string(event.fields.get("milestone_removed"))
            for name, event in dictionary.named_events.items()
            if event.removed
        }
        self._shared = {
            action: events for action, events in dictionary.events_by_action.items() if events[0].by_category
        }
        self._near = NearMisses(self.active)

    def is_refused(self, event: str) -> bool:
        """Whether the definitions say that it is no longer recorded, or do not say which event it is."""
        return event in self._removed or event in self._shared

    def refusal(self, event: str, errors: EventErrors) -> str:
        """Say why an event that is not active cannot be recorded, and which one was probably meant.

        ``errors`` are those of its request: similar names are looked for a few times only.
        """
        if event in self._removed:
            milestone = self._removed[event]
            since = f" in {milestone}" if milestone else ""
            return f"{quoted(event)} was removed{since} and is no longer recorded"
        if event in self._shared:
            categories = listed([quoted(one.category) for one in self._shared[event]])
            return f"{quoted(event)} is the action of several events, of {categories}, and none of them is internal"
        return f"{quoted(event)} has no definition{errors.suggestion(event, '', self._near.near)}"


def _listed(bodies: object) -> Sequence[object]:
    """Return the events of a request when their number is right."""
    if isinstance(bodies, list | tuple) and 0 < len(bodies) <= MAX_EVENTS:
        return bodies
    if bodies is None:
        raise InvalidEventsError(("events is missing",))
    found = str(len(bodies)) if isinstance(bodies, list | tuple) else described(bodies)
    raise InvalidEventsError((f"events: must be a list of 1 to {MAX_EVENTS} events, found {found}",))


def _named(body: Mapping[str, object], known: frozenset[str]) -> tuple[str, bytes | None, tuple[LeftOut, ...]]:
    """Return what the older calls are told: the event's name and its id, and which keys mean nothing to them."""
    event = body.get("event")
    if event is None:
        raise InvalidEventsError(("event is missing",))
    if not isinstance(event, str) or not event:
        raise InvalidEventsError((f"event: must be the name of an event, found {described(event)}",))
    errors = EventErrors()
    reader = BodyReader({}, errors, form=False)
    identifier = reader.id(body.get("id"))
    reader.note_unknown_keys(body, known, "", event)
    errors.raise_any()
    return event, identifier, tuple(reader.left_out)


def _project_ids(table: object) -> dict[str, int]:
    """Return the settings' table of projects: path in lower case -> id. Raises OperationalError for anything else."""
    given = table if isinstance(table, dict) else {}
    for path, number in given.items():
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= MAX_IDENTIFIER:
            raise OperationalError(
                f'{PROJECT_IDS}: {quoted(path)}: must be a positive whole number; write "group/project" = 7'
            )
    return {path.lower(): number for path, number in given.items()}


def _recorded(changed: ChangesBuilder, identifier: bytes | None) -> Recording:
    changes = changed.changes()
    return Recording(changes) if identifier is None else Recording(Changes(), ((identifier, changes),))


def _occurrence_of(event: str, user: int | None = None) -> Occurrence:
    return Occurrence(event, user, namespace=None, project=None, properties={}, to_collector=False)
