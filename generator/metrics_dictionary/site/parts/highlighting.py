"""Code with the colors of the theme, marked up while the site is built: YAML, SQL, shell commands, a payload's JSON.

Plain and quick, because a page may cost a tenth of a millisecond: Pygments takes ten times as long. The classes are
those of Pygments, which the theme styles. All text is escaped; what no pattern knows stays plain.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from metrics_dictionary.site.parts.html import fill, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

_YAML_PAIR = re.compile(r"([ ]*(?:- +)*)([\w.:/-]+?|\"[^\"]*\"|'[^']*')(:)(?: (.*))?")
_YAML_ITEM = re.compile(r"([ ]*(?:- +)+)(.*)")
_YAML_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YAML_CONSTANTS = {"true", "false", "null", "~"}
_SQL = re.compile(
    r"(?P<s1>'(?:[^']|'')*')|(?P<n>\"[^\"]*\")|(?P<mi>\b\d+(?:\.\d+)?\b)"
    r"|(?P<k>\b(?:SELECT|DISTINCT|COUNT|SUM|AVG|FROM|WHERE|AND|OR|NOT|IN|IS|NULL|BETWEEN|INNER|LEFT|OUTER|JOIN|ON|USING"
    r"|LIKE|EXISTS|GROUP|ORDER|BY|ASC|DESC|LIMIT|TRUE|FALSE|AS|CASE|WHEN|THEN|ELSE|END)\b)"
)
_SHELL = re.compile(r"(?P<s>'[^']*'|\"[^\"]*\")|(?P<nt>(?<=\s)--[\w-]+)|(?P<nb>^curl\b)", re.MULTILINE)
_LAYOUT = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|[()]"
    r"| (?=(?:FROM|WHERE|GROUP BY|ORDER BY|LIMIT|(?:INNER|CROSS|(?:LEFT|RIGHT|FULL)(?: OUTER)?) JOIN)\b)"
    r"|(?<!INNER)(?<!OUTER)(?<!CROSS)(?<!LEFT)(?<!RIGHT)(?<!FULL) (?=JOIN\b)"
    r"|\bBETWEEN\b| (?=(?:AND|OR)\b)",
)
_STEP = "  "
_MAX_ONE_LINE = 60
"""Characters of a statement, or of what stands in parentheses, that need no second line."""

EXAMPLE_VALUES = {
    "number": Markup('<span class="mi">0</span>'),
    "string": Markup('<span class="s2">"…"</span>'),
    "boolean": Markup('<span class="kc">false</span>'),
    "object": Markup("{}"),
}
"""What stands in a payload for a value of each type."""

UNKNOWN_VALUE = Markup('<span class="kc">null</span>')

MAX_INDENT = 12
"""Levels that are indented; key paths of real payloads have at most six."""


def yaml(text: str) -> Markup:
    """Mark up a definition as its author wrote it."""
    return joined(map(_yaml_line, text.rstrip("\n").split("\n")), "\n")


def sql(text: str) -> Markup:
    """Mark up an SQL statement."""
    return _tokens(_SQL, text)


def shell(text: str) -> Markup:
    """Mark up a shell command."""
    return _tokens(_SHELL, text)


def laid_out(sql: str) -> str:
    """Return an SQL statement with each clause and condition on a line of its own and sub-selects indented.

    Only blanks become line breaks, not a word changes; a statement that is written in several lines stays as it is.
    """
    if "\n" in sql or len(sql) <= _MAX_ONE_LINE:
        return sql
    pieces: list[str] = []
    inside: list[bool] = []
    position, between = 0, False
    for token in _LAYOUT.finditer(sql):
        pieces.append(sql[position : token.start()])
        position = token.end()
        text = token[0]
        if text == "(":
            # Parentheses that open a sub-select get lines of their own; those of a function or a list do not.
            inside.append(
                sql.startswith("SELECT", position) and _closing_parenthesis(sql, position) - position > _MAX_ONE_LINE
            )
            text += _line_break(inside) if inside[-1] else ""
        elif text == ")" and inside:
            text = (_line_break(inside[:-1]) if inside[-1] else "") + text
            inside.pop()
        elif text == "BETWEEN":
            between = True
        elif text == " ":
            conjunction = sql.startswith(("AND", "OR"), position)
            if conjunction and between and sql.startswith("AND", position):
                between = False
            elif not inside or inside[-1]:
                text = _line_break(inside) + (_STEP if conjunction else "")
        pieces.append(text)
    pieces.append(sql[position:])
    return "".join(pieces)


def payload_fragment(key_path: str, value_type: str | None) -> Markup:
    """Show a key path as nested objects, the metric's own line marked."""
    return joined(_payload_lines(key_path.split("."), EXAMPLE_VALUES.get(value_type or "", UNKNOWN_VALUE)))


@lru_cache(maxsize=1 << 14)
def _yaml_line(line: str) -> Markup:
    if line.lstrip().startswith("#"):
        return fill('<span class="c1">%s</span>', line)
    if pair := _YAML_PAIR.fullmatch(line):
        indent, key, colon, value = pair.groups()
        shown = Markup(" ") + _yaml_value(value) if value is not None else ""
        return fill('%s<span class="nt">%s</span>%s%s', indent, key, colon, shown)
    if item := _YAML_ITEM.fullmatch(line):
        return fill("%s%s", item[1], _yaml_value(item[2]))
    return escape(line)


def _yaml_value(value: str) -> Markup:
    written = value.strip()
    if written[:1] in ("'", '"') and written[-1:] == written[:1]:
        return fill('<span class="s">%s</span>', value)
    if _YAML_NUMBER.fullmatch(written):
        return fill('<span class="mi">%s</span>', value)
    if written in _YAML_CONSTANTS:
        return fill('<span class="kc">%s</span>', value)
    return escape(value)


def _tokens(pattern: re.Pattern[str], text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for token in pattern.finditer(text):
        pieces.append(escape(text[end : token.start()]))
        pieces.append(fill('<span class="%s">%s</span>', token.lastgroup, token[0]))
        end = token.end()
    pieces.append(escape(text[end:]))
    return joined(pieces)


def _line_break(inside: list[bool]) -> str:
    return "\n" + _STEP * 2 * sum(inside)


def _closing_parenthesis(sql: str, start: int) -> int:
    """Return where the parenthesis that opens just before ``start`` is closed."""
    depth = 1
    for token in _LAYOUT.finditer(sql, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return token.start()
    return len(sql)


def _payload_lines(levels: list[str], value: Markup) -> Iterator[Markup]:
    yield Markup("{\n")
    for depth, level in enumerate(levels[:-1], start=1):
        yield fill('%s<span class="nt">%s</span>: {\n', _indent(depth), _key(level))
    indent = _indent(len(levels))
    yield fill('<span class="hll">%s<span class="nt">%s</span>: %s\n</span>', indent, _key(levels[-1]), value)
    for depth in range(len(levels) - 1, -1, -1):
        yield escape(f"{_indent(depth)}}}\n")


def _key(level: str) -> str:
    return json.dumps(level, ensure_ascii=False)


def _indent(depth: int) -> str:
    return "  " * min(depth, MAX_INDENT)
