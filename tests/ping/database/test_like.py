"""``LIKE`` in both databases, held against a matcher in plain Python that reads pattern and text letter by letter."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from metrics_dictionary.ping.database.database import DatabaseError
from tests.ping.database.applications import relation

if TYPE_CHECKING:
    from tests.ping.database.applications import Application
    from tests.ping.database.conftest import Opener

NAMES = [
    "Ann",
    "ann",
    "ANN",
    "Änn",
    "änn",
    "a%n",
    "a_n",
    "a\\n",
    "a*n",
    "a?n",
    "a[n",
    "a]n",
    "[an]",
    "^n",
    "",
    "an",
    None,
]


def fits(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(fits(text[start:], pattern[1:]) for start in range(len(text) + 1))
    escaped = pattern[0] == "\\"
    letter, rest = (pattern[1], pattern[2:]) if escaped else (pattern[0], pattern[1:])
    return bool(text) and ((letter == "_" and not escaped) or letter == text[0]) and fits(text[1:], rest)


def fill(application: Application) -> None:
    application.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
    application.insert("people", [*enumerate(NAMES, start=1)])


def test_patterns_find_the_same_rows_in_both_databases(application: Application, opened: Opener) -> None:
    fill(application)
    chosen = random.Random(11)
    pieces = ["a", "A", "n", "N", "ä", "%", "_", "*", "?", "[", "]", "^", "\\%", "\\_", "\\\\", "\\a", "\\*"]
    patterns = ["a%", "A%", "ANN", "a\\%n", "a\\_n", "a\\\\n", "a*n", "a[n", "[an]", "%", ""]
    patterns += ["".join(chosen.choices(pieces, k=chosen.randrange(1, 5))) for _ in range(150)]
    database = opened()
    for pattern in patterns:
        like = {"column": "name", "operator": "LIKE", "value": pattern}
        expected = sum(name is not None and fits(name, pattern) for name in NAMES)
        others = sum(name is not None and not fits(name, pattern) for name in NAMES)
        within = {"select": {"table": "people", "column": "id", "conditions": [like]}}
        assert database.compute(relation("count", "people", conditions=[like])) == expected, pattern
        assert database.compute(relation("count", "people", conditions=[{"not": like}])) == others, pattern
        selected: dict[str, Any] = {"column": "id", "operator": "IN", "value": within}
        assert database.compute(relation("count", "people", conditions=[selected])) == expected, pattern


def test_a_pattern_that_ends_with_a_single_backslash_fails_in_both_databases(
    application: Application, opened: Opener
) -> None:
    fill(application)
    like = {"column": "name", "operator": "LIKE", "value": "a\\"}
    with pytest.raises(DatabaseError, match="must not end with"):
        opened().compute(relation("count", "people", conditions=[like]))
