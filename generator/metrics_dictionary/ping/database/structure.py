"""The structure of a database as a snapshot, and how it differs from the expected one."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from metrics_dictionary.ping.database.catalogs import CATALOGS
from metrics_dictionary.ping.database.sqlite_tables import TABLES, written_definitions
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.ping.database.database import Database

Snapshot = dict[str, dict[str, str]]
"""Kind, one of ``KINDS`` -> name -> definition on one line. Columns, foreign keys and triggers are ``table.name``."""

KINDS = ("tables", "table_columns", "indexes", "foreign_keys", "triggers")

_OBJECT_TYPES = dict(zip(KINDS, ("table", "column", "index", "foreign_key", "trigger"), strict=True))

MAX_INCONSISTENCIES = 150


def snapshot(database: Database) -> Snapshot:
    """Return the structure of a database, sorted by name. Raises DatabaseError and its kinds."""
    queries = CATALOGS[database.adapter]
    written = written_definitions(database.rows(TABLES)) if database.adapter == "sqlite" else {}
    return {kind: _objects([*database.rows(queries[kind]), *written.get(kind, ())]) for kind in KINDS}


def _objects(rows: list[tuple[Any, ...]]) -> dict[str, str]:
    definitions: defaultdict[str, list[str]] = defaultdict(list)
    for name, definition in rows:
        definitions[str(name)].append(" ".join(str(definition).split()))
    return {name: "; ".join(definitions[name]) for name in sorted(definitions)}


def parse_snapshot(text: str, file: str) -> Snapshot:
    """Return the snapshot in a JSON document; ``file`` is its name. Raises OperationalError for any other document."""
    remedy = "write it with `metrics-dictionary database snapshot`"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OperationalError(f"{file}: the file is not a snapshot of a database: {error}; {remedy}") from None
    if not isinstance(document, dict) or set(document) != set(KINDS):
        raise OperationalError(
            f"{file}: the file is not a snapshot of a database, whose keys are {', '.join(KINDS)}; {remedy}"
        )
    for kind, objects in document.items():
        if not isinstance(objects, dict) or not all(isinstance(definition, str) for definition in objects.values()):
            raise OperationalError(f"{file}: {kind} must be an object of names and definitions; {remedy}")
    return document


def inconsistencies(expected: Snapshot, actual: Snapshot) -> list[dict[str, str]]:
    """Return up to 150 differences, each with ``object_name``, ``inconsistency_type`` and ``object_type``.

    The order is that of the kinds, then of the names. A table that is missing or extra stands for its columns.
    """
    found = [difference for kind in KINDS for difference in _of_kind(kind, expected, actual)]
    return found[:MAX_INCONSISTENCIES]


def _of_kind(kind: str, expected: Snapshot, actual: Snapshot) -> Iterator[dict[str, str]]:
    wanted, present = expected[kind], actual[kind]
    lone_tables = tuple(f"{table}." for table in expected["tables"].keys() ^ actual["tables"].keys())
    for name in sorted(wanted.keys() | present.keys()):
        if wanted.get(name) == present.get(name):
            continue
        if kind == "table_columns" and name.startswith(lone_tables):
            continue
        difference = "extra" if name not in wanted else "missing" if name not in present else "different_definition"
        yield {
            "object_name": name,
            "inconsistency_type": f"{difference}_{kind}",
            "object_type": _OBJECT_TYPES[kind],
        }
