"""What is wrong with a request that reports events, in words for whoever sent it."""

from __future__ import annotations

import math

from metrics_dictionary.tools.near_misses import did_you_mean
from metrics_dictionary.tools.text import escaped, shortened

MOST_FAULTS = 100
"""How many faults one answer lists."""

_SHOWN = 60


class InvalidEvents(Exception):  # noqa: N818 - what is wrong, as people say it
    """The request does not have the form of events (400). Each fault is a sentence with its place."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class UnknownEvents(Exception):  # noqa: N818
    """The form is right, but the dictionary does not have these events (422). Each fault is a sentence."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Faults:
    """The faults of one request, in the order of its body; at most MOST_FAULTS are kept, the others counted."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._more = 0
        self._invalid = False

    def invalid(self, sentence: str) -> None:
        """Note something that does not have the form of an event."""
        self._invalid = True
        self._add(sentence)

    def unknown(self, sentence: str) -> None:
        """Note an event that the dictionary does not have."""
        self._add(sentence)

    def refuse(self) -> None:
        """Raise what was noted, all of it: InvalidEvents, or UnknownEvents when nothing else is wrong."""
        if not self._sentences:
            return
        more = (f"and {self._more} more",) if self._more else ()
        kind = InvalidEvents if self._invalid else UnknownEvents
        raise kind((*self._sentences, *more))

    def _add(self, sentence: str) -> None:
        if len(self._sentences) < MOST_FAULTS:
            self._sentences.append(sentence)
        else:
            self._more += 1


def shown(value: object) -> str:
    """Show a value of a request in a fault: short, on one line, and as text that can be written as UTF-8.

    Text is quoted, a number is written out, and of a list or an object only the kind is said.
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
    """Quote a text, shortened, with everything escaped that is no printable character."""
    short = shortened(text, _SHOWN).replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped(short)}"'


def meant(candidates: tuple[str, ...]) -> str:
    """Ask whether one of these was meant; nothing to ask gives an empty text."""
    question = did_you_mean(candidates, quoted)
    return f"; {question}" if question else ""
