"""Object schemas: the JSON Schemas of metrics whose value is an object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.reading.parse import largest
from metrics_dictionary.reading.root import object_schema_names, source_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.reading.root import SourceFile


def read_object_schemas(sources: Iterable[SourceFile]) -> tuple[dict[str, object], tuple[Diagnostic, ...]]:
    """Return each path that a definition may write -> the parsed schema, and what is wrong with the others.

    Raises OperationalError when a file cannot be read.
    """
    schemas: dict[str, object] = {}
    diagnostics: list[Diagnostic] = []
    for source in sources:
        schema: object = None
        try:
            schema = _parsed(source_bytes(source, largest(source.kind)), largest(source.kind))
        except json.JSONDecodeError as error:
            diagnostics.append(_diagnostic(source, error.msg, error.lineno, error.colno))
        except (ValueError, RecursionError) as error:
            diagnostics.append(_diagnostic(source, str(error), 1, 1))
        schemas.update(dict.fromkeys(object_schema_names(source), schema))
    return schemas, tuple(diagnostics)


def _parsed(raw: bytes, limit: int) -> object:
    if len(raw) > limit:
        raise ValueError(f"the file has more than {limit // 1024} KiB")
    return json.loads(raw.decode("utf-8-sig"))


def _diagnostic(source: SourceFile, problem: str, line: int, column: int) -> Diagnostic:
    message = f"not valid JSON: {problem}"
    return Diagnostic("json-syntax", Severity.ERROR, message, source.file, line, column)
