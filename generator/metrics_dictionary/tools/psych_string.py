"""How Ruby's Psych quotes a string: the decision that it takes before libyaml lays the text out.

Psych quotes what its own scanner would read as something other than a string, so the tests here follow that scanner
(``Psych::ScalarScanner`` and ``YAMLTree#visit_String`` of Ruby 3.1), not the YAML specification: ``12e03`` stays
plain, ``1_000`` and ``1:30`` do not. Ruby's regular expressions have other character classes than Python's, which is
why each class is spelled out.
"""

from __future__ import annotations

import re
import unicodedata

LITERAL = "|"
SINGLE_QUOTED = "'"
DOUBLE_QUOTED = '"'

_INNER_LINE_BREAK = re.compile(r"\n(?!\n?\Z)")
_OCTAL_LOOKALIKE = re.compile(r"0[0-7]*[89]")
# Ruby matches the ligature too when it ignores case.
_WORD = re.compile(r"(?:yes|true|on|no|false|off|o\ufb00|null)\n?", re.IGNORECASE)
_NUMBER = re.compile(
    r"""
      0b[01_,]+
    | 0[0-7_,]*
    | [1-9](?:[,_]?[0-9])*
    | 0x[0-9a-fA-F_,]+
    | [0-9][0-9_,]*\.[0-9]*(?:[eE][-+][0-9]+)?
    | [0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(?:\.[0-9_]*)?  # base 60
    """,
    re.VERBOSE,
)
_DATE = re.compile(r"([0-9]{4})-(1[012]|0[0-9]|[0-9])-([12][0-9]|3[01]|0[0-9]|[0-9])")
_TIME = re.compile(
    r"""
    [0-9]{4}-([0-9]{1,2})-([0-9]{1,2}) (?:[Tt]|[ \t\r\f\v]+)
    ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) (?:\.[0-9]*)?
    (?:[ \t\r\f\v]*(?:Z|[-+]([0-9]{1,2}:?(?:[0-9]{2})?)))?
    """,
    re.VERBOSE,
)


def string_style(text: str) -> str | None:
    """Return the style that Psych asks for: ``|``, ``"``, ``'``, or None for plain where libyaml allows it."""
    if _INNER_LINE_BREAK.search(text):
        return LITERAL
    if text in ("y", "n") or _starts_like_syntax(text):
        return DOUBLE_QUOTED
    if not _reads_as_string(text) or _OCTAL_LOOKALIKE.match(text):
        return SINGLE_QUOTED
    return None


def _starts_like_syntax(text: str) -> bool:
    """Whether the first character is no word character; a double quote further on makes Psych look no closer."""
    if text.endswith("\n\n"):
        return True
    return text != "" and not _is_word_character(text[0]) and '"' not in text[1:]


def _is_word_character(character: str) -> bool:
    """Whether Ruby's ``[[:word:]]`` matches; its Unicode is version 13, and Python's may know a few letters more."""
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("Nd", "Nl", "Pc") or "Ⓐ" <= character <= "ⓩ"


def _reads_as_string(text: str) -> bool:
    """Whether Psych's scanner gives back a string. ``_starts_like_syntax`` has taken out signs, dots and tildes."""
    if not text:
        return False
    if text[0] == ":":
        return "\n" in text
    if "0" <= text[0] <= "9":
        return not (_NUMBER.fullmatch(text) or _is_date(text) or _is_time(text))
    return len(text) > len("false") or not _WORD.fullmatch(text)


def _is_date(text: str) -> bool:
    """Whether this is a day of Ruby's calendar, which is the Julian one until October 4th, 1582."""
    if not (match := _DATE.fullmatch(text)):
        return False
    year, month, day = map(int, match.groups())
    leap = year % 4 == 0 and (year <= 1582 or year % 100 != 0 or year % 400 == 0)
    days = 29 if month == 2 and leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return month >= 1 and 1 <= day <= days and not (year == 1582 and month == 10 and 5 <= day <= 14)


def _is_time(text: str) -> bool:
    """Whether Ruby's ``Time`` takes it: every month has 31 days, a day may end at 24:00:00, a minute has 61 seconds."""
    if not (match := _TIME.fullmatch(text)):
        return False
    month, day, hour, minute, second = map(int, match.groups()[:5])
    if not (1 <= month <= 12 and 1 <= day <= 31 and minute <= 59 and second <= 60):
        return False
    if hour > 24 or (hour == 24 and (minute or second)):
        return False
    return _offset_minutes(match[6] or "") < 24 * 60


def _offset_minutes(offset: str) -> int:
    hours, _, minutes = offset.partition(":") if ":" in offset else (offset[:2], "", offset[2:])
    return int(hours or 0) * 60 + int(minutes or 0)
