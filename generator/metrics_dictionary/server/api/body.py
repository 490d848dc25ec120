"""The body of a request: a JSON object, or a form that is nested as Rack nests it.

In a form, ``additional_properties[lang]=eng`` is a field of an object, ``events[][event]=x`` a field of an item of a
list.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from metrics_dictionary.server.api.route import FORM
from metrics_dictionary.server.transport.response import Response, error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.server.transport.request import Request

MAX_FIELDS = 10_000
MAX_DEPTH = 8
"""Levels of brackets; no call of the API has more than three."""

_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')
_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


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
    except RecursionError:
        return error_response(400, "the body is nested too deeply")
    except ValueError:
        return error_response(400, "the body has a number that is too large")


def _place(text: str, constant: str) -> str:
    """Return where the first such constant stands that is not part of a string."""
    start = next((match.start() for match in _STRING_OR_CONSTANT.finditer(text) if match[0] == constant), 0)
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    return f"line {line}, column {column}"


def parse_form(body: bytes) -> dict[str, object]:
    """Return the fields; values are strings. Raises FormError."""
    try:
        fields = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict", encoding="utf-8"
        )
    except UnicodeDecodeError:
        raise FormError("the form is not UTF-8") from None
    except ValueError:
        raise FormError(f"the form has more than {MAX_FIELDS} fields") from None
    form: dict[str, object] = {}
    for name, value in fields:
        _put(form, _steps(name), value, name)
    return form


def _steps(name: str) -> list[str]:
    """Return ``events[][event]`` as ``events``, an empty step for the list, ``event``."""
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
