"""Comments that suppress a rule in their file: ``# metrics-dictionary: ignore RULE[, RULE] -- reason``.

They are checked as well: a comment without a reason suppresses nothing and is a finding itself, and so is one that
names something that is not a rule, or a rule that finds nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.diagnostic import Diagnostic
from metrics_dictionary.tools.near_misses import near_miss
from metrics_dictionary.validation.engine import message_parts
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from metrics_dictionary.reading.comments import Comment
    from metrics_dictionary.reading.document import Document

FORM = "# metrics-dictionary: ignore RULE -- reason"

WITHOUT_REASON = "suppression-without-reason"
UNKNOWN = "unknown-suppression"
UNUSED = "unused-suppression"

_COMMENT = re.compile(r"(?<!\S)#[ \t]*metrics-dictionary:(.*)")
_CONTENT = re.compile(r"\s*ignore\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(?P<reason>.*))?")


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment of a file. ``rules`` is empty when the comment cannot be understood."""

    file: str
    line: int
    column: int
    rules: tuple[str, ...]
    reason: str


def suppressions_in(document: Document) -> tuple[Suppression, ...]:
    """Return the suppressions of a document."""
    found = ((comment, _COMMENT.search(comment.text)) for comment in document.directives)
    return tuple(_suppression(document.file, comment, match) for comment, match in found if match is not None)


def without_suppressed(
    diagnostics: Iterable[Diagnostic], suppressions: Iterable[Suppression], unchecked: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """Yield the diagnostics that are not suppressed, and what is wrong with the suppressions.

    ``unchecked`` names the rules that had nothing to work on: nobody knows whether their suppressions are of use.
    """
    suppressing: dict[tuple[str, str], Suppression] = {}
    found = list(suppressions)
    for suppression in found:
        for rule in suppression.rules:
            if suppression.reason and _suppressible(rule):
                suppressing.setdefault((suppression.file, rule), suppression)
    used: set[tuple[Suppression, str]] = set()
    for diagnostic in diagnostics:
        by = suppressing.get((diagnostic.file, diagnostic.rule))
        if by is None:
            yield diagnostic
        else:
            used.add((by, diagnostic.rule))
    for suppression in found:
        unneeded = {rule for rule in suppression.rules if (suppression, rule) not in used and rule not in unchecked}
        yield from _unsound(suppression, unneeded)


def _unsound(suppression: Suppression, unneeded: Collection[str]) -> Iterator[Diagnostic]:
    if not suppression.rules:
        yield _diagnostic(UNKNOWN, suppression, f"the comment does not have the form {message_parts.code(FORM)}")
        return
    if not suppression.reason:
        yield _diagnostic(WITHOUT_REASON, suppression, "the comment does not say why, so it suppresses nothing")
    for rule in suppression.rules:
        if rule not in RULES:
            close = near_miss(rule, RULES)
            unknown = _diagnostic(UNKNOWN, suppression, f"{message_parts.code(rule)} is not a rule")
            yield replace(unknown, suggestion=close)
        elif not _suppressible(rule):
            yield _diagnostic(UNKNOWN, suppression, f"the rule {message_parts.code(rule)} cannot be suppressed")
        elif rule in unneeded and suppression.reason:
            yield _diagnostic(UNUSED, suppression, f"the rule {message_parts.code(rule)} finds nothing in this file")


def _suppressible(rule: str) -> bool:
    return rule in RULES and RULES[rule].suppressible


def _diagnostic(rule: str, suppression: Suppression, message: str) -> Diagnostic:
    entry = RULES[rule]
    place = suppression.file, suppression.line, suppression.column
    return Diagnostic(rule, entry.severity, message, *place, help=entry.help)


def _suppression(file: str, comment: Comment, match: re.Match[str]) -> Suppression:
    content = _CONTENT.fullmatch(match[1].rstrip())
    return Suppression(
        file=file,
        line=comment.line + 1,
        column=comment.column + match.start() + 1,
        rules=tuple(re.split(r"\s*,\s*", content["rules"])) if content else (),
        reason=(content["reason"] or "").strip() if content else "",
    )
