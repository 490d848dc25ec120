"""One mistake, one finding: of several findings on one mistake, the first that explains it is told.

The parser explains better than a rule, and a rule better than the schema. A finding stands in place of another only
where it is at least as severe, so that no file passes that would fail otherwise, and only where no comment has silenced
it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.dictionary.diagnostic import Diagnostic

_SCHEMA = "schema"

_OF_A_VALUE = {"yaml-type", "yaml-duplicate-key"}
"""The parser's findings after which the value that was read is not what its author means."""

_WEIGHT = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}

_Place = tuple[str, str]
"""A file, and the JSON path of a value in it."""


def without_repetitions(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the findings that tell something which no finding before them in that order tells already.

    Every finding of the files has to be among them, and none that a comment has silenced.
    """
    found = list(diagnostics)
    explained: defaultdict[_Place, int] = defaultdict(lambda: -1)
    by_rules: defaultdict[_Place, int] = defaultdict(lambda: -1)
    for diagnostic in found:
        if diagnostic.rule in _OF_A_VALUE:
            _note(explained, diagnostic)
        elif diagnostic.rule in RULES and RULES[diagnostic.rule].replaces_schema:
            _note(by_rules, diagnostic)
    for diagnostic in found:
        weight = _WEIGHT[diagnostic.severity]
        places = _places(diagnostic)
        by_parser = diagnostic.rule not in _OF_A_VALUE and any(explained[place] >= weight for place in places)
        by_rule = diagnostic.rule == _SCHEMA and any(by_rules[place] >= weight for place in places)
        if not by_parser and not by_rule:
            yield diagnostic


def _note(explained: dict[_Place, int], diagnostic: Diagnostic) -> None:
    for place in _places(diagnostic):
        explained[place] = max(explained[place], _WEIGHT[diagnostic.severity])


def _places(diagnostic: Diagnostic) -> list[_Place]:
    """Return what a finding is about; the schema's, where it misses a field, only that field."""
    own = () if diagnostic.rule == _SCHEMA and diagnostic.missing else (diagnostic.path,)
    return [(diagnostic.file, path) for path in (*own, *diagnostic.missing)]
