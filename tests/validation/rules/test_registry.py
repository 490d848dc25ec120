from __future__ import annotations

import pytest

from metrics_dictionary.validation.rules.registry import RULES


@pytest.mark.parametrize("rule", RULES)
def test_the_summary_of_a_rule_completes_the_word_finds(rule: str) -> None:
    summary = RULES[rule].summary
    assert len(summary.split()) >= 3
    assert summary[0].islower()
    assert not summary.endswith(".")


@pytest.mark.parametrize("rule", RULES)
def test_the_help_of_a_rule_is_made_of_sentences(rule: str) -> None:
    text = RULES[rule].help
    assert len(text.split()) >= 3
    assert text[0].isupper()
    assert text.endswith(".")


def test_the_rules_have_names_of_words_and_hyphens() -> None:
    for rule in RULES:
        assert all(word.isalpha() and word.islower() for word in rule.split("-"))
