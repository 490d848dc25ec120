"""Every rule that can stand in a finding, with what a reader of the rule reference needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reading.yaml_rules import YAML_RULES
from metrics_dictionary.validation.rules import DEFINITION_RULES, DICTIONARY_RULES
from metrics_dictionary.validation.rules.against import AGAINST_RULES
from metrics_dictionary.validation.rules.entry import CatalogueEntry as CatalogueEntry

if TYPE_CHECKING:
    from metrics_dictionary.reading.yaml_rules import YamlRule
    from metrics_dictionary.validation.rules.rule import Rule


ENGINE_RULES = {
    "schema": CatalogueEntry(
        Severity.ERROR,
        "a field that is missing, unknown, or has a value that the schema of its definition does not allow",
        "Write what the description of the field asks for; the finding repeats it.",
    ),
    "unchecked-references": CatalogueEntry(
        Severity.INFO,
        "a root without events, instrumentations or product groups, or a file in no root: references are not checked",
        "Add the part that is missing, or take the line as the reminder that it is.",
    ),
    "suppression-without-reason": CatalogueEntry(
        Severity.WARNING,
        "a comment that does not say why it silences a rule, and so silences nothing",
        "End the comment in the reason: `# metrics-dictionary: ignore RULE -- reason`.",
    ),
    "unused-suppression": CatalogueEntry(
        Severity.WARNING,
        "a comment that silences a rule which finds nothing in the file",
        "Delete the comment, or the rule's name in it.",
    ),
    "unknown-suppression": CatalogueEntry(
        Severity.WARNING,
        "a comment that names no rule, or one that cannot be silenced",
        "Name a rule of the rule reference: `# metrics-dictionary: ignore RULE -- reason`.",
    ),
}
"""The rules that no function of a table checks."""


def _catalogue() -> dict[str, CatalogueEntry]:
    return {
        **{name: _of_yaml(rule) for name, rule in YAML_RULES.items()},
        **ENGINE_RULES,
        **{name: _of_rule(rule) for name, rule in DEFINITION_RULES.items()},
        **{name: _of_rule(rule) for name, rule in DICTIONARY_RULES.items()},
        **AGAINST_RULES,
    }


def _of_yaml(rule: YamlRule) -> CatalogueEntry:
    return CatalogueEntry(Severity.ERROR, rule.summary, rule.help)


def _of_rule(rule: Rule[Any]) -> CatalogueEntry:
    return CatalogueEntry(rule.severity, rule.summary, rule.help, rule.since)


CATALOGUE = _catalogue()
"""Rule id -> entry, in the order in which a file meets the rules."""
