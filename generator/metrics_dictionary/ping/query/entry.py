"""A value in an instrumentation's entry: where it stands, and the option of the metric that fills it in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.dictionary import Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

DEPTH_LIMIT = 64
"""Levels of mappings and lists. No sensible entry comes near; a hostile one must not exhaust the stack."""


class InstrumentationError(ValueError):
    """An instrumentation does not say how to compute a metric.

    The message names the metric, the instrumentation, the value concerned and what to do.
    """


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, or nothing (``value`` is None and ``given`` false) where the author left it out."""

    value: object
    instrumentation: Instrumentation
    metric: MetricDefinition
    path: tuple[str | int, ...] = ()
    given: bool = True

    @classmethod
    def of(cls, instrumentation: Instrumentation, metric: MetricDefinition) -> Entry:
        """Return the whole entry of an instrumentation, to be filled in by a metric."""
        return cls(instrumentation.fields, instrumentation, metric)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def at(self, key: str) -> Entry:
        """Return the value of a key."""
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return self._inner(key, value, given=key in self)

    def pairs(self) -> list[tuple[str, Entry]]:
        """Return the keys and values of a mapping; nothing has none. Raises InstrumentationError for the rest."""
        if not self.given:
            return []
        if not isinstance(self.value, Mapping) or not all(isinstance(key, str) for key in self.value):
            raise self.error("must be a mapping with names as keys")
        return [(key, self.at(key)) for key in self.value]

    def items(self) -> list[Entry]:
        """Return the items of a list; nothing has none. Raises InstrumentationError for anything else."""
        if not self.given:
            return []
        if not isinstance(self.value, list):
            raise self.error("must be a list")
        return [self._inner(index, value) for index, value in enumerate(self.value)]

    def filled(self) -> Entry:
        """Return the value that the metric's options give where the entry says ``option``, otherwise itself.

        Raises InstrumentationError for an option that the metric does not give and that has no default.
        """
        if "option" not in self:
            return self
        name = self.at("option").text()
        if name in self.metric.options:
            return replace(self, value=self.metric.options[name])
        if "default" in self:
            return replace(self, value=self.at("default").value)
        raise self.error(
            f"takes the option {name!r}, which the metric does not give; "
            f"add `options: {{{name}: ...}}` to the metric or a default to the instrumentation"
        )

    def text(self) -> str:
        """Return the value as text that a database and a page can hold. Raises InstrumentationError."""
        value = self.value
        if not isinstance(value, str) or not value:
            raise self.error("must be a text" if self.given else "is missing")
        return self.storable(value)

    def storable(self, value: str) -> str:
        """Return the text unless no database could hold it: then raise InstrumentationError."""
        if _UNSTORABLE.search(value):
            raise self.error("must not contain a NUL or half of a surrogate pair")
        return value

    def error(self, problem: str) -> InstrumentationError:
        """Return the error that this value has a problem."""
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        name, file = self.instrumentation.name, self.instrumentation.file_path
        return InstrumentationError(f"{self.metric.key_path}: {name}{where} in {file} {problem}")

    def _inner(self, key: str | int, value: object, *, given: bool = True) -> Entry:
        inner = Entry(value, self.instrumentation, self.metric, (*self.path, key), given)
        if len(inner.path) > DEPTH_LIMIT:
            raise self.error(f"is nested more than {DEPTH_LIMIT} levels deep; write flatter conditions")
        return inner
