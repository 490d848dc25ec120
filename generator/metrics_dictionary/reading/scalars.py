"""What a plain, unquoted YAML scalar stands for: text, number, boolean, nothing."""

from __future__ import annotations

import math
from functools import lru_cache

from yaml import SafeLoader, ScalarNode
from yaml.constructor import SafeConstructor

from metrics_dictionary.reading.other_readers import Foreign, OtherReading, Scalar, in_words, other_reading

MAX_NUMBER_LENGTH = 64
"""Characters. A definition needs no longer number."""

_INTEGER_LIMIT = 2**63
_TAG = "tag:yaml.org,2002:"
_CONSTRUCTOR = SafeConstructor()


class UnsupportedScalarError(ValueError):
    """The scalar has a meaning in YAML that JSON cannot carry, or that readers never agree on.

    The message says which, ``help`` what to do.
    """

    def __init__(self, message: str, help_text: str = "Put the value in quotes to make it a string.") -> None:
        super().__init__(message)
        self.help = help_text


def plain_scalar(text: str) -> Scalar:
    """Return the value of a plain scalar by the rules of YAML 1.1, which GitLab's tools follow too: ``16.10`` is 16.1.

    Raises UnsupportedScalarError for dates, numbers with colons, infinities, NaN, and numbers that do not fit in 64
    bits.
    """
    return read_scalar(text)[0]


def read_scalar(text: str) -> tuple[Scalar, OtherReading | None]:
    """Return the value as ``plain_scalar`` does, and what another reader takes the scalar for where it differs.

    Raises UnsupportedScalarError as ``plain_scalar`` does.
    """
    return _cached(text) if len(text) <= MAX_NUMBER_LENGTH else (_resolved(text), None)


def _compared(text: str) -> tuple[Scalar, OtherReading | None]:
    value = _resolved(text)
    return value, other_reading(text, value)


def _resolved(text: str) -> Scalar:
    kind = _kind(text)
    if kind == "null":
        return None
    if kind == "bool":
        return SafeConstructor.bool_values[text.lower()]
    if kind in ("int", "float"):
        return _number(text, kind)
    if kind == "timestamp":
        other = OtherReading("YAML 1.2", text)
        message = f"`{text}` is read as {in_words(Foreign.DATE)} here and {other.words}"
        raise UnsupportedScalarError(message, f'Put the date in quotes: "{text}".')
    return text


# Definitions repeat the same words: one object for each saves time, and memory in a large dictionary.
_cached = lru_cache(maxsize=8192)(_compared)


def _kind(text: str) -> str:
    for tag, pattern in SafeLoader.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            return str(tag).removeprefix(_TAG)
    return "str"


def _number(text: str, kind: str) -> int | float:
    if len(text) > MAX_NUMBER_LENGTH:
        raise UnsupportedScalarError(f"`{text[:20]}...` is read as a number of {len(text)} characters")
    node = ScalarNode(_TAG + kind, text)
    try:
        number = _CONSTRUCTOR.construct_yaml_int(node) if kind == "int" else _CONSTRUCTOR.construct_yaml_float(node)
    except ValueError as error:
        raise UnsupportedScalarError(f"`{text}` looks like a number but is not one") from error
    if not math.isfinite(number):
        message = f"`{text}` is read as a number that JSON does not have"
        raise UnsupportedScalarError(message, "Write a finite number, or put the value in quotes to make it a string.")
    if ":" in text:
        other = other_reading(text, number)
        differs = f" here and {other.words}" if other else ""
        raise UnsupportedScalarError(f"`{text}` is read as {in_words(number)}{differs}", f'Put it in quotes: "{text}".')
    if isinstance(number, int) and abs(number) >= _INTEGER_LIMIT:
        message = f"`{text}` is read as a number that does not fit in 64 bits"
        raise UnsupportedScalarError(message, "Write a smaller number, or put the value in quotes to make it a string.")
    return number
