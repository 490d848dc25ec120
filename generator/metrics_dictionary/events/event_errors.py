"""What is wrong with a request that reports events, in words for its sender."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from metrics_dictionary.tools.near_misses import did_you_mean
from metrics_dictionary.tools.text import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_ERRORS = 100
"""How many errors one answer lists. Nothing more is looked at then."""

MAX_SUGGESTIONS = 3
"""For how many names of a request similar ones are looked for."""

_MAX_SHOWN = 60


class EventsRefusedError(Exception):
    """A request reports events that cannot be counted. Each of ``errors`` is a sentence that names its place."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class InvalidEventsError(EventsRefusedError):
    """The request does not have the form of events (400)."""


class UncountableEventsError(EventsRefusedError):
    """The form is right, but the dictionary does not have these events, or they happened too long ago (422)."""


class EventErrors:
    """The errors of one request, in the order of its body."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._invalid = False
        self._suggestions: dict[tuple[str, str], str] = {}

    def invalid(self, sentence: str) -> None:
        """Note something that does not have the form of an event. Raises the errors when there are too many."""
        self._invalid = True
        self._add(sentence)

    def uncountable(self, sentence: str) -> None:
        """Note an event that has the form of one and cannot be counted. Raises the errors when there are too many."""
        self._add(sentence)

    def raise_any(self) -> None:
        """Raise what was noted, all of it: InvalidEventsError, or UncountableEventsError where the form is right."""
        if self._sentences:
            raise (InvalidEventsError if self._invalid else UncountableEventsError)(tuple(self._sentences))

    def suggestion(self, name: str, place: str, near: Callable[[str], Iterable[str]]) -> str:
        """Ask whether one of the names that ``near`` returns was meant; empty where there is none.

        It asks for the first names only, each once in a ``place``: who makes names up must not keep the server busy.
        """
        found = self._suggestions.get((place, name))
        if found is None and len(self._suggestions) < MAX_SUGGESTIONS:
            question = did_you_mean(near(name), quoted)
            found = self._suggestions[place, name] = f"; {question}" if question else ""
        return found or ""

    def _add(self, sentence: str) -> None:
        if len(self._sentences) == MAX_ERRORS:
            self._sentences.append("and more")
            self.raise_any()
        self._sentences.append(sentence)


def described(value: object) -> str:
    """Show a value of a request in an error: short, on one line, and as text that can be written as UTF-8.

    A string is quoted, a number is written out, and of a list or an object only the type is named.
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else _NOT_FINITE.get(value, "NaN")
    return _KINDS.get(type(value), "an object")


_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}
_KINDS: dict[type, str] = {list: "a list", tuple: "a list", type(None): "null"}


def quoted(text: str) -> str:
    """Quote a string: shortened, and with everything escaped that is not printable."""
    short = shortened(text, _MAX_SHOWN).replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped(short)}"'
