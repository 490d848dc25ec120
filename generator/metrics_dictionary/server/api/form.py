"""Form bodies, nested as Rack nests them: ``additional_properties[lang]=eng``, ``events[][event]=x``."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

MOST_FIELDS = 10_000
DEEPEST = 8
"""Levels of brackets; no call of the API has more than three."""

_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


class FormError(ValueError):
    """The body is no form, or its fields contradict each other; says which."""


def parse_form(body: bytes) -> dict[str, object]:
    """Return the fields; values are texts. Raises FormError."""
    try:
        fields = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict", encoding="utf-8"
        )
    except UnicodeDecodeError:
        raise FormError("the form is not UTF-8") from None
    except ValueError:
        raise FormError(f"the form has more than {MOST_FIELDS} fields") from None
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
    if len(steps) > DEEPEST:
        raise FormError(f"the form has a field that is nested more than {DEEPEST} levels deep: {name[:60]!r}")
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
    """Add to a list: a text, or a field of its last object, or of a new one when the last has that field already."""
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
