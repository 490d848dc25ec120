"""The structure of a database: its objects by kind and name, each with its definition on one line."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from metrics_dictionary.ping.database import postgres_catalog, sqlite_catalog
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Database

Snapshot = dict[str, dict[str, str]]
"""Kind, one of ``KINDS`` -> name -> definition. Columns, foreign keys and triggers are named ``table.name``."""

KINDS = ("tables", "table_columns", "indexes", "foreign_keys", "triggers")

_CATALOGS = {"sqlite": sqlite_catalog.QUERIES, "postgresql": postgres_catalog.QUERIES}
"""Adapter -> kind -> query for the names and definitions; several definitions of one name stand in order."""


def snapshot(database: Database) -> Snapshot:
    """Return the structure of a database, sorted by name. Raises DatabaseError and its kinds."""
    queries = _CATALOGS[database.adapter]
    return {kind: _objects(database.rows(queries[kind])) for kind in KINDS}


def _objects(rows: list[tuple[object, ...]]) -> dict[str, str]:
    definitions: defaultdict[str, list[str]] = defaultdict(list)
    for name, definition in rows:
        definitions[str(name)].append(" ".join(str(definition).split()))
    return {name: "; ".join(definitions[name]) for name in sorted(definitions)}


def parse_snapshot(text: str, file: str) -> Snapshot:
    """Return the snapshot in a JSON text; ``file`` is where it stands. Raises OperationalError for anything else."""
    remedy = "write it with `metrics-dictionary database snapshot`"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OperationalError(f"{file}: not a snapshot of a database: {error}; {remedy}") from None
    if not isinstance(document, dict) or set(document) != set(KINDS):
        raise OperationalError(f"{file}: a snapshot of a database has the keys {', '.join(KINDS)}; {remedy}")
    for kind, objects in document.items():
        if not isinstance(objects, dict) or not all(isinstance(definition, str) for definition in objects.values()):
            raise OperationalError(f"{file}: {kind} has to be a mapping of names to definitions; {remedy}")
    return document
