"""What other readers of YAML make of a plain scalar: Ruby's Psych, which GitLab uses, and readers of YAML 1.2.

We read as PyYAML does, by YAML 1.1. Psych follows that version with rules of its own (``Psych::ScalarScanner`` of Ruby
3.1 to 3.4), YAML 1.2 has fewer words and numbers (its core schema, section 10.3.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Scalar = str | int | float | bool | None


class Foreign(StrEnum):
    """What a reader may make of a scalar that JSON does not have."""

    DATE = "a date"
    SYMBOL = "a symbol"


@dataclass(frozen=True, slots=True)
class OtherReading:
    """What another reader makes of a scalar: ``value`` is never what we read."""

    reader: str
    value: Scalar | Foreign

    @property
    def words(self) -> str:
        """The reading in words: ``as the number 45000 by Ruby``."""
        return f"as {in_words(self.value)} by {self.reader}"


def other_reading(text: str, ours: Scalar | Foreign) -> OtherReading | None:
    """Return the reading of the first reader that takes a plain scalar for something else than ``ours``."""
    if ours == text and text[:1] not in _STARTS and text.lower() not in _RUBY_WORDS:
        return None  # nearly every scalar of a definition: nobody reads it as anything but a string
    for reader, read in (("Ruby", _ruby), ("YAML 1.2", _core)):
        theirs = read(text)
        if type(theirs) is not type(ours) or theirs != ours:
            return OtherReading(reader, theirs)
    return None


def in_words(value: Scalar | Foreign) -> str:
    """Return what a scalar is read as: ``the number 12``, ``true``, ``a string``, ``a date``."""
    if isinstance(value, Foreign):
        return value.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a string" if isinstance(value, str) else f"the number {value}"


_RUBY_WORDS: dict[str, Scalar] = {"~": None, "null": None}
_RUBY_WORDS |= dict.fromkeys(("yes", "true", "on"), True) | dict.fromkeys(("no", "false", "off"), False)
_STARTS = frozenset(("", *"0123456789+-.:~"))
"""How everything begins that some reader does not take for a string, apart from words."""

_RUBY_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(\.[0-9_]*)?")
_RUBY_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?")
_RUBY_INTEGER = re.compile(r"[-+]?(?:0b[01_,]+|0[0-7_,]+|0|[1-9](?:[0-9]|[,_][0-9])*|0x[0-9a-fA-F_,]+)")
_RUBY_DATE = re.compile(r"[0-9]{4}-(?:1[012]|0?[1-9])-(?:[12][0-9]|3[01]|0?[1-9])")
_RUBY_TIME = re.compile(r"-?[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|\s+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*")


def _ruby(text: str) -> Scalar | Foreign:
    if not text:
        return None
    if text.lower() in _RUBY_WORDS and text.isascii():
        return _RUBY_WORDS[text.lower()]
    if "\n" in text:
        return text
    if text[0] == ":" and len(text) > 1:
        return Foreign.SYMBOL
    if _RUBY_DATE.fullmatch(text) or _RUBY_TIME.fullmatch(text):
        return Foreign.DATE
    return _ruby_number(text)


def _ruby_number(text: str) -> Scalar:
    if base_60 := _RUBY_BASE_60.fullmatch(text):
        # Psych takes what stands first for hours, also where two parts are minutes and seconds.
        parts = [_leading_number(part) * 60 ** abs(place - 2) for place, part in enumerate(text.split(":"))]
        return float(sum(parts)) if base_60[1] else int(sum(parts))
    if _RUBY_FLOAT.fullmatch(text) and any(character.isdigit() for character in text):
        return _number(float, text.replace(",", "").replace("_", ""), text)
    if _RUBY_INTEGER.fullmatch(text):
        plain = text.replace(",", "").replace("_", "")
        digits = plain.lstrip("+-")
        base = {"0b": 2, "0x": 16}.get(digits[:2], 8 if len(digits) > 1 and digits[0] == "0" else 10)
        return _number(lambda written: int(written, base), plain, text)
    return text


def _leading_number(text: str) -> int | float:
    """Return the number that a text starts with, as Ruby's ``to_i`` and ``to_f`` do: ``1_0`` is 10, ``1__0`` is 1."""
    found = re.match(r"[-+]?[0-9]+(?:_[0-9]+)*(\.[0-9]+(?:_[0-9]+)*)?", text)
    if found is None:
        return 0
    digits = found[0].replace("_", "")
    return float(digits) if found[1] else int(digits)


_CORE_WORDS: dict[str, Scalar] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_CORE_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_CORE_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def _core(text: str) -> Scalar:
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return _number(int, text, text)
    if re.fullmatch(r"0o[0-7]+|0x[0-9a-fA-F]+", text):
        return _number(lambda written: int(written, 0), text, text)
    return _number(float, text, text) if _CORE_FLOAT.fullmatch(text) else text


def _number(read: Callable[[str], int | float], digits: str, text: str) -> Scalar:
    """Return the number, or the text itself where the digits make none."""
    try:
        return read(digits)
    except ValueError:
        return text
