from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.dictionary.metric import MetricDefinition
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.rules.context import RuleContext
from metrics_dictionary.validation.rules.key_paths import key_path_letters

if TYPE_CHECKING:
    from metrics_dictionary.validation.rules.rule import Finding

NAMES = st.text(alphabet="aAbBоé_1.", min_size=1, max_size=3).map(lambda name: f"a{name}a".replace("..", "."))
STATUSES = st.sampled_from(["active", "removed"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, STATUSES, max_size=5))
def test_each_living_key_path_with_an_unusual_letter_gets_one_finding(metrics: dict[str, str]) -> None:
    unusual = {name for name, status in metrics.items() if status == "active" and has_other_letters(name)}
    assert sorted(finding.document.file for finding in findings(metrics)) == sorted(unusual)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, STATUSES, max_size=5))
def test_of_key_paths_that_differ_only_in_case_all_but_one_are_told(metrics: dict[str, str]) -> None:
    living = [name for name, status in metrics.items() if status == "active"]
    distinct = {name.lower() for name in living}
    told = [finding for finding in findings(metrics) if "differs only in case" in finding.message]
    assert len(told) == len(living) - len(distinct)


def has_other_letters(name: str) -> bool:
    return any(character not in f"{ascii_lowercase}0123456789_-." for character in name)


def findings(metrics: dict[str, str]) -> list[Finding]:
    """Return what is found in one file for each key path, named after it."""
    fields = {name: {"key_path": name, "status": status} for name, status in metrics.items()}
    documents = [Document(name, name, Kind.METRIC, data) for name, data in fields.items()]
    for document in documents:
        document.__dict__["text"] = ""
    dictionary = Dictionary(tuple(MetricDefinition(data, name) for name, data in fields.items()))
    return list(key_path_letters(RuleContext(dictionary, documents)))
