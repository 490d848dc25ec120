"""What a reader of the rule reference needs to know of one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics_dictionary.dictionary.diagnostic import Severity


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What is to be known of a rule. ``summary`` completes "finds ..."; ``since`` is a version of this tool."""

    severity: Severity
    summary: str
    help: str
    since: str = "0.1"
