"""Two editions side by side: which definitions were added or deleted, and which changed in which fields.

Metrics are matched by their key paths after time-frame expansion, so neither the file that a definition is in nor the
way its time frames are written makes a difference. A definition that lost its key path, or an event its action, is
looked for in its old file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from metrics_dictionary.changes.compare.computation import (
    changed_instrumentations,
    changed_object_schemas,
    computation_changes,
    object_schema_change,
)
from metrics_dictionary.changes.compare.edition import inside_root
from metrics_dictionary.changes.compare.renamed_groups import renamed_groups, undeclared_groups
from metrics_dictionary.changes.field_change import FieldChange
from metrics_dictionary.dictionary.definition import Fields, string
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import SUFFIXES, MetricDefinition
from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metrics_dictionary.changes.compare.computation import ComputationChange
    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.changes.compare.renamed_groups import RenamedGroup
    from metrics_dictionary.dictionary.dictionary import Dictionary, ProductGroup

AnyDefinition = TypeVar("AnyDefinition", MetricDefinition, EventDefinition)


@dataclass(frozen=True, slots=True)
class ChangedDefinition(Generic[AnyDefinition]):
    """A definition that is in both editions and not the same.

    ``names`` are its key paths after expansion that both have, or its action; ``lost`` are those that only the older
    one has, ``gained`` those that only the newer one has. ``computations`` say what is computed differently,
    ``computed_alike`` that the SQL is known to be the same in spite of other changes.
    """

    before: AnyDefinition
    after: AnyDefinition
    names: tuple[str, ...]
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    computations: tuple[ComputationChange, ...] = ()
    computed_alike: bool = False

    def field(self, name: str) -> FieldChange | None:
        """Return the change of a field, if it changed."""
        return next((change for change in self.fields if change.field == name), None)


class UnmatchedDefinition(NamedTuple, Generic[AnyDefinition]):
    """A definition that only one of the editions has, with its key paths or its action."""

    definition: AnyDefinition
    names: tuple[str, ...]


@dataclass(frozen=True)
class Compared(Generic[AnyDefinition]):
    """What became of the metrics, or of the events."""

    changed: tuple[ChangedDefinition[AnyDefinition], ...] = ()
    added: tuple[UnmatchedDefinition[AnyDefinition], ...] = ()
    deleted: tuple[UnmatchedDefinition[AnyDefinition], ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two editions and what is different. Metrics or events of which one says nothing are left out.

    A definition that only follows its ``renamed_groups`` is not different. ``undeclared_groups`` are the identifiers
    that only the older edition declares, apart from those.
    """

    before: Edition
    after: Edition
    renamed_groups: tuple[RenamedGroup, ...] = ()
    metrics: Compared[MetricDefinition] = field(default_factory=Compared)
    events: Compared[EventDefinition] = field(default_factory=Compared)
    undeclared_groups: tuple[str, ...] = ()

    def group(self, identifier: str) -> ProductGroup | None:
        """Return the group that either edition knows under an identifier, the newer one first."""
        for edition in (self.after, self.before):
            if found := (edition.dictionary.product_groups or {}).get(identifier):
                return found
        return None


def compare(before: Edition, after: Edition) -> Comparison:
    """Compare two editions; what one of them could not read is left out."""
    renamed = renamed_groups(before.dictionary, after.dictionary)
    groups = tuple(renamed.values())
    metrics, events = _metrics(before, after, renamed), _events(before, after, renamed)
    return Comparison(before, after, groups, metrics, events, undeclared_groups(before, after, renamed))


def _metrics(before: Edition, after: Edition, renamed: Mapping[str, RenamedGroup]) -> Compared[MetricDefinition]:
    if not before.tells_of_metrics or not after.tells_of_metrics:
        return Compared()
    matching = _Matching(before, after, renamed)
    matching.match_common()
    matching.match_lost()
    matching.match_gained()
    return Compared(matching.changed(), _unmatched(matching.added.values()), _unmatched(matching.deleted.values()))


def _events(before: Edition, after: Edition, renamed: Mapping[str, RenamedGroup]) -> Compared[EventDefinition]:
    if not before.tells_of_events or not after.tells_of_events:
        return Compared()
    old, new = _by_identity(before.dictionary, after.dictionary)
    added = {key: event for key, event in new.items() if key not in old}
    by_file = {inside_root(event.file_path): key for key, event in added.items() if event.file_path}
    pairs = [(event, new[key]) for key, event in old.items() if key in new]
    deleted: list[EventDefinition] = []
    for event in (event for key, event in old.items() if key not in new):
        file = inside_root(event.file_path)
        if successor := by_file.pop(file, None):
            pairs.append((event, added.pop(successor)))
        elif not after.may_hold(event.file_path):
            deleted.append(event)
    changes = [_event_change(one, other, renamed) for one, other in pairs if one.fields != other.fields]
    changed = [change for change in changes if change.fields]
    fresh = [event for event in added.values() if not before.may_hold(event.file_path)]
    return Compared(
        tuple(sorted(changed, key=lambda change: change.names)),
        _unmatched((event, [event.name]) for event in fresh),
        _unmatched((event, [event.name]) for event in deleted),
    )


_Events = dict[tuple[str | None, str], "EventDefinition"]


def _by_identity(old: Dictionary, new: Dictionary) -> tuple[_Events, _Events]:
    """Return the events of both editions by what they have in common: the action while it means one in each of them."""
    shared = {event.action for event in (*old.events, *new.events) if event.by_category}

    def keyed(events: Iterable[EventDefinition]) -> _Events:
        return {event.identity if event.action in shared else (None, event.action): event for event in events}

    return keyed(old.events), keyed(new.events)


def _event_change(
    before: EventDefinition, after: EventDefinition, renamed: Mapping[str, RenamedGroup]
) -> ChangedDefinition[EventDefinition]:
    fields = _field_changes(before.fields, after.fields, renamed)
    return ChangedDefinition(before, after, (after.name,), fields=tuple(fields))


class _Expanded(NamedTuple):
    """The definition of a key path as written, and as expanded to the time frame of the key path."""

    written: MetricDefinition
    metric: MetricDefinition

    @property
    def time_frame(self) -> object:
        return self.metric.fields.get("time_frame")

    @property
    def suffix(self) -> str:
        return SUFFIXES.get(string(self.time_frame) or "", "")


class _Pair(NamedTuple):
    """An older definition and the one that took its place, with the key paths that both have and those of one."""

    before: MetricDefinition
    after: MetricDefinition
    kept: list[str]
    lost: list[str]
    gained: list[str]


class _Matching:
    """Matches the metrics of two editions key path by key path, in the order of their definitions."""

    def __init__(self, before: Edition, after: Edition, renamed: Mapping[str, RenamedGroup]) -> None:
        self._before, self._after, self._renamed = before, after, renamed
        self._old, self._new = _by_key_path(before.dictionary), _by_key_path(after.dictionary)
        self._pairs: dict[tuple[int, int], _Pair] = {}
        self._schemas: frozenset[str] = frozenset()
        self.added: dict[int, tuple[MetricDefinition, list[str]]] = {}
        self.deleted: dict[int, tuple[MetricDefinition, list[str]]] = {}

    def match_common(self) -> None:
        """Pair the definitions of each key path that both editions have."""
        for key_path, one in self._old.items():
            if (other := self._new.get(key_path)) is not None:
                self._pair(one.written, other.written).kept.append(key_path)

    def match_lost(self) -> None:
        """Find what took the place of the definition of each key path that is gone."""
        successors = _Successors(self._old, self._new)
        for key_path, one in self._old.items():
            if key_path in self._new:
                continue
            if (successor := successors.of(key_path, one)) is not None:
                self._pair(one.written, successor).lost.append(key_path)
            elif not self._after.may_hold(one.written.file_path):
                self.deleted.setdefault(id(one.written), (one.written, []))[1].append(key_path)

    def match_gained(self) -> None:
        """Give each new key path to the pair that its definition is in, or else call it added."""
        by_successor = {id(pair.after): pair for pair in self._pairs.values()}
        for key_path, other in self._new.items():
            if key_path in self._old:
                continue
            if pair := by_successor.get(id(other.written)):
                pair.gained.append(key_path)
            elif not self._before.may_hold(other.written.file_path):
                self.added.setdefault(id(other.written), (other.written, []))[1].append(key_path)

    def changed(self) -> tuple[ChangedDefinition[MetricDefinition], ...]:
        """Return the pairs that are not the same, sorted by key path."""
        instrumentations = changed_instrumentations(self._before, self._after)
        self._schemas = changed_object_schemas(self._before, self._after)
        changes = [
            self._change(pair)
            for pair in self._pairs.values()
            if pair.lost
            or pair.gained
            or pair.before.fields != pair.after.fields
            or pair.after.instrumentation_class in instrumentations
            or pair.after.value_json_schema in self._schemas
        ]
        return _merged(change for change in changes if change is not None)

    def _pair(self, one: MetricDefinition, other: MetricDefinition) -> _Pair:
        return self._pairs.setdefault((id(one), id(other)), _Pair(one, other, [], [], []))

    def _change(self, pair: _Pair) -> ChangedDefinition[MetricDefinition] | None:
        fields = [
            *self._renaming(pair),
            *self._time_frames(pair),
            *_field_changes(pair.before.fields, pair.after.fields, self._renamed, ("key_path", "time_frame")),
            *object_schema_change(pair.before, pair.after, (self._before, self._after), self._schemas),
        ]
        expanded = [(name, self._old[name].metric, self._new[name].metric) for name in sorted(pair.kept)]
        computed = computation_changes(expanded, self._before, self._after)
        if not fields and not pair.lost and not pair.gained and not computed.changes:
            return None
        return ChangedDefinition(
            pair.before,
            pair.after,
            names=tuple(sorted(pair.kept)),
            lost=tuple(sorted(pair.lost)),
            gained=tuple(sorted(pair.gained)),
            fields=tuple(fields),
            computations=computed.changes,
            computed_alike=computed.alike,
        )

    def _renaming(self, pair: _Pair) -> Iterable[FieldChange]:
        """Yield the change of the key path, where the definition is not just one of the other's time frames."""
        if pair.kept or not pair.lost or pair.before.key_path == pair.after.key_path:
            return
        if pair.after.key_path + self._old[pair.lost[0]].suffix != pair.before.key_path:
            yield FieldChange("key_path", pair.before.key_path, pair.after.key_path)

    def _time_frames(self, pair: _Pair) -> Iterable[FieldChange]:
        before, after = pair.before.fields.get("time_frame"), pair.after.fields.get("time_frame")
        alike_written = isinstance(before, list) is isinstance(after, list)
        other_period = any(self._old[name].time_frame != self._new[name].time_frame for name in pair.kept)
        if other_period or (before != after and (alike_written or pair.lost)):
            yield FieldChange("time_frame", before, after)


def _by_key_path(dictionary: Dictionary) -> dict[str, _Expanded]:
    found: dict[str, _Expanded] = {}
    for written in dictionary.metrics:
        for metric in written.expand():
            if metric.key_path:
                found.setdefault(metric.key_path, _Expanded(written, metric))
    return found


class _Successors:
    """Finds the definition that took the place of one whose key path is gone."""

    def __init__(self, old: Mapping[str, _Expanded], new: Mapping[str, _Expanded]) -> None:
        self._by_key_path = {other.written.key_path: other.written for other in new.values()}
        self._by_file: dict[str, MetricDefinition] = {}
        known = {id(other.written) for key_path, other in new.items() if key_path in old}
        for other in new.values():
            if other.written.file_path and id(other.written) not in known:
                self._by_file.setdefault(inside_root(other.written.file_path), other.written)

    def of(self, key_path: str, one: _Expanded) -> MetricDefinition | None:
        written = one.written
        if written.key_path in self._by_key_path:
            return self._by_key_path[written.key_path]
        # A combined file has a definition for each time frame: what it was written as is the key path without suffix.
        origin = self._by_key_path.get(key_path.removesuffix(one.suffix))
        if one.suffix and origin is not None and isinstance(origin.fields.get("time_frame"), list):
            return origin
        return self._by_file.get(inside_root(written.file_path)) if written.file_path else None


def _field_changes(
    before: Fields, after: Fields, renamed: Mapping[str, RenamedGroup], apart_from: Sequence[str] = ()
) -> Iterable[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if name in apart_from or equal(one, other):
            continue
        if name == "product_group" and (group := renamed.get(string(one) or "")) and group.after == other:
            continue
        yield FieldChange(name, one, other)


def _merged(
    changes: Iterable[ChangedDefinition[MetricDefinition]],
) -> tuple[ChangedDefinition[MetricDefinition], ...]:
    """Make one change of those that a combined file's three definitions of one metric underwent alike."""
    found: dict[tuple[int, str], ChangedDefinition[MetricDefinition]] = {}
    for change in changes:
        key = id(change.after), repr((change.fields, change.computed_alike))
        if (same := found.get(key)) is not None:
            change = replace(  # noqa: PLW2901 - the merged one takes the place of both
                same,
                names=tuple(sorted({*same.names, *change.names})),
                lost=tuple(sorted({*same.lost, *change.lost})),
                gained=tuple(sorted({*same.gained, *change.gained})),
                computations=(*same.computations, *change.computations),
            )
        found[key] = change
    return tuple(sorted(found.values(), key=lambda change: change.names or change.lost))


def _unmatched(
    found: Iterable[tuple[AnyDefinition, list[str]]],
) -> tuple[UnmatchedDefinition[AnyDefinition], ...]:
    definitions = (UnmatchedDefinition(definition, tuple(sorted(names))) for definition, names in found)
    return tuple(sorted(definitions, key=lambda unmatched: unmatched.names))
