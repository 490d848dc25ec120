"""The place of a value in the Service Ping payload, as a fragment of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from metrics_dictionary.site.parts.html import fill, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = {
    "number": Markup('<span class="mi">0</span>'),
    "string": Markup('<span class="s2">"…"</span>'),
    "boolean": Markup('<span class="kc">false</span>'),
    "object": Markup("{}"),
}
"""What stands in a fragment for a value of each type."""

UNKNOWN = Markup('<span class="kc">null</span>')

DEEPEST_INDENT = 12
"""Levels that are indented; key paths of real payloads have at most six."""


def fragment(key_path: str, value_type: str | None) -> Markup:
    """Show a key path as nested objects, the metric's own line marked."""
    return joined(_lines(key_path.split("."), EXAMPLES.get(value_type or "", UNKNOWN)))


def _lines(levels: list[str], value: Markup) -> Iterator[Markup]:
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
    return "  " * min(depth, DEEPEST_INDENT)
