"""What SQLite keeps of a table only in the text of its ``CREATE TABLE``: checks, collations, and some single words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Items = Iterator[list[str]]

TABLES = r"""
    SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND sql NOT LIKE 'CREATE VIRTUAL%'
"""

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|$)                                        # a comment, which means nothing
    |(?P<token>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]  # a string or a quoted name
    |[^\W\d][\w$]*|[\d.][\w.]*|[^\s])""",
    re.VERBOSE | re.DOTALL,
)

_CONSTRAINTS = {"constraint", "primary", "unique", "check", "foreign"}


def written_definitions(tables: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Return kind of a snapshot -> the names and definitions that follow from names and texts of tables."""
    found: dict[str, list[tuple[str, str]]] = {"tables": [], "table_columns": []}
    for table, text in tables:
        tokens = [_lowered(match["token"]) for match in _TOKEN.finditer(text) if match["token"]]
        body, options = _body_and_options(tokens)
        definitions = [*(["STRICT"] if "strict" in options else [])]
        for item in _items(body):
            of_column = item[0] not in _CONSTRAINTS
            for of_table, definition in _definitions(item):
                if of_table or not of_column:
                    definitions.append(definition)
                else:
                    found["table_columns"].append((f"{table}.{_unquoted(item[0])}", definition))
        found["tables"] += [(table, definition) for definition in sorted(definitions)]
    return found


def _lowered(token: str) -> str:
    """Return a token, in small letters unless it is a string or a quoted name."""
    return token if token[0] in "'\"`[" else token.lower()


def _unquoted(name: str) -> str:
    """Return a column's name without its quotes."""
    quote = name[0]
    if quote in "\"`'":
        return name[1:-1].replace(quote * 2, quote)
    return name[1:-1] if quote == "[" else name


def _body_and_options(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands between the outermost parentheses, and what follows them."""
    start = tokens.index("(") if "(" in tokens else len(tokens)
    end = _closing(tokens, start)
    return tokens[start + 1 : end], tokens[end + 1 :]


def _closing(tokens: list[str], start: int) -> int:
    """Return where the parenthesis closes that opens at ``start``."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[position], 0)
        if depth == 0:
            return position
    return len(tokens)


def _items(body: list[str]) -> Items:
    """Yield the tokens of each column and each constraint of a table."""
    item: list[str] = []
    depth = 0
    for word in [*body, ","]:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and depth == 0:
            if item:
                yield item
            item = []
        else:
            item.append(word)


def _definitions(item: list[str]) -> Iterator[tuple[bool, str]]:
    """Yield what one item says that the catalog does not know, and whether it concerns the whole table."""
    position = 0
    while position < len(item):
        word, following = item[position], item[position + 1 : position + 2]
        end = _closing(item, position + 1) if following == ["("] else position
        inside = " ".join(item[position + 1 : end + 1])
        if word == "check":
            yield True, f"CHECK {inside}"
        elif word == "as" and inside:
            yield False, f"AS {inside}"
        elif word == "collate" and following:
            yield False, f"COLLATE {_unquoted(following[0]).upper()}"
        elif word == "autoincrement":
            yield True, "AUTOINCREMENT"
        elif word == "conflict" and following:
            yield False, f"ON CONFLICT {following[0].upper()}"
        position = end + 1
