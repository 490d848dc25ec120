"""What a root does not have, so that references to it lead nowhere without being wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.dictionary.diagnostic import Diagnostic, Severity
from generator.reading.events import HAS_LIBYAML
from generator.validation.rules.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.dictionary.dictionary import Dictionary

UNCHECKED = "unchecked-references"
SLOW_YAML = "slow-yaml"

_RULES = {
    "events/": {"unknown-event", "unknown-event-property", "unused-event"},
    "instrumentations/": {"unknown-instrumentation", "unknown-metric", "unused-instrumentation"},
    "product_groups.yml": {"unknown-product-group"},
}


def unchecked_rules(dictionary: Dictionary) -> set[str]:
    """Return the rules that have nothing to work on."""
    return {rule for part in _missing(dictionary) for rule in _RULES[part]}


def notices(dictionary: Dictionary, root: str) -> Iterator[Diagnostic]:
    """Say what was not checked, and what makes the run slow; ``root`` is the place that is named."""
    if missing := _missing(dictionary):
        parts = " or ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
        entry = CATALOGUE[UNCHECKED]
        message = f"the root has no {parts}, so references to them are not checked"
        yield Diagnostic(UNCHECKED, entry.severity, message, root, 1, 1, help=entry.help)
    if not HAS_LIBYAML:
        message = "PyYAML is installed without libyaml, and reading takes ten times as long"
        help_text = "Install a PyYAML wheel, or libyaml's headers before building it."
        yield Diagnostic(SLOW_YAML, Severity.INFO, message, root, 1, 1, help=help_text)


def _missing(dictionary: Dictionary) -> list[str]:
    held = (dictionary.event_definitions, dictionary.instrumentations, dictionary.product_groups)
    return [part for part, content in zip(_RULES, held, strict=True) if content is None]
