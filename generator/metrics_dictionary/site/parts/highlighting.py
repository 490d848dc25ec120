"""YAML, SQL, JSON and shell text with the colours of the theme, marked up while the site is built.

Plain and quick, because a page may cost a tenth of a millisecond: Pygments takes ten times as long. The classes are
those of Pygments, which the theme styles. All text is escaped; what no pattern knows stays plain.
"""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup, escape

from metrics_dictionary.site.parts.html import fill, joined

_YAML_PAIR = re.compile(r"([ ]*(?:- +)*)([\w.:/-]+?|\"[^\"]*\"|'[^']*')(:)(?: (.*))?")
_YAML_ITEM = re.compile(r"([ ]*(?:- +)+)(.*)")
_YAML_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YAML_CONSTANTS = {"true", "false", "null", "~"}
_SQL = re.compile(
    r"(?P<s1>'(?:[^']|'')*')|(?P<n>\"[^\"]*\")|(?P<mi>\b\d+(?:\.\d+)?\b)"
    r"|(?P<k>\b(?:SELECT|DISTINCT|COUNT|SUM|AVG|FROM|WHERE|AND|OR|NOT|IN|IS|NULL|BETWEEN|INNER|LEFT|OUTER|JOIN|ON|USING"
    r"|LIKE|EXISTS|GROUP|ORDER|BY|ASC|DESC|LIMIT|TRUE|FALSE|AS|CASE|WHEN|THEN|ELSE|END)\b)"
)
_JSON = re.compile(
    r"(?P<nt>\"(?:[^\"\\]|\\.)*\"(?=:))|(?P<s2>\"(?:[^\"\\]|\\.)*\")|(?P<mi>-?\b\d+(?:\.\d+)?\b)"
    r"|(?P<kc>\b(?:true|false|null)\b)"
)
_SHELL = re.compile(r"(?P<s>'[^']*'|\"[^\"]*\")|(?P<nt>(?<=\s)--[\w-]+)|(?P<nb>^curl\b)", re.MULTILINE)


def yaml(text: str) -> Markup:
    """Mark up a definition as its author wrote it."""
    return joined(map(_yaml_line, text.rstrip("\n").split("\n")), "\n")


def sql(text: str) -> Markup:
    """Mark up an SQL statement."""
    return _tokens(_SQL, text)


def json(text: str) -> Markup:
    """Mark up JSON."""
    return _tokens(_JSON, text)


def shell(text: str) -> Markup:
    """Mark up a shell command."""
    return _tokens(_SHELL, text)


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
