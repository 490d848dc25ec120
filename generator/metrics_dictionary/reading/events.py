"""What the YAML parser makes of a text: a stream of events, or a tree of nodes; libyaml does it where it is installed.

Working on these keeps hostile input harmless: nothing is built from an alias or a tag unless we do it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Event: TypeAlias = yaml.Event

MAX_DEPTH = 40
"""Levels of nesting that are followed. A definition has 6, the deepest condition of an instrumentation about 12."""

HAS_LIBYAML: bool = yaml.__with_libyaml__
"""Whether reading runs at full speed: PyYAML's own parser gives the same at a tenth of it."""

PARSER: type[yaml.CBaseLoader | yaml.BaseLoader] = yaml.CBaseLoader if HAS_LIBYAML else yaml.BaseLoader


def events_of(text: str | bytes) -> Iterator[Event]:
    """Yield the events of a text, from the start of the stream to its end.

    Raises ``yaml.YAMLError`` where the text is not YAML.
    """
    next_event = cast("Callable[[], Event]", PARSER(text).get_event)
    end = yaml.StreamEndEvent
    while type(event := next_event()) is not end:
        yield event
    yield event


def first_node(text: str) -> yaml.Node | None:
    """Return the content of the first document, or None where there is none.

    Raises ``yaml.YAMLError`` where the text is not YAML up to there.
    """
    parser = PARSER(text)
    return cast("yaml.Node", parser.get_node()) if parser.check_node() else None
