"""One version of a definition's file: the text of each field, parsed only where two versions differ.

A history has many versions and few differences; parsing all of them would take longer than the rest of a build.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.changes.field_change import FieldChange
from metrics_dictionary.reading.parse import parse
from metrics_dictionary.reading.root import SourceFile
from metrics_dictionary.reading.scalars import UnsupportedScalarError, plain_scalar
from metrics_dictionary.tools.json_values import equal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics_dictionary.reading.document import Kind

_FIELD = re.compile(r"^([A-Za-z_][\w.-]*)[ \t]*:(?=[ \t\r\n]|\Z)", re.MULTILINE)
_LEADING = re.compile(r"\A\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---[ \t]*\r?\n)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_WORD = re.compile(r"[ \t]*([\w./:-]+)[ \t]*\r?\n?")


@dataclass(frozen=True, slots=True)
class Version:
    """``texts`` has what stands after each field's colon, up to the next field."""

    kind: Kind
    texts: Mapping[str, str]

    def value(self, field: str) -> object:
        """Return a field's value; None when it is absent, its text when that is not YAML by itself."""
        text = self.texts.get(field)
        if text is None:
            return None
        if word := _WORD.fullmatch(text):
            try:
                return plain_scalar(word[1])
            except UnsupportedScalarError:
                return word[1]
        data = _parsed(self.kind, f"{field}:{text}")
        return data[field] if isinstance(data, dict) and field in data else text.strip()

    def text(self, field: str) -> str | None:
        """Return a field's value when it is a string."""
        value = self.value(field)
        return value if isinstance(value, str) else None

    @property
    def name(self) -> str | None:
        """The key path of a metric, or the action of an event."""
        return self.text("key_path" if "key_path" in self.texts else "action")


def version_of(kind: Kind, content: bytes) -> Version:
    """Take a file's content apart."""
    text = content.decode("utf-8", "replace")
    fields = list(_FIELD.finditer(text))
    leading = _LEADING.match(text)
    if not fields or leading is None or fields[0].start() != leading.end():
        return _unusual_version(kind, text)
    ends = [field.start() for field in fields[1:]] + [len(text)]
    return Version(kind, {field[1]: text[field.end() : end] for field, end in zip(fields, ends, strict=True)})


def field_changes(befores: Sequence[Version], after: Version) -> tuple[FieldChange, ...]:
    """Return the fields whose value is none of those before; a merge has several versions before it, others have one.

    What a merge took from one side was changed there. ``before`` is the value of the first side.
    """
    names = dict.fromkeys((*after.texts, *(name for before in befores for name in before.texts)))
    changes: list[FieldChange] = []
    for name in names:
        text = after.texts.get(name)
        if any(before.texts.get(name) == text for before in befores):
            continue
        values = [before.value(name) for before in befores]
        value = after.value(name)
        if not any(equal(value, earlier) for earlier in values):
            changes.append(FieldChange(name, values[0], value))
    return tuple(changes)


def _unusual_version(kind: Kind, text: str) -> Version:
    """Return the version of a text that does not start with a plain field, such as one in braces."""
    data = _parsed(kind, text)
    if not isinstance(data, dict):
        return Version(kind, {})
    return Version(kind, {name: f" {json.dumps(value, ensure_ascii=False)}\n" for name, value in data.items()})


def _parsed(kind: Kind, text: str) -> object:
    source = SourceFile(Path("history"), "history", "history", kind)
    document = parse(source, text.encode("utf-8", "replace")).document
    return document.data if document is not None else None
