"""A form, `application/x-www-form-urlencoded` or `multipart/form-data`, nested as Rack nests it.

``additional_properties[lang]=eng`` is a field of an object, ``events[][event]=x`` a field of an item of a list. What a
form costs is bounded before it is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FIELDS = 4_096
"""Fields of a form: as many as Rack reads."""

MAX_DEPTH = 8
"""Levels of brackets in a form; no call of the API has more than three."""

MAX_FIELD_NAME = 2_000
"""Characters in the name of a form's field, with brackets."""

MAX_PART_HEAD = 4_096
"""Bytes of the headers of a part."""

MAX_REPEATED = 51
"""Fields or keys that are named as repeated: as many as an answer can name, and one more."""

_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_PERCENT_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")

_BOUNDARY = re.compile(r';[ \t]*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:[ \t]*form-data[ \t]*", re.IGNORECASE | re.MULTILINE)
_PARAMETER = re.compile(rb';[ \t]*([a-z]+\*?)=(?:"((?:[^"\\\r\n]|\\[^\r\n])*+)"|([^\s;"]*))[ \t]*', re.IGNORECASE)
_CODING = re.compile(
    rb"^content-transfer-encoding:[ \t]*+(?!(?:7bit|8bit|binary)[ \t]*\r?$)", re.IGNORECASE | re.MULTILINE
)


class FormError(ValueError):
    """The text is not a form, or its fields contradict each other; says which."""


def parse_form(text: bytes, repeated: list[str] | None = None) -> dict[str, object]:
    """Return the fields; values are strings.

    ``repeated`` gets the JSON path of each field that is there again, some of them at least: the last one counts.
    Raises FormError.
    """
    if text.count(b"&") >= MAX_FIELDS:
        raise FormError(f"the form has more than {MAX_FIELDS:,} fields")
    return _nested(_urlencoded(text), [] if repeated is None else repeated)


def parse_multipart(body: bytes, content_type: str, repeated: list[str] | None = None) -> dict[str, object]:
    """Return the fields of `multipart/form-data` (RFC 7578) as `parse_form` does. ``content_type`` is the header."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise FormError("the Content-Type of the form does not say what the boundary is")
    delimiter = f"\r\n--{boundary[1] or boundary[2]}".encode("latin-1")
    if body.count(delimiter) > MAX_FIELDS:
        raise FormError(f"the form has more than {MAX_FIELDS:,} fields")
    _, *sections = (b"\r\n" + body).split(delimiter)
    end = next((number for number, section in enumerate(sections) if section.startswith(b"--")), None)
    if end is None:
        raise FormError("the form has no end: its last boundary, followed by --, is missing")
    return _nested(map(_part, sections[:end]), [] if repeated is None else repeated)


def _part(section: bytes) -> tuple[str, str]:
    """Return the name and the value of a part."""
    head, end, value = section.partition(b"\r\n\r\n")
    disposition = _DISPOSITION.search(head) if len(head) <= MAX_PART_HEAD else None
    if disposition is None or not end or not head.lstrip(b" \t").startswith(b"\r\n"):
        raise FormError("the form has a part without a Content-Disposition, or with long headers")
    parameters = dict(_parameters(head, disposition.end()))
    name = parameters.get(b"name", b"").decode("utf-8")
    if any(parameter.startswith(b"filename") for parameter in parameters):
        raise FormError(f"the form has a file, {name[:60]!r}; no call takes one")
    if _CODING.search(head):
        raise FormError(f"the form has a part with a Content-Transfer-Encoding: {name[:60]!r}")
    return name, value.decode("utf-8")


def _parameters(head: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    while match := _PARAMETER.match(head, position):
        quoted = match[2]
        yield match[1].lower(), match[3] if quoted is None else _unescaped(quoted)
        position = match.end()
    if head[position : position + 2] not in (b"", b"\r\n"):
        raise FormError("the form has a part whose Content-Disposition cannot be read")


def _unescaped(quoted: bytes) -> bytes:
    """Return a quoted string as it is meant; there is no line break in it, so that one can stand for a backslash."""
    return quoted.replace(rb"\\", b"\n").replace(rb"\"", b'"').replace(b"\n", b"\\")


def _urlencoded(text: bytes) -> Iterator[tuple[str, str]]:
    text.decode("utf-8")
    for field in filter(None, text.split(b"&")):
        name, _, value = field.partition(b"=")
        yield _unquoted(name), _unquoted(value)


def _nested(fields: Iterable[tuple[str, str]], repeated: list[str]) -> dict[str, object]:
    form: dict[str, object] = {}
    try:
        for name, value in fields:
            steps = _steps(name)
            if _put(form, steps, value, name) and len(repeated) < MAX_REPEATED:
                repeated.append(".".join(steps))
    except UnicodeDecodeError:
        raise FormError("the form is not UTF-8") from None
    return form


def _unquoted(text: bytes) -> str:
    """Decode percent escapes and `+`; a percent sign without two digits stays, as in `urllib.parse.unquote_plus`.

    That function makes a Python object of every percent sign and takes half a second for a megabyte of them.
    """
    text = text.replace(b"+", b" ")
    if b"%" in text:
        text = _PERCENT_ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace(b"%", b"").decode()), text)
    return text.decode("utf-8")


def _steps(name: str) -> list[str]:
    """Return ``events[][event]`` as ``events``, an empty step for the list, ``event``."""
    if len(name) > MAX_FIELD_NAME:
        raise FormError(f"the form has a field whose name is longer than {MAX_FIELD_NAME:,} characters: {name[:60]!r}")
    match = _FIELD.fullmatch(name)
    if match is None:
        raise FormError(f"the form has a field without a proper name: {name[:60]!r}")
    steps = [match[1], *_BRACKETS.findall(match[2])]
    if len(steps) > MAX_DEPTH:
        raise FormError(f"the form has a field that is nested more than {MAX_DEPTH} levels deep: {name[:60]!r}")
    return steps


def _put(container: dict[str, object], steps: list[str], value: str, field: str) -> bool:
    """Add a field; return whether it takes the place of an earlier one, which no field of a list's item does."""
    name, *rest = steps
    if not rest:
        is_repeated = name in container
        container[name] = value
        return is_repeated
    if rest[0] == "":
        items = container.setdefault(name, [])
        if not isinstance(items, list):
            raise _contradiction(field)
        _append(items, rest[1:], value, field)
        return False
    inner = container.setdefault(name, {})
    if not isinstance(inner, dict):
        raise _contradiction(field)
    return _put(inner, rest, value, field)


def _append(items: list[object], steps: list[str], value: str, field: str) -> None:
    """Add to a list: a string, or a field of its last object, or of a new one when the last has that field already."""
    if not steps:
        items.append(value)
        return
    last = items[-1] if items else None
    if not isinstance(last, dict) or _has(last, steps):
        last = {}
        items.append(last)
    _put(last, steps, value, field)


def _has(container: dict[str, object], steps: list[str]) -> bool:
    value = container.get(steps[0])
    if len(steps) == 1 or value is None:
        return value is not None
    return isinstance(value, dict) and _has(value, steps[1:])


def _contradiction(field: str) -> FormError:
    return FormError(f"the form uses one field in two ways: {field[:60]!r}")
