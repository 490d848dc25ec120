"""The edition of a combined file: what ``metrics-dictionary export`` or ``GET metric_definitions`` gave."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.edition import Edition
from metrics_dictionary.dictionary.definition import text
from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.event import EventDefinition
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import parse
from metrics_dictionary.reading.root import SourceFile, shown
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Diagnostic

LARGEST = 64 * 1024 * 1024
"""Bytes. 100,000 definitions have about 75 MB, 5,000 have 4."""


def read_combined_file(path: Path) -> Edition:
    """Read a file; raises OperationalError when it cannot be read or is no list of definitions."""
    return combined_edition(shown(path), file_bytes(path, LARGEST))


def combined_edition(name: str, raw: bytes) -> Edition:
    """Read the bytes of a combined file, YAML or JSON, metrics or events or both.

    Raises OperationalError when they are no list of definitions.
    """
    data, faults = _data(name, raw)
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise OperationalError(f"{name}: not a list of definitions; `metrics-dictionary export` writes one")
    events = [entry for entry in data if "action" in entry and "key_path" not in entry]
    metrics = [entry for entry in data if "action" not in entry or "key_path" in entry]
    if not all("key_path" in entry for entry in metrics):
        raise OperationalError(f"{name}: an entry has neither a key_path nor an action; is it a combined file?")
    dictionary = Dictionary(
        metrics=tuple(MetricDefinition(_fields(entry), _file_path(entry)) for entry in metrics),
        event_definitions=tuple(EventDefinition(_fields(entry), _file_path(entry)) for entry in events) or None,
    )
    return Edition(name, dictionary, faults, whole=False)


def _data(name: str, raw: bytes) -> tuple[object, tuple[Diagnostic, ...]]:
    if raw.lstrip()[:1] == b"[":
        # A YAML list may start with a bracket, too.
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(raw.decode("utf-8-sig")), ()
    parsed = parse(SourceFile(Path(), name, name, Kind.METRIC), raw, limit=LARGEST)
    if parsed.document is None:
        problem = parsed.diagnostics[0]
        raise OperationalError(f"{problem.file}:{problem.line}:{problem.column}: {problem.message}")
    return parsed.document.data, parsed.diagnostics


def _fields(entry: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in entry.items() if name != "file_path"}


def _file_path(entry: dict[str, object]) -> str:
    return text(entry.get("file_path")) or ""
