"""What a rule about the whole dictionary may look at, with the look-ups that several rules share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.metric import SUFFIXES
from metrics_dictionary.tools.near_misses import NearMisses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metrics_dictionary.dictionary.definition import Definition
    from metrics_dictionary.dictionary.dictionary import Dictionary, Instrumentation
    from metrics_dictionary.dictionary.metric import MetricDefinition
    from metrics_dictionary.dictionary.selection_rule import SelectionRule
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.tools.near_misses import Suggestion

_MAX_UNREAD_LENGTH = 1024 * 1024
"""Characters. A file that is longer is unread because of its length."""

_MAX_WORDS = 200
"""How many wrong words get a suggestion. A tree with more of them is incomplete, not mistyped, and has to end soon."""


@dataclass(frozen=True)
class RuleContext:
    """A dictionary, the documents that it was read from, and the files of the root that gave none."""

    dictionary: Dictionary
    documents: Sequence[Document]
    unread: Sequence[str] = ()

    def document_of(self, definition: Definition | Instrumentation) -> Document:
        """Return the document that a metric, an event or an instrumentation was read from."""
        return self._documents_by_path[definition.file_path]

    def stands_in_an_unread_file(self, name: str) -> bool:
        """Return whether a name that is defined nowhere may be defined in a file that could not be parsed.

        That file has its own finding, and each reference into it would only repeat it.
        """
        return any(name in text for text in self._unread_texts)

    def suggestion(self, word: str, names: Iterable[str], kind: str) -> Suggestion | None:
        """Return the name to write in place of ``word``, or None. ``kind`` says which names these are."""
        if kind not in self._suggestions:
            self._suggestions[kind] = NearMisses(names, most_words=_MAX_WORDS)
        return self._suggestions[kind].suggestion(word)

    @cached_property
    def live_metrics(self) -> tuple[MetricDefinition, ...]:
        """The metrics that are not removed: a removed one may refer to what went with it."""
        return tuple(metric for metric in self.dictionary.metrics if not metric.removed)

    @cached_property
    def key_paths(self) -> tuple[tuple[str, MetricDefinition], ...]:
        """Every key path with the definition that claims it, after time-frame expansion, in the order of the files."""
        return tuple(
            (key_path, metric)
            for metric in self.dictionary.metrics
            if metric.key_path
            for key_path in key_paths_of(metric)
        )

    @cached_property
    def selections(self) -> tuple[tuple[MetricDefinition, tuple[SelectionRule, ...]], ...]:
        """The live metrics that select events, with their selection rules."""
        return tuple((metric, metric.selection_rules) for metric in self.live_metrics if metric.fields.get("events"))

    @cached_property
    def _documents_by_path(self) -> Mapping[str, Document]:
        return {document.file_path: document for document in self.documents}

    @cached_property
    def _unread_texts(self) -> tuple[str, ...]:
        return tuple(_beginning(Path(file)) for file in self.unread)

    @cached_property
    def _suggestions(self) -> dict[str, NearMisses]:
        return {}


def _beginning(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_UNREAD_LENGTH)
    except OSError:
        return ""


def key_paths_of(metric: MetricDefinition) -> tuple[str, ...]:
    """Return the key paths of ``metric.expand()`` without building the definitions; each once."""
    if not isinstance(metric.fields.get("time_frame"), list):
        return (metric.key_path,)
    return tuple(dict.fromkeys(metric.key_path + SUFFIXES.get(frame, "") for frame in metric.time_frames))
