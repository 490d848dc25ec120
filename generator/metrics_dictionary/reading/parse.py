"""From a file's bytes to its data, with every reason why it must not reach the dictionary.

Whatever the bytes are, the result is data that JSON can carry, diagnostics, or both; never an exception. The data is
built from the parser's events, not by PyYAML's constructors: that is twice as fast, and nothing that a tag or an alias
asks for ever happens.
"""

from __future__ import annotations

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Fix, Severity, TextEdit
from metrics_dictionary.reading.comments import comments_to_this_tool, trailing_comments
from metrics_dictionary.reading.document import Document, Doubt, Kind
from metrics_dictionary.reading.events import MAX_DEPTH, Event, events_of
from metrics_dictionary.reading.positions import JsonPath, Position, json_path, position_of
from metrics_dictionary.reading.scalars import UnsupportedScalarError, read_scalar
from metrics_dictionary.reading.syntax_errors import merge_conflict, syntax_problem, too_deep
from metrics_dictionary.tools.text import escaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.reading.root import SourceFile

MAX_DEFINITION_BYTES = 64 * 1024
"""Bytes. The longest real definitions have 6 KiB."""

MAX_COLLECTION_BYTES = 1024 * 1024
"""Bytes, for the kinds of files that hold many entries."""

UTF_16_HELP = "Save the file as UTF-8. PowerShell writes it with `Out-File -Encoding utf8`."

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"!", f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq"}


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file's data and what is wrong with its text. ``document`` is None where the data would not be the author's."""

    document: Document | None
    diagnostics: tuple[Diagnostic, ...]


def max_bytes(kind: Kind) -> int:
    """Return how many bytes a file of this kind may have."""
    return MAX_DEFINITION_BYTES if kind in (Kind.METRIC, Kind.EVENT) else MAX_COLLECTION_BYTES


def parse(source: SourceFile, raw: bytes, *, limit: int | None = None) -> ParsedFile:
    """Parse the bytes of a YAML file, or the first ones of a file that is longer than it may be.

    ``limit`` is that length in bytes, where it is not the one of the file's kind.
    """
    problems = _Problems(source.file)
    text = _decoded(raw, max_bytes(source.kind) if limit is None else limit, problems)
    if text is None:
        return ParsedFile(None, tuple(problems.found))
    content = _Content(problems)
    broken = merge_conflict(text, readable=True)
    try:
        if broken is None:
            content.read(text)
    except yaml.YAMLError as error:
        broken = syntax_problem(error, text)
    if broken is not None:
        problems.add(broken.rule, broken.message, broken.position, help_text=broken.help)
        return ParsedFile(None, tuple(problems.found))
    if not content.complete:
        return ParsedFile(None, tuple(problems.found))
    directives, trailing = comments_to_this_tool(text), trailing_comments(text)
    document = Document(
        source.file,
        source.file_path,
        source.kind,
        content.data,
        source.unsaved,
        directives,
        trailing,
        tuple(content.doubts),
    )
    return ParsedFile(document, tuple(problems.found))


@dataclass(frozen=True, slots=True)
class _Problems:
    """Collects the diagnostics of one file."""

    file: str
    found: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        rule: str,
        message: str,
        position: Position = (1, 1),
        path: JsonPath = (),
        *,
        help_text: str = "",
        fix: Fix | None = None,
    ) -> None:
        line, column = position
        suggestion = fix.edits[0].text if fix else None
        self.found.append(
            Diagnostic(
                rule, Severity.ERROR, message, self.file, line, column, json_path(path), help_text, suggestion, fix
            )
        )


def _decoded(raw: bytes, limit: int, problems: _Problems) -> str | None:
    if len(raw) > limit:
        problems.add("yaml-too-large", f"the file has more than {limit // 1024} KiB")
        return None
    if utf_16(raw):
        problems.add("yaml-encoding", "the file is UTF-16, not UTF-8", help_text=UTF_16_HELP)
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8" if error.start else "the file is not UTF-8"
        problems.add("yaml-encoding", message, _end_of(before))
        return None
    if "\0" in text:
        problems.add("yaml-encoding", "the file holds a NUL character", _end_of(text[: text.index("\0")]))
        return None
    return text


def utf_16(raw: bytes) -> bool:
    """Return whether bytes are UTF-16: by the byte order mark, or by the NUL bytes beside ASCII characters."""
    start = raw[:64]
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return True
    nul_bytes = sorted((start[::2].count(0), start[1::2].count(0)))
    return len(start) >= 4 and nul_bytes == [0, len(start) // 2]


def _end_of(text: str) -> Position:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


_Items = dict[str, object] | list[object] | None


@dataclass(slots=True)
class _Repetition:
    """A key that a mapping has more than once: where it stands for the second time, and how often in all."""

    mapping: dict[str, object]
    path: JsonPath
    second: Event
    times: int = 1


class _Content:
    """Builds the data of the first document from the events.

    ``complete`` turns false where the data cannot be trusted: an alias, or nesting beyond the limit; ``_ended`` turns
    true where nothing more is to be read. ``_items`` is the
    mapping or list that is being filled, ``_key`` the key of a mapping's next value, ``_outer`` both of what is around.
    """

    def __init__(self, problems: _Problems) -> None:
        self.data: object = None
        self.complete = True
        self._problems = problems
        self._items: _Items = None
        self._key: str | None = None
        self._outer: list[tuple[_Items, str | None]] = []
        self._aliases: list[Event] = []
        self._documents = 0
        self._ended = False
        self.doubts: list[Doubt] = []
        self._repeated: dict[tuple[int, str], _Repetition] = {}

    def read(self, text: str) -> None:
        handlers: dict[type[Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._start_document,
        }
        for event in events_of(text):
            handle = handlers.get(type(event))
            if handle is not None:
                handle(event)
                if self._ended:
                    break
        self._report_repetitions()
        self._report_aliases()

    def _start_document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            self._report("yaml-multiple-documents", "a second document starts here", event)
            self._ended = True

    def _alias(self, event: Event) -> None:
        self._aliases.append(event)
        self._put(None, event)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        items, key = self._items, self._key
        value: object = event.value
        if event.anchor is not None:
            self._aliases.append(event)
        if key is None and type(items) is dict:
            self._take_key(event, items)
            return
        if event.tag is not None:
            self._check_tag(event.tag, event)
        elif event.implicit[0]:
            try:
                value, other = read_scalar(event.value)
                if other is not None:
                    self.doubts.append(Doubt(self._path(), event.value, value, other))
            except UnsupportedScalarError as error:
                self._report("yaml-type", str(error), event, error.help, fix=_in_quotes(event))
        if key is not None and type(items) is dict:  # as `_put` does, for the most frequent case
            items[key] = value
            self._key = None
        else:
            self._put(value, event)

    def _take_key(self, event: yaml.ScalarEvent, mapping: dict[str, object]) -> None:
        """Take a key as it is written: ``on``, ``1`` and ``null`` are texts here, as they are in JSON."""
        self._key = key = sys.intern(event.value)
        if key in mapping:
            known = self._repeated.setdefault((id(mapping), key), _Repetition(mapping, self._path(), event))
            known.times += 1
        if key == "<<" and event.implicit[0]:
            self._aliases.append(event)

    def _report_repetitions(self) -> None:
        for (_, key), found in self._repeated.items():
            times = "twice" if found.times == 2 else f"{found.times} times"
            message = f"the key `{escaped(key)}` is written {times}"
            self._problems.add("yaml-duplicate-key", message, position_of(found.second.start_mark), found.path)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._aliases.append(event)
        if event.tag is not None:
            self._check_tag(event.tag, event)
        self._outer.append((self._items, self._key))
        self._items, self._key = {} if type(event) is yaml.MappingStartEvent else [], None
        if len(self._outer) > MAX_DEPTH:
            deep = too_deep(position_of(event.start_mark))
            self._report(deep.rule, deep.message, event, deep.help)
            self.complete = False
            self._ended = True

    def _end(self, event: Event) -> None:
        finished = self._items
        self._items, self._key = self._outer.pop()
        self._put(finished, event)

    def _put(self, value: object, event: Event) -> None:
        """Put a finished value where it belongs."""
        items = self._items
        if items is None:
            self.data = value
        elif isinstance(items, list):
            items.append(value)
        elif self._key is not None:
            items[self._key] = value
            self._key = None
        else:
            help_text = "Write a string as the key, and the list or mapping as its value."
            self._report("yaml-type", "a key must be a string, not a list or a mapping", event, help_text)
            self._key = ""

    def _check_tag(self, tag: str, event: Event) -> None:
        if tag not in _PLAIN_TAGS:
            written = tag.replace(_TAG, "!!")
            message = f"the tag `{escaped(written)}` has no place in a definition"
            self._report("yaml-type", message, event, "Remove the tag; quotes alone make a string.")

    def _report_aliases(self) -> None:
        if not self._aliases:
            return
        self.complete = False
        first, others = self._aliases[0], len(self._aliases) - 1
        name = getattr(first, "anchor", None)
        what = "a merge key `<<`" if name is None else f"{_alias_word(first)} `{escaped(name)}`"
        self._report("yaml-alias", what + (f", and {others} more in this file" if others else ""), first)

    def _report(self, rule: str, message: str, event: Event, help_text: str = "", fix: Fix | None = None) -> None:
        self._problems.add(rule, message, position_of(event.start_mark), self._path(), help_text=help_text, fix=fix)

    def _path(self) -> JsonPath:
        collections = [*self._outer[1:], (self._items, self._key)] if self._items is not None else []
        return tuple(len(items) if isinstance(items, list) else key or "" for items, key in collections)


def _in_quotes(event: yaml.ScalarEvent) -> Fix | None:
    """Return what puts a plain scalar into quotes as it is written, None where it goes on in another line."""
    start, end = position_of(event.start_mark), position_of(event.end_mark)
    if start[0] != end[0] or end[1] - start[1] != len(event.value):
        return None
    return Fix((TextEdit(*start, *end, f'"{event.value}"'),), safe=True)


def _alias_word(event: Event) -> str:
    return "the alias" if isinstance(event, yaml.AliasEvent) else "the anchor"
