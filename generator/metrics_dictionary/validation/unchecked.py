"""What could not be checked, because a root does not have the part that definitions refer to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.events import HAS_LIBYAML
from metrics_dictionary.reading.root import shown
from metrics_dictionary.tools.text import listed
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.reading.document import Document
    from metrics_dictionary.reading.read import Reading

UNCHECKED = "unchecked-references"
SLOW_YAML = "slow-yaml"

_OF_LONE_FILE = "Move it into a definitions root, such as into metrics/counts_all/, to check its references."

_PRODUCT_GROUPS = "product groups"

_RULES_OF_PARTS = {
    "events": {"unknown-event", "unknown-event-property", "unused-event"},
    "instrumentations": {"unknown-instrumentation", "unknown-metric", "unused-instrumentation"},
    _PRODUCT_GROUPS: {"unknown-product-group"},
}
_REFERRING = {Kind.METRIC, Kind.EVENT}


def unchecked_rules(dictionary: Dictionary) -> set[str]:
    """Return the rules that have nothing to work on."""
    return {rule for part in _missing(dictionary) for rule in _RULES_OF_PARTS[part]}


def notices(reading: Reading) -> Iterator[Diagnostic]:
    """Say of a root what was not checked, and what makes the run slow."""
    root = shown(reading.root)
    if missing := _told_missing(reading):
        yield _unchecked(f"the root has no {listed(missing, 'or')}, so references to them are not checked", root)
    if not HAS_LIBYAML:
        message = "PyYAML is installed without libyaml, so reading takes ten times as long"
        help_text = "Install a PyYAML wheel, or install the headers of libyaml before you build it."
        yield Diagnostic(SLOW_YAML, Severity.INFO, message, root, 1, 1, help=help_text)


def notices_of_lone_file(documents: Iterable[Document], ran: Collection[str]) -> Iterator[Diagnostic]:
    """Say of a file that belongs to no root what was not checked; ``ran`` names the rules that could be."""
    for document in documents:
        if document.kind in _REFERRING:
            what = (
                "only its product group is"
                if _RULES_OF_PARTS[_PRODUCT_GROUPS].issubset(ran)
                else "its references are not"
            )
            message = f"the file is not in a definitions root, so {what} checked"
            yield replace(_unchecked(message, document.file), help=_OF_LONE_FILE)


def _unchecked(message: str, place: str) -> Diagnostic:
    entry = RULES[UNCHECKED]
    return Diagnostic(UNCHECKED, entry.severity, message, place, 1, 1, help=entry.help)


def _told_missing(reading: Reading) -> Sequence[str]:
    """Return what is missing; a file that cannot be read is there, and has a finding of its own."""
    missing = _missing(reading.dictionary)
    if _PRODUCT_GROUPS not in missing or all(source.kind is not Kind.PRODUCT_GROUPS for source in reading.sources):
        return missing
    read = any(document.kind is Kind.PRODUCT_GROUPS for document in reading.documents)
    return missing if read else missing[:-1]


def _missing(dictionary: Dictionary) -> list[str]:
    held = (dictionary.event_definitions, dictionary.instrumentations, dictionary.product_groups)
    return [part for part, content in zip(_RULES_OF_PARTS, held, strict=True) if content is None]
