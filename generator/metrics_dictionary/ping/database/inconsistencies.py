"""How the structure of a database differs from the expected one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.snapshot import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.ping.database.snapshot import Snapshot

MOST = 150

_OBJECT_TYPES = dict(zip(KINDS, ("table", "column", "index", "foreign_key", "trigger"), strict=True))


def inconsistencies(expected: Snapshot, actual: Snapshot) -> list[dict[str, str]]:
    """Return up to 150 differences, each with ``object_name``, ``inconsistency_type`` and ``object_type``.

    The order is that of the kinds, then of the names. A table that is missing or extra stands for its columns.
    """
    found = [difference for kind in KINDS for difference in _of_kind(kind, expected, actual)]
    return found[:MOST]


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
