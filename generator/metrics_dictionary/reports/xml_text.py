"""Text and elements of XML 1.0, which cannot carry every character, not even escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_NO_CHARACTER = re.compile("[\ufffe\uffff]")


def element(name: str, attributes: Mapping[str, object], content: str = "") -> str:
    """Return an element; ``content`` is XML already."""
    written = "".join(f' {key}="{_attribute(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def xml_text(*lines: str) -> str:
    """Return lines as character data: what XML cannot carry is made visible as an escape."""
    return "\n".join(escape(_carried(line)) for line in lines)


def _attribute(value: object) -> str:
    return escape(_carried(str(value)), {'"': "&quot;"})


def _carried(text: str) -> str:
    return _NO_CHARACTER.sub(lambda match: f"\\u{ord(match.group()):04x}", printable(text))
