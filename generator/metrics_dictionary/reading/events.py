"""The stream of YAML events of a text, from libyaml where it is installed.

Working on events keeps hostile input harmless: nothing is built from an alias or a tag unless we do it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Iterator

Event: TypeAlias = yaml.Event

DEEPEST = 40
"""Levels of nesting that are followed. A definition has 6, the deepest condition of an instrumentation about 12."""


class PurePythonParser(Reader, Scanner, Parser):
    """PyYAML's own parser: the same events at a tenth of the speed."""

    def __init__(self, text: str | bytes) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


try:
    from yaml._yaml import CParser
except ImportError:
    FastParser: type[CParser | PurePythonParser] = PurePythonParser
else:
    FastParser = CParser

HAS_LIBYAML = FastParser is not PurePythonParser
"""Whether reading runs at full speed."""


def events_of(text: str | bytes) -> Iterator[Event]:
    """Yield the events of a text, from the start of the stream to its end.

    Raises ``yaml.YAMLError`` where the text is no YAML.
    """
    next_event = FastParser(text).get_event
    while True:
        event = cast("Event", next_event())
        yield event
        if type(event) is yaml.StreamEndEvent:
            return
