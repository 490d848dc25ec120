"""A file of the definitions root that could be parsed, and where each of its values stands."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.reading.positions import Positions

if TYPE_CHECKING:
    from metrics_dictionary.reading.comments import Comment
    from metrics_dictionary.reading.other_readers import OtherReading, Scalar
    from metrics_dictionary.reading.positions import JsonPath


class Kind(StrEnum):
    """What a file of a definitions root holds."""

    METRIC = "metric"
    EVENT = "event"
    INSTRUMENTATIONS = "instrumentations"
    PRODUCT_GROUPS = "product_groups"
    OBJECT_SCHEMA = "object_schema"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A plain scalar that another reader takes for something else than ``value``, which is what we read."""

    path: JsonPath
    written: str
    value: Scalar
    other: OtherReading


@dataclass(frozen=True)
class Document:
    """A parsed file.

    ``file`` is the path as the person named it, for messages; ``file_path`` is relative to the folder that holds
    the definitions root, for exports and the site. ``data`` is whatever the YAML holds, of any type. ``unsaved`` is
    what it was parsed from where that is not in the file: an editor's text. ``directives`` are the comments in it that
    speak to this tool. Only the process that parsed the file, which checks it too, knows the
    ``trailing_comments``, those behind something, and the ``doubts``: the scalars that readers disagree on.
    """

    file: str
    file_path: str
    kind: Kind
    data: object
    unsaved: bytes | None = None
    directives: tuple[Comment, ...] = ()
    trailing_comments: tuple[Comment, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @cached_property
    def text(self) -> str:
        """The file's text, read again: only a file with findings needs it."""
        if self.unsaved is not None:
            return io.StringIO(self.unsaved.decode("utf-8-sig", "replace"), newline=None).read()
        return Path(self.file).read_text(encoding="utf-8-sig", errors="replace")

    @cached_property
    def positions(self) -> Positions:
        """Where each value stands, from a second pass over the text."""
        return Positions.of(self.text)
