"""What a lifecycle rule says, before anybody knows in which line of which file that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.comparison import Comparison
from metrics_dictionary.reading.positions import JsonPath  # noqa: TC001 - beside Check, which needs its names at run time

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.definition import Definition


@dataclass(frozen=True, slots=True)
class Breach:
    """A finding about a definition of the newer edition, or of the older one where it is ``gone`` from the newer.

    ``path`` leads to the value concerned. ``help`` replaces the rule's own.
    """

    definition: Definition
    path: JsonPath
    message: str
    help: str | None = None
    gone: bool = False


Check = Callable[[Comparison], Iterator[Breach]]
