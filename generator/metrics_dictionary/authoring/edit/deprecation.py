"""Marking a definition as removed: it stays, so that old payloads can still be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.canonical import FIELDS
from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.source_text import Edit, SourceText, data_of, source_text
from metrics_dictionary.authoring.edit.tree import Collection, Entry, tree_of
from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.reading.root import find_files
from metrics_dictionary.reading.scalar_text import on_one_line, quoted
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import did_you_mean, near_misses
from metrics_dictionary.validation.validate import validate_unsaved

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.dictionary.definition import Definition
    from metrics_dictionary.dictionary.dictionary import Dictionary

_LIVE_ONLY = "repair_issue_url"
"""A field that says nothing once the metric is gone."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """The file that is marked now, the metrics that are gone with it, and those that still count a removed event."""

    file: str
    key_paths: tuple[str, ...]
    still_counting: tuple[str, ...]


def deprecate(roots: tuple[Path, ...], name: str, milestone: str, url: str) -> Deprecation:
    """Mark the metric of a key path, or the event of that name, as removed.

    A key path may be written as its definition has it or with the suffix of a time frame; the definition goes as a
    whole. Raises OperationalError when the name is unknown or removed already, when the result would have errors, and
    when the root cannot be read or written.
    """
    dictionary = read_dictionary(roots).dictionary
    definition = _find(dictionary, name)
    if definition.removed:
        since = definition.fields.get("milestone_removed", "an unknown version")
        raise OperationalError(f"{definition.file_path}: `{name}` is already marked as removed in {since}")
    before = source_text(next(one for one in find_files(roots) if one.file_path == definition.file_path))
    if before.problem is not None:
        raise OperationalError(f"{before.source.file}: {before.problem}; fix that first")
    text = _marked(before, milestone, url)
    _check(before, text, roots)
    save_all({before.source.path: text})
    return Deprecation(before.source.file, *_consequences(dictionary, definition))


def _find(dictionary: Dictionary, name: str) -> Definition:
    names: dict[str, Definition] = {
        **{event.name: event for event in dictionary.events},
        **{metric.key_path: metric for metric in dictionary.metrics if metric.key_path},
    }
    file_paths = {metric.file_path: metric for metric in dictionary.metrics}
    if name in names:
        return names[name]
    if name in dictionary.expanded:
        return file_paths[dictionary.expanded[name].file_path]
    close = near_misses(name, [*names, *dictionary.expanded])
    hint = did_you_mean(close) or "`export` lists all metrics, with `--events` all events"
    raise OperationalError(f"no metric or event is called `{name}`; {hint}")


def _marked(before: SourceText, milestone: str, url: str) -> str:
    """Return the text with the three fields of a removal in their places, and nothing else changed."""
    tree = tree_of(before.text)
    if tree is None or not isinstance(tree.root, Collection) or tree.root.in_brackets:
        raise OperationalError(f"{before.source.file}: the fields are not on lines of their own; run `fmt` on it first")
    fields = {
        "status": "removed",
        "milestone_removed": quoted(milestone),
        "removed_by_url": on_one_line(url),
    }
    entries = {entry.key.value: entry for entry in tree.root.entries if entry.key is not None}
    edits = [_field(before, entries, name, written) for name, written in fields.items()]
    if _LIVE_ONLY in entries:
        entry = entries[_LIVE_ONLY]
        edits.append(Edit(entry.start, _line_end(before.text, entry), ""))
    return before.edited(edits)


def _field(before: SourceText, entries: dict[str, Entry], name: str, written: str) -> Edit:
    if name in entries:
        value = entries[name].value
        return Edit(value.start, value.end, written)
    order = FIELDS[before.source.kind]
    earlier = order[: order.index(name)]
    # Two new fields may follow the same one: edits at one place keep the order in which they were made.
    after = next(one for one in reversed(earlier) if one in entries)
    place = _line_end(before.text, entries[after])
    line_break = "\r\n" if "\r\n" in before.text else "\n"
    before_it = line_break if place == len(before.text) and not before.text.endswith(("\r", "\n")) else ""
    return Edit(place, place, f"{before_it}{name}: {written}{line_break}")


def _line_end(text: str, entry: Entry) -> int:
    """Return where the line after an entry begins."""
    value = entry.value
    while isinstance(value, Collection) and not value.in_brackets and value.entries:
        value = value.entries[-1].value
    if not isinstance(value, Collection) and value.style in ("|", ">"):
        return value.end
    found = re.compile(r"\r\n|\n|\Z").search(text, value.end)
    return found.end() if found else len(text)


def _check(before: SourceText, text: str, roots: tuple[Path, ...]) -> None:
    """Raise OperationalError unless the text says what it said, apart from the removal, and has no errors."""
    new = mapping(data_of(before.source, text))
    removal = {"status", "milestone_removed", "removed_by_url", _LIVE_ONLY}
    kept = {name: value for name, value in mapping(before.data).items() if name not in removal}
    if {name: value for name, value in new.items() if name not in removal} != kept or new.get("status") != "removed":
        raise OperationalError(f"{before.source.file}: cannot be marked without other changes; run `fmt` on it first")
    found = validate_unsaved(before.source.path, text.encode(), beside=roots).diagnostics
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        raise OperationalError(f"{first.file}: nothing was written: {first.message} ({first.rule})")


def _consequences(dictionary: Dictionary, definition: Definition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    of_file = [one.key_path for one in dictionary.expanded.values() if one.file_path == definition.file_path]
    counting = dictionary.metrics_of(definition) if isinstance(definition, EventDefinition) else []
    return tuple(of_file), tuple(one.key_path for one in counting if not one.removed)
