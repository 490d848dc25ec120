"""Comments that silence a rule in their file: ``# metrics-dictionary: ignore RULE[, RULE] -- reason``.

They are looked after as well: one that gives no reason, names no rule, or silences nothing is a finding itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml

from generator.dictionary.diagnostic import Diagnostic
from generator.reading.events import events_of
from generator.reading.yaml_rules import YAML_RULES
from generator.validation import wording
from generator.validation.near_misses import near_miss
from generator.validation.rules.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MARK = b"metrics-dictionary:"
"""What a file without any suppression does not hold."""

FORM = "# metrics-dictionary: ignore RULE -- reason"

WITHOUT_REASON = "suppression-without-reason"
UNKNOWN = "unknown-suppression"
UNUSED = "unused-suppression"

_COMMENT = re.compile(r"(?<!\S)#[ \t]*metrics-dictionary:(.*)")
_CONTENT = re.compile(r"\s*ignore\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(?P<reason>.*))?")
_NOT_SILENCED = {*YAML_RULES, WITHOUT_REASON, UNKNOWN, UNUSED, "unchecked-references"}


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment of a file. ``rules`` is empty when the comment cannot be understood."""

    file: str
    line: int
    column: int
    rules: tuple[str, ...]
    reason: str


def suppressions_in(text: str, file: str) -> tuple[Suppression, ...]:
    """Return the suppressions of a YAML text; what looks like one inside a scalar is text, not a comment."""
    scalars = list(_scalars(text))
    return tuple(
        _suppression(found, text, file)
        for found in _COMMENT.finditer(text)
        if not any(start <= found.start() < end for start, end in scalars)
    )


def silence(
    diagnostics: Iterable[Diagnostic], suppressions: Iterable[Suppression], unchecked: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """Yield the diagnostics that are not silenced, and what is wrong with the suppressions.

    ``unchecked`` names the rules that had nothing to work on: nobody knows whether their suppressions are of use.
    """
    by_file: defaultdict[str, list[Suppression]] = defaultdict(list)
    for suppression in suppressions:
        by_file[suppression.file].append(suppression)
    used: set[tuple[Suppression, str]] = set()
    for diagnostic in diagnostics:
        silencing = _silencing(diagnostic, by_file.get(diagnostic.file, ()))
        if silencing is None:
            yield diagnostic
        else:
            used.add((silencing, diagnostic.rule))
    for in_file in by_file.values():
        for suppression in in_file:
            yield from _faults(suppression, {rule for by, rule in used if by == suppression}, unchecked)


def _silencing(diagnostic: Diagnostic, suppressions: Iterable[Suppression]) -> Suppression | None:
    if diagnostic.rule in _NOT_SILENCED:
        return None
    return next((suppression for suppression in suppressions if diagnostic.rule in suppression.rules), None)


def _faults(suppression: Suppression, used: set[str], unchecked: Collection[str]) -> Iterator[Diagnostic]:
    if not suppression.rules:
        yield _fault(UNKNOWN, suppression, f"the comment cannot be understood; its form is {wording.code(FORM)}")
        return
    if not suppression.reason:
        yield _fault(WITHOUT_REASON, suppression, "the comment does not say why the rule is silenced")
    for rule in suppression.rules:
        if rule not in CATALOGUE:
            close = near_miss(rule, CATALOGUE)
            unknown = _fault(UNKNOWN, suppression, f"there is no rule {wording.code(rule)}")
            yield replace(unknown, suggestion=close)
        elif rule in _NOT_SILENCED:
            yield _fault(UNKNOWN, suppression, f"the rule {wording.code(rule)} cannot be silenced")
        elif rule not in used and rule not in unchecked:
            yield _fault(UNUSED, suppression, f"the rule {wording.code(rule)} finds nothing in this file")


def _fault(rule: str, suppression: Suppression, message: str) -> Diagnostic:
    entry = CATALOGUE[rule]
    place = suppression.file, suppression.line, suppression.column
    return Diagnostic(rule, entry.severity, message, *place, help=entry.help)


def _suppression(found: re.Match[str], text: str, file: str) -> Suppression:
    before = text[: found.start()]
    content = _CONTENT.fullmatch(found[1].rstrip())
    return Suppression(
        file=file,
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        rules=tuple(re.split(r"\s*,\s*", content["rules"])) if content else (),
        reason=(content["reason"] or "").strip() if content else "",
    )


def _scalars(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each scalar starts and ends; the first line of a block scalar may end in a comment."""
    try:
        for event in events_of(text):
            if isinstance(event, yaml.ScalarEvent) and event.start_mark is not None and event.end_mark is not None:
                start, end = event.start_mark.index, event.end_mark.index
                yield text.find("\n", start, end) if event.style in ("|", ">") else start, end
    except yaml.YAMLError:
        return
