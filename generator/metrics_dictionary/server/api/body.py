"""The parameters of a call: a JSON object, or a form (form.py), and what stands in the query.

What a body costs is bounded before it is read: the standard library reads fast, but not what is made to be slow.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import accumulate, islice
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.server.api.form import MAX_REPEATED, FormError, parse_form, parse_multipart
from metrics_dictionary.server.api.route import FORM, FORMS
from metrics_dictionary.server.transport.request import SECRET_PARAMETERS
from metrics_dictionary.server.transport.response import Response, error_response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from metrics_dictionary.server.transport.request import Request

MAX_VALUES = 10_000
"""Values in a JSON body, at any depth. Fifty events with a hundred properties each have half as many."""

MAX_LEVELS = 128
"""Levels of a JSON body. A batch of fifty events has fewer brackets, so that most bodies need no closer look."""

_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]++|\\.)*+"|-?(?:NaN|Infinity)')

_BLANKS = b" \t\r\n"
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}


class Fields(NamedTuple):
    """The parameters of a call. In a form every value is a string.

    ``repeated`` has the JSON paths of keys that stand there more than once, some of them at least; the last one counts.
    """

    values: Mapping[str, object]
    form: bool
    repeated: tuple[str, ...] = ()


def read_fields(request: Request) -> Fields | Response:
    """Return the parameters, those of the body and of the query, or the 400 that says where they are wrong.

    As in GitLab's API, what the body says counts, and no body has no parameters.
    """
    fields = _fields_of_body(request) if request.body else Fields({}, request.content_type in FORMS)
    if request.query_text and isinstance(fields, Fields):
        fields = _with_query(fields, request.query_text)
    if isinstance(fields, Fields) and not SECRET_PARAMETERS.isdisjoint(fields.values):
        # A token is no news, and in the body it is too late: who may not call cannot make a server read a body.
        values = {name: value for name, value in fields.values.items() if name not in SECRET_PARAMETERS}
        return fields._replace(values=values)
    return fields


def _fields_of_body(request: Request) -> Fields | Response:
    repeated: list[str] = []
    if request.content_type in FORMS:
        try:
            if request.content_type == FORM:
                values = parse_form(request.body, repeated)
            else:
                values = parse_multipart(request.body, request.headers["content-type"], repeated)
        except FormError as error:
            return error_response(400, str(error))
        return Fields(values, form=True, repeated=tuple(repeated))
    value = read_json(request.body, repeated)
    if isinstance(value, dict):
        return Fields(value, form=False, repeated=tuple(repeated))
    return value if isinstance(value, Response) else error_response(400, "the body must be a JSON object")


def _with_query(fields: Fields, text: str) -> Fields | Response:
    """Add the parameters of the query. They are strings, so that numbers are read from strings as in a form."""
    repeated: list[str] = []
    try:
        query = parse_form(text.encode("latin-1"), repeated)
    except FormError as error:
        return error_response(400, f"the query string: {error}")
    if query.keys() <= SECRET_PARAMETERS:
        return fields
    repeated += [name for name in query if name in fields.values and name not in SECRET_PARAMETERS]
    return Fields({**query, **fields.values}, form=True, repeated=(*fields.repeated, *repeated))


class _ConstantError(ValueError):
    """A number that JSON does not have."""


def _refuse_constant(constant: str) -> float:
    raise _ConstantError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


class _Repeating(dict[str, object]):
    """An object that has keys twice, which the class `dict` forgets."""

    repeated: tuple[str, ...] = ()


def _any_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = _Repeating(pairs)
    if len(found) != len(pairs):
        found.repeated = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return found


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_slow_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_any_object)


def _decoded(body: bytes, text: str, repeated: list[str]) -> object:
    """Read JSON fast, and a second time where a key may be there again, which the fast decoder does not tell."""
    value = _decoder.decode(text)
    keys = _key_count(value) if isinstance(value, dict) else _key_count({"": value}) - 1
    if not _is_simple(body, keys):
        value = _slow_decoder.decode(text)
        repeated += islice(_repeated(value, ""), MAX_REPEATED)
    return value


def _is_simple(body: bytes, keys: int) -> bool:
    """Whether a text has no more keys than were found in it, so that none is there twice: each has one colon."""
    if body.count(b":") == keys:
        return True
    # Strings have colons as well: those of keys stand behind a quote, which strings have behind a backslash only.
    return body.count(b'":') == keys and not any(piece in body for piece in (b"\\", b" :", b"\t:", b"\n:", b"\r:"))


def _key_count(value: dict[str, object]) -> int:
    """Count the keys of an event or of a batch; of what is nested in another way, too few."""
    keys = len(value)
    for item in value.values():
        if type(item) is dict:
            keys += len(item)
        elif type(item) is list:
            for event in item:
                if type(event) is dict:
                    keys += len(event)
                    properties = event.get("additional_properties")
                    if type(properties) is dict:
                        keys += len(properties)
    return keys


def _repeated(value: object, path: str) -> Iterator[str]:
    """Return the JSON path of each key that stands in its object more than once."""
    if isinstance(value, _Repeating):
        before = f"{path}." if path else ""
        yield from (f"{before}{name}" for name in value.repeated)
        for name, item in value.items():
            yield from _repeated(item, f"{before}{name}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _repeated(item, f"{path}[{position}]")


def read_json(body: bytes, repeated: list[str] | None = None) -> object:
    """Return a JSON value, or the 400 that says where it is none; ``repeated`` gets the paths of repeated keys."""
    if excess := _excess(body):
        return error_response(400, excess)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error_response(400, f"the body is not UTF-8: byte {error.start + 1} cannot be read")
    try:
        return _decoded(body, text, [] if repeated is None else repeated)
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
