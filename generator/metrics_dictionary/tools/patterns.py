"""Patterns of JSON Schemas: as browsers read them (ECMA-262, with the flag ``u``), matched by RE2 in linear time.

RE2 knows neither look-around nor back-references, and reads some signs otherwise than browsers do. What both have is
translated, so that a pattern means the same to the command, to the ping and to the site's payload reader; what RE2 does
not have is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from metrics_dictionary.tools.json_values import encodable

if TYPE_CHECKING:
    from collections.abc import Callable


class _Compiled(Protocol):
    def search(self, text: str) -> object:
        """Return a match, or None."""


class PatternError(ValueError):
    """The pattern is not one of ECMA-262, or RE2 cannot match it; the message says why."""


def matches(pattern: str, text: str) -> bool:
    """Return whether the pattern matches somewhere in the text. Raises PatternError."""
    return _compiled(pattern).search(encodable(text)) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> _Compiled:
    # Heavy, and needed for a schema with a pattern only.
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        compiled: _Compiled = re2.compile(_translated(pattern), options=options)
    except (re2.error, PatternError) as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise PatternError(f"the pattern {pattern} cannot be used: {reason}") from error
    return compiled


_SPACES = r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
_NO_SPACES = (
    r"\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}"
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}"
)
_ESCAPE = r"""
      \\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
    | \\u\{(?P<point>[0-9a-fA-F]+)\} | \\u(?P<unit>[0-9a-fA-F]{4}) | \\x(?P<byte>[0-9a-fA-F]{2})
    | \\c(?P<control>[A-Za-z]) | (?P<nul>\\0(?![0-9])) | (?P<property>\\[pP]\{[A-Za-z_]+\})
    | \\(?P<class>[dDwWsS]) | \\(?P<bound>[bB]) | (?P<sign>\\[\^$\\.*+?()\[\]{}|/] | \\[fnrtv])
"""
# Nothing but a group without a name, or whose name is never used, may follow `(?`; the flag `u` has no lone braces.
_OUTSIDE = r"""
    | (?P<group>\(\?(?::|<[A-Za-z_$][\w$]*>)) | \[\^? | (?P<dot>\.) | \{[0-9]+(?:,[0-9]*)?\} | \((?!\?)
    | [^\\{}()\]] | \)
"""
_INSIDE = r" | \\- | (?P<literal>[\[{}()]) | [^\\]"
_TOKEN = re.compile(_ESCAPE + _OUTSIDE, re.VERBOSE | re.DOTALL)
_TOKEN_IN_CLASS = re.compile(_ESCAPE + _INSIDE, re.VERBOSE | re.DOTALL)
_EMPTY_CLASSES = {"[": r"[^\x{0}-\x{10ffff}]", "[^": r"[\x{0}-\x{10ffff}]"}


def _translated(pattern: str) -> str:
    """Return the pattern in RE2's syntax; raises PatternError for what ECMA-262 does not have or RE2 does not."""
    whole: list[str] = []
    inner: list[str] | None = None
    position = 0
    while position < len(pattern):
        token = _TOKEN_IN_CLASS.match(pattern, position) if inner is not None else _TOKEN.match(pattern, position)
        if token is None:
            raise PatternError(f"{pattern[position : position + 3]} is not possible in it")
        position = token.end()
        if inner is None and token[0] in ("[", "[^"):
            inner = [token[0]]
        elif inner is not None and token[0] == "]":
            whole.append("".join([*inner, "]"]) if len(inner) > 1 else _EMPTY_CLASSES[inner[0]])
            inner = None
        else:
            translate = _TRANSLATIONS.get(token.lastgroup or "")
            (whole if inner is None else inner).append(translate(token, inner is not None) if translate else token[0])
    return "".join(whole if inner is None else [*whole, *inner])


def _point(number: int) -> str:
    if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF:
        raise PatternError("half of a surrogate pair cannot be matched")
    return f"\\x{{{number:x}}}"


def _class(token: re.Match[str], inside: bool) -> str:
    if token["class"] not in "sS":
        return token[0]
    characters = _SPACES if token["class"] == "s" else _NO_SPACES
    return characters if inside else f"[{characters}]"


_TRANSLATIONS: dict[str, Callable[[re.Match[str], bool], str]] = {
    "low": lambda token, _: _point(
        0x10000 + (int(token["high"], 16) - 0xD800) * 0x400 + int(token["low"], 16) - 0xDC00,
    ),
    "point": lambda token, _: _point(int(token["point"], 16)),
    "unit": lambda token, _: _point(int(token["unit"], 16)),
    "byte": lambda token, _: _point(int(token["byte"], 16)),
    "control": lambda token, _: _point(ord(token["control"]) % 32),
    "nul": lambda _, __: _point(0),
    "class": _class,
    "bound": lambda token, inside: _point(8) if inside and token["bound"] == "b" else token[0],
    "group": lambda _, __: "(?:",
    "dot": lambda _, __: r"[^\n\r\x{2028}\x{2029}]",
    "literal": lambda token, _: f"\\{token[0]}",
}
