"""What a client sends: a JSON object or a form."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.server.api.form import FormError, parse_form
from metrics_dictionary.server.api.route import FORM
from metrics_dictionary.server.api.router import content_type_of
from metrics_dictionary.server.transport.message import Response, error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics_dictionary.server.api.route import Call

_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')


@dataclass(frozen=True, slots=True)
class Fields:
    """The parameters of a call. In a form every value is a text."""

    values: Mapping[str, object]
    form: bool


def read_fields(call: Call) -> Fields | Response:
    """Return the parameters, or the 400 that says where the body is wrong. Nothing sent is no parameters."""
    form = content_type_of(call.request) == FORM
    if not call.body:
        return Fields({}, form)
    if form:
        try:
            return Fields(parse_form(call.body), form)
        except FormError as fault:
            return error(400, str(fault))
    value = _json(call.body)
    if isinstance(value, dict):
        return Fields(value, form)
    return value if isinstance(value, Response) else error(400, "the body must be a JSON object")


class _NoJsonError(ValueError):
    """A number that JSON does not have."""


def _refuse_constant(constant: str) -> float:
    raise _NoJsonError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _json(body: bytes) -> object:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        return error(400, f"the body is not UTF-8: byte {fault.start + 1} cannot be read")
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as fault:
        reason = fault.msg[:1].lower() + fault.msg[1:]
        return error(400, f"the body is not JSON: line {fault.lineno}, column {fault.colno}: {reason}")
    except _NoJsonError as fault:
        return error(400, f"the body is not JSON: {_place(text, str(fault))}: {fault} is no JSON number")
    except RecursionError:
        return error(400, "the body is nested too deeply")
    except ValueError:
        return error(400, "the body has a number that is too large")


def _place(text: str, constant: str) -> str:
    """Return where the first such constant stands that is not part of a text."""
    start = next((match.start() for match in _STRING_OR_CONSTANT.finditer(text) if match[0] == constant), 0)
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    return f"line {line}, column {column}"
