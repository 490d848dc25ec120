"""SQL on several lines: each clause and each condition on its own, sub-selects indented; not a word is changed."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|[()]"
    r"| (?=(?:FROM|WHERE|GROUP BY|ORDER BY|LIMIT|(?:INNER|CROSS|(?:LEFT|RIGHT|FULL)(?: OUTER)?) JOIN)\b)"
    r"|(?<!INNER)(?<!OUTER)(?<!CROSS)(?<!LEFT)(?<!RIGHT)(?<!FULL) (?=JOIN\b)"
    r"|\bBETWEEN\b| (?=(?:AND|OR)\b)",
)
_STEP = "  "
_ONE_LINE = 60
"""Characters of a statement, or of what stands in parentheses, that need no second line."""


def laid_out(sql: str) -> str:
    """Return the statement with blanks turned into line breaks; one that is written in several lines stays as it is."""
    if "\n" in sql or len(sql) <= _ONE_LINE:
        return sql
    pieces: list[str] = []
    inside: list[bool] = []
    position, between = 0, False
    for token in _TOKEN.finditer(sql):
        pieces.append(sql[position : token.start()])
        position = token.end()
        text = token[0]
        if text == "(":
            # Parentheses that open a sub-select get lines of their own; those of a function or a list do not.
            inside.append(sql.startswith("SELECT", position) and _closing(sql, position) - position > _ONE_LINE)
            text += _line(inside) if inside[-1] else ""
        elif text == ")" and inside:
            text = (_line(inside[:-1]) if inside[-1] else "") + text
            inside.pop()
        elif text == "BETWEEN":
            between = True
        elif text == " ":
            conjunction = sql.startswith(("AND", "OR"), position)
            if conjunction and between and sql.startswith("AND", position):
                between = False
            elif not inside or inside[-1]:
                text = _line(inside) + (_STEP if conjunction else "")
        pieces.append(text)
    pieces.append(sql[position:])
    return "".join(pieces)


def _line(inside: list[bool]) -> str:
    return "\n" + _STEP * 2 * sum(inside)


def _closing(sql: str, start: int) -> int:
    """Return where the parenthesis that opens just before ``start`` is closed."""
    depth = 1
    for token in _TOKEN.finditer(sql, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return token.start()
    return len(sql)
