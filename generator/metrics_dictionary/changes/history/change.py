"""A change: what one commit did to one definition, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from metrics_dictionary.changes.field_change import FieldChange
    from metrics_dictionary.reading.document import Kind


class ChangeType(StrEnum):
    """What became of the definition. One whose status turned to ``removed`` is removed, one whose file is gone deleted.

    A removed definition goes on saying what its numbers meant; a deleted one says nothing, also not that it is removed.
    """

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. ``when`` is when it was committed, in UTC; ``subject`` the first line of its message.

    ``milestone`` is the version that was being made, as far as definitions tell; None before the first that does, and
    for a commit that is the ``horizon``: the history knows nothing before it, so what it brings may be older.
    """

    id: str
    when: datetime
    subject: str
    milestone: str | None = None
    horizon: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """``file_path`` is where the definition is today, or was last: relative to the folder that holds the root.

    ``name`` and ``product_group`` are those after the commit; before it where the definition was deleted. ``fields``
    is empty for a definition that was added or deleted.
    """

    commit: Commit
    kind: Kind
    type: ChangeType
    name: str
    product_group: str | None
    file_path: str
    fields: tuple[FieldChange, ...] = ()
