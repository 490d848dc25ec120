"""The body of a request: a JSON object, or a form that is nested as Rack nests it.

In a form, ``additional_properties[lang]=eng`` is a field of an object, ``events[][event]=x`` a field of an item of a
list.

What a body costs is bounded before it is read: the standard library reads fast, but not what is made to be slow.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from metrics_dictionary.server.api.route import FORM
from metrics_dictionary.server.transport.response import Response, error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.server.transport.request import Request

MAX_VALUES = 10_000
"""Values in a JSON body, at any depth. Fifty events with a hundred properties each have half as many."""

MAX_LEVELS = 128
"""Levels of a JSON body. A batch of fifty events has fewer brackets, so that most bodies need no closer look."""

MAX_FIELDS = 4_096
"""Fields of a form: as many as Rack reads."""

MAX_DEPTH = 8
"""Levels of brackets in a form; no call of the API has more than three."""

MAX_FIELD_NAME = 2_000
"""Characters in the name of a form's field, with brackets."""

_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]++|\\.)*+"|-?(?:NaN|Infinity)')
_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_PERCENT_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")

_BLANKS = b" \t\r\n"
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}


@dataclass(frozen=True, slots=True)
class Fields:
    """The parameters of a call. In a form every value is a string."""

    values: Mapping[str, object]
    form: bool


class FormError(ValueError):
    """The body is not a form, or its fields contradict each other; says which."""


def read_fields(request: Request) -> Fields | Response:
    """Return the parameters, or the 400 that says where the body is wrong. An empty body has no parameters."""
    is_form = request.content_type == FORM
    if not request.body:
        return Fields({}, is_form)
    if is_form:
        try:
            return Fields(parse_form(request.body), is_form)
        except FormError as error:
            return error_response(400, str(error))
    value = _json(request.body)
    if isinstance(value, dict):
        return Fields(value, is_form)
    return value if isinstance(value, Response) else error_response(400, "the body must be a JSON object")


class _ConstantError(ValueError):
    """A number that JSON does not have."""


def _refuse_constant(constant: str) -> float:
    raise _ConstantError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _json(body: bytes) -> object:
    if excess := _excess(body):
        return error_response(400, excess)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error_response(400, f"the body is not UTF-8: byte {error.start + 1} cannot be read")
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        return error_response(400, f"the body is not JSON: line {error.lineno}, column {error.colno}: {reason}")
    except _ConstantError as error:
        return error_response(400, f"the body is not JSON: {_place(text, str(error))}: {error} is not a JSON number")
    except ValueError:
        return error_response(400, "the body has a number that is too large")


def _excess(body: bytes) -> str | None:
    """Say which bound a JSON body is beyond. What is not JSON may pass: the decoder stops where it goes wrong."""
    opening = body.count(b"[") + body.count(b"{")
    if opening <= MAX_LEVELS and opening + body.count(b",") < MAX_VALUES:
        return None
    # What is left without strings, each of which is one quote here, and without blanks.
    parts = body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"', 4 * MAX_VALUES + 1)
    bones = b'"'.join(parts[::2]).translate(None, _BLANKS)
    empty = bones.count(b"[]") + bones.count(b"{}")
    values = bones.count(b"[") + bones.count(b"{") + bones.count(b",") + 1 - empty
    if values > MAX_VALUES or len(parts) > 4 * MAX_VALUES + 1:
        return f"the body has more quotes, commas or brackets than {MAX_VALUES:,} values need"
    brackets = bones.translate(None, _NO_BRACKETS)[: 2 * MAX_VALUES]
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_LEVELS:
        return f"the body is nested more than {MAX_LEVELS} levels deep"
    return None


def _place(text: str, constant: str) -> str:
    """Return where the first such constant stands that is not part of a string."""
    start = next((match.start() for match in _STRING_OR_CONSTANT.finditer(text) if match[0] == constant), 0)
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    return f"line {line}, column {column}"


def parse_form(body: bytes) -> dict[str, object]:
    """Return the fields; values are strings. Raises FormError."""
    if body.count(b"&") >= MAX_FIELDS:
        raise FormError(f"the form has more than {MAX_FIELDS:,} fields")
    form: dict[str, object] = {}
    try:
        body.decode("utf-8")
        for field in filter(None, body.split(b"&")):
            name, _, value = field.partition(b"=")
            path = _unquoted(name)
            _put(form, _steps(path), _unquoted(value), path)
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


def _put(container: dict[str, object], steps: list[str], value: str, field: str) -> None:
    name, *rest = steps
    if not rest:
        container[name] = value
    elif rest[0] == "":
        items = container.setdefault(name, [])
        if not isinstance(items, list):
            raise _contradiction(field)
        _append(items, rest[1:], value, field)
    else:
        inner = container.setdefault(name, {})
        if not isinstance(inner, dict):
            raise _contradiction(field)
        _put(inner, rest, value, field)


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
