"""An instrumentation: how the value of a metric is computed, as data."""

from __future__ import annotations

from dataclasses import dataclass

from metrics_dictionary.dictionary.fields import Fields, text


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """One class of ``instrumentations/*.yml``; the fields follow ``instrumentation.json``.

    ``file_path`` is relative to the folder that holds the definitions root.
    """

    name: str
    fields: Fields
    file_path: str

    @property
    def source(self) -> str | None:
        """What computes the value: ``database``, ``setting``, ``license``, ``machine``, ``prometheus``, ..."""
        return text(self.fields.get("source"))
