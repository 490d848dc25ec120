"""Two editions side by side: which definitions were added or deleted, and which changed in which fields.

Metrics are matched by their key paths after time-frame expansion, so neither the file that a definition is in nor the
way its time frames are written makes a difference. A definition that lost its key path, or an event its action, is
looked for in its old file.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from metrics_dictionary.changes.compare.computation import (
    ComputationChange,
    changed_instrumentations,
    computation_changes,
)
from metrics_dictionary.changes.compare.edition import inside_root
from metrics_dictionary.dictionary.definition import Fields, text
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import SUFFIXES, MetricDefinition
from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from metrics_dictionary.changes.compare.edition import Edition
    from metrics_dictionary.dictionary.dictionary import Dictionary

Definition = MetricDefinition | EventDefinition
Kind = TypeVar("Kind", MetricDefinition, EventDefinition)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The values of a field; None where it is absent."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change(Generic[Kind]):
    """A definition that is in both editions and not the same.

    ``names`` are its key paths after expansion that both have, or its action; ``lost`` are those that only the older
    one has, ``gained`` those that only the newer one has. ``computations`` say what is computed differently,
    ``computed_alike`` that the SQL is known to be the same in spite of other changes.
    """

    before: Kind
    after: Kind
    names: tuple[str, ...]
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    computations: tuple[ComputationChange, ...] = ()
    computed_alike: bool = False

    def field(self, name: str) -> FieldChange | None:
        """Return the change of a field, if it changed."""
        return next((change for change in self.fields if change.field == name), None)


class Lone(NamedTuple, Generic[Kind]):
    """A definition that only one of the editions has, with its key paths or its action."""

    definition: Kind
    names: tuple[str, ...]


@dataclass(frozen=True)
class Compared(Generic[Kind]):
    """What became of the metrics, or of the events."""

    changed: tuple[Change[Kind], ...] = ()
    added: tuple[Lone[Kind], ...] = ()
    deleted: tuple[Lone[Kind], ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two editions and what is different. Metrics or events of which one says nothing are left out."""

    before: Edition
    after: Edition
    metrics: Compared[MetricDefinition] = field(default_factory=Compared)
    events: Compared[EventDefinition] = field(default_factory=Compared)


def compare(before: Edition, after: Edition) -> Comparison:
    """Compare two editions; what one of them could not read is left out."""
    return Comparison(before, after, _metrics(before, after), _events(before, after))


class _Claim(NamedTuple):
    """A key path's definition as written, and as expanded to the time frame of the key path."""

    written: MetricDefinition
    expanded: MetricDefinition


def _claims(dictionary: Dictionary) -> dict[str, _Claim]:
    claims: dict[str, _Claim] = {}
    for metric in dictionary.metrics:
        for expanded in metric.expand():
            if expanded.key_path:
                claims.setdefault(expanded.key_path, _Claim(metric, expanded))
    return claims


class _Pair(NamedTuple):
    before: MetricDefinition
    after: MetricDefinition
    kept: list[str]
    lost: list[str]
    gained: list[str]


def _metrics(before: Edition, after: Edition) -> Compared[MetricDefinition]:
    if not before.tells_of_metrics or not after.tells_of_metrics:
        return Compared()
    old, new = _claims(before.dictionary), _claims(after.dictionary)
    pairs: dict[tuple[int, int], _Pair] = {}

    def pair(one: MetricDefinition, other: MetricDefinition) -> _Pair:
        return pairs.setdefault((id(one), id(other)), _Pair(one, other, [], [], []))

    for key_path in old.keys() & new.keys():
        pair(old[key_path].written, new[key_path].written).kept.append(key_path)
    successors = _Successors(old, new)
    deleted: defaultdict[int, list[str]] = defaultdict(list)
    for key_path in old.keys() - new.keys():
        claim = old[key_path]
        successor = successors.of(key_path, claim)
        if successor is not None:
            pair(claim.written, successor).lost.append(key_path)
        elif inside_root(claim.written.file_path) not in after.unread:
            deleted[id(claim.written)].append(key_path)
    by_successor = {id(each.after): each for each in pairs.values()}
    added: defaultdict[int, list[str]] = defaultdict(list)
    for key_path in new.keys() - old.keys():
        written = new[key_path].written
        if each := by_successor.get(id(written)):
            each.gained.append(key_path)
        elif inside_root(written.file_path) not in before.unread:
            added[id(written)].append(key_path)
    computed_anew = changed_instrumentations(before.dictionary, after.dictionary)
    changes = [_metric_change(each, old, new, before, after, computed_anew) for each in pairs.values()]
    return Compared(
        changed=_merged(change for change in changes if change is not None),
        added=_lone({id(claim.written): claim.written for claim in new.values()}, added),
        deleted=_lone({id(claim.written): claim.written for claim in old.values()}, deleted),
    )


class _Successors:
    """Finds the definition that took the place of one whose key path is gone."""

    def __init__(self, old: Mapping[str, _Claim], new: Mapping[str, _Claim]) -> None:
        self._by_key_path = {claim.written.key_path: claim.written for claim in new.values()}
        self._by_file: dict[str, MetricDefinition] = {}
        known = {id(claim.written) for key_path, claim in new.items() if key_path in old}
        for claim in new.values():
            if claim.written.file_path and id(claim.written) not in known:
                self._by_file.setdefault(inside_root(claim.written.file_path), claim.written)

    def of(self, key_path: str, claim: _Claim) -> MetricDefinition | None:
        written = claim.written
        if written.key_path in self._by_key_path:
            return self._by_key_path[written.key_path]
        # A combined file has a definition for each time frame: what it was written as is the key path without suffix.
        suffix = SUFFIXES.get(text(claim.expanded.fields.get("time_frame")) or "", "")
        origin = self._by_key_path.get(key_path.removesuffix(suffix))
        if suffix and origin is not None and isinstance(origin.fields.get("time_frame"), list):
            return origin
        return self._by_file.get(inside_root(written.file_path)) if written.file_path else None


def _metric_change(
    pair: _Pair,
    old: Mapping[str, _Claim],
    new: Mapping[str, _Claim],
    before: Edition,
    after: Edition,
    computed_anew: Collection[str],
) -> Change[MetricDefinition] | None:
    one, other = pair.before, pair.after
    same = one.fields == other.fields and not pair.lost and not pair.gained
    if same and other.instrumentation_class not in computed_anew:
        return None
    fields = [
        *_renaming(pair, old),
        *_time_frames(pair, old, new),
        *_field_changes(one.fields, other.fields, ("key_path", "time_frame")),
    ]
    expanded = [(key_path, old[key_path].expanded, new[key_path].expanded) for key_path in sorted(pair.kept)]
    computed = computation_changes(expanded, before.dictionary, after.dictionary)
    if not fields and not pair.lost and not pair.gained and not computed.changes:
        return None
    return Change(
        one,
        other,
        names=tuple(sorted(pair.kept)),
        lost=tuple(sorted(pair.lost)),
        gained=tuple(sorted(pair.gained)),
        fields=tuple(fields),
        computations=computed.changes,
        computed_alike=computed.alike,
    )


def _renaming(pair: _Pair, old: Mapping[str, _Claim]) -> Iterable[FieldChange]:
    """Yield the change of the key path, where the definition is not just one of the other's time frames."""
    if pair.kept or not pair.lost or pair.before.key_path == pair.after.key_path:
        return
    frame = text(old[pair.lost[0]].expanded.fields.get("time_frame")) or ""
    if pair.after.key_path + SUFFIXES.get(frame, "") != pair.before.key_path:
        yield FieldChange("key_path", pair.before.key_path, pair.after.key_path)


def _time_frames(pair: _Pair, old: Mapping[str, _Claim], new: Mapping[str, _Claim]) -> Iterable[FieldChange]:
    written, now = pair.before.fields.get("time_frame"), pair.after.fields.get("time_frame")
    alike_written = isinstance(written, list) is isinstance(now, list)
    other_period = any(_time_frame(old[key_path]) != _time_frame(new[key_path]) for key_path in pair.kept)
    if other_period or (written != now and (alike_written or pair.lost)):
        yield FieldChange("time_frame", written, now)


def _time_frame(claim: _Claim) -> object:
    return claim.expanded.fields.get("time_frame")


def _field_changes(before: Fields, after: Fields, apart_from: Sequence[str] = ()) -> Iterable[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        if name not in apart_from and not equal(before.get(name), after.get(name)):
            yield FieldChange(name, before.get(name), after.get(name))


def _merged(changes: Iterable[Change[MetricDefinition]]) -> tuple[Change[MetricDefinition], ...]:
    """Make one change of those that a combined file's three definitions of one metric underwent alike."""
    found: dict[tuple[int, str], Change[MetricDefinition]] = {}
    for change in changes:
        key = id(change.after), repr((change.fields, change.computed_alike))
        if (same := found.get(key)) is not None:
            change = Change(  # noqa: PLW2901 - the merged one takes the place of both
                same.before,
                same.after,
                names=tuple(sorted({*same.names, *change.names})),
                lost=tuple(sorted({*same.lost, *change.lost})),
                gained=tuple(sorted({*same.gained, *change.gained})),
                fields=same.fields,
                computations=(*same.computations, *change.computations),
                computed_alike=same.computed_alike,
            )
        found[key] = change
    return tuple(sorted(found.values(), key=lambda change: change.names or change.lost))


def _lone(
    written: Mapping[int, MetricDefinition], names: Mapping[int, list[str]]
) -> tuple[Lone[MetricDefinition], ...]:
    found = [Lone(written[each], tuple(sorted(key_paths))) for each, key_paths in names.items()]
    return tuple(sorted(found, key=lambda lone: lone.names))


def _events(before: Edition, after: Edition) -> Compared[EventDefinition]:
    if not before.tells_of_events or not after.tells_of_events:
        return Compared()
    old, new = before.dictionary.events, after.dictionary.events
    fresh = {inside_root(new[action].file_path): new[action] for action in new.keys() - old.keys()}
    changed = [_event_change(old[action], new[action]) for action in old.keys() & new.keys()]
    deleted: list[Lone[EventDefinition]] = []
    for action in old.keys() - new.keys():
        place = inside_root(old[action].file_path)
        if place and place in fresh:
            changed.append(_event_change(old[action], fresh.pop(place)))
        elif place not in after.unread:
            deleted.append(Lone(old[action], (action,)))
    added = [Lone(event, (event.action,)) for place, event in fresh.items() if place not in before.unread]
    return Compared(
        changed=tuple(sorted((change for change in changed if change is not None), key=lambda change: change.names)),
        added=tuple(sorted(added, key=lambda lone: lone.names)),
        deleted=tuple(sorted(deleted, key=lambda lone: lone.names)),
    )


def _event_change(before: EventDefinition, after: EventDefinition) -> Change[EventDefinition] | None:
    if before.fields == after.fields:
        return None
    return Change(before, after, (after.action,), fields=tuple(_field_changes(before.fields, after.fields)))
