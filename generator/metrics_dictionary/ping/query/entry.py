"""Values in an entry of ``instrumentations/``, each with its path for messages and the metric whose options it takes.

Where the entry says ``{option: NAME}``, the value is the one that the metric gives in ``options``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

MAX_DEPTH = 64
"""Levels of mappings and lists. No sensible entry comes near it; a hostile one must not exhaust the stack."""


class InstrumentationError(ValueError):
    """An instrumentation does not say how to compute a metric.

    The message names the metric, the instrumentation, the value concerned and what to do.
    """


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and its path in the entry. Where the author left it out, ``value`` is None and ``given`` is false."""

    value: object
    instrumentation: Instrumentation
    metric: MetricDefinition
    path: tuple[str | int, ...] = ()
    given: bool = True

    @classmethod
    def of(cls, instrumentation: Instrumentation, metric: MetricDefinition) -> Entry:
        """Return the whole entry of an instrumentation, which takes its options from this metric."""
        return cls(instrumentation.fields, instrumentation, metric)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def at(self, key: str) -> Entry:
        """Return the value of a key."""
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return self._inner(key, value, given=key in self)

    def pairs(self) -> list[tuple[str, Entry]]:
        """Return the keys and values of a mapping, none where it was left out. Raises InstrumentationError."""
        if not self.given:
            return []
        if not isinstance(self.value, Mapping) or not all(isinstance(key, str) for key in self.value):
            raise self.error("must be a mapping with names as keys")
        return [(key, self.at(key)) for key in self.value]

    def items(self) -> list[Entry]:
        """Return the items of a list, none where it was left out. Raises InstrumentationError."""
        if not self.given:
            return []
        if not isinstance(self.value, list):
            raise self.error("must be a list")
        return [self._inner(index, value) for index, value in enumerate(self.value)]

    def resolved(self) -> Entry:
        """Return the metric's option where the value is ``{option: NAME}``, else the value itself.

        Raises InstrumentationError where the metric does not give the option and it has no default.
        """
        if "option" not in self:
            return self
        name = self.at("option").string()
        if name in self.metric.options:
            return replace(self, value=self.metric.options[name])
        if "default" in self:
            return replace(self, value=self.at("default").value)
        raise self.error(
            f"takes the option {name!r}, which the metric does not give; "
            f"add `options: {{{name}: ...}}` to the metric or a default to the instrumentation"
        )

    def string(self) -> str:
        """Return a string that is not empty and that a database can store. Raises InstrumentationError."""
        value = self.value
        if not isinstance(value, str) or not value:
            raise self.error("must be a string that is not empty" if self.given else "is missing")
        return self.storable(value)

    def storable(self, value: str) -> str:
        """Return the string. Raises InstrumentationError for one that no database can store."""
        if _UNSTORABLE.search(value):
            raise self.error("must not contain a NUL or half of a surrogate pair")
        return value

    def error(self, problem: str) -> InstrumentationError:
        """Return the error that says which value of which entry has this problem."""
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        name, file = self.instrumentation.name, self.instrumentation.file_path
        return InstrumentationError(f"{self.metric.key_path}: {name}{where} in {file} {problem}")

    def _inner(self, key: str | int, value: object, *, given: bool = True) -> Entry:
        inner = Entry(value, self.instrumentation, self.metric, (*self.path, key), given)
        if len(inner.path) > MAX_DEPTH:
            raise self.error(f"is nested more than {MAX_DEPTH} levels deep; write flatter conditions")
        return inner
