"""A difference in Markdown: as a comment on a merge request, and as release notes.

Whatever comes from a definition stands in a code span: nothing in there is a link, an image, HTML, a mention or a
quick action, neither for GitLab nor for GitHub.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.changes.field_change import excerpts
from metrics_dictionary.changes.render.difference import Outcome
from metrics_dictionary.tools.text import abridged, printable
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.changes.render.difference import Difference, GroupSection, Item

MAX_COMMENT_LENGTH = 60_000
"""Characters. GitHub takes comments of 65,536, GitLab longer ones."""

MAX_VALUE_LENGTH = 120
MAX_NAMES = 12

_TITLES = {
    Outcome.ADDED: "New",
    Outcome.CHANGED: "Changed",
    Outcome.REMOVED: "Removed",
    Outcome.DELETED: "Deleted without being marked removed",
}


def difference_markdown(difference: Difference) -> str:
    """Return the comment: a summary, then a list for each product group, what is breaking first."""
    breaking = difference.breaking_in_words()
    lines = [
        f"## Definitions: {difference.totals_in_words()}",
        "",
        f"**{breaking}**" if difference.failed else breaking,
        f"Compared {code(difference.after.name)} with {code(difference.before.name)}.",
        *_groups(difference),
        *_remarks(difference),
    ]
    length = sum(map(len, lines))
    left_out = 0
    for section in difference.sections:
        lines += ["", f"### {_owner(section)}", ""]
        for item in sorted(section.items, key=lambda item: not item.breaking):
            rows = list(_item(difference, item))
            length += sum(len(row) + 1 for row in rows)
            if length > MAX_COMMENT_LENGTH:
                left_out += 1
            else:
                lines += rows
    if left_out:
        lines += ["", f"And {left_out:,} more definitions, for which a comment has no room."]
    return "\n".join(lines) + "\n"


def changelog_markdown(difference: Difference) -> str:
    """Return release notes: breaking changes, then the others by outcome, metrics before events."""
    lines = [f"## Definitions since {code(difference.before.name)}"]
    if difference.breaking:
        lines += ["", "### Not comparable with earlier numbers", "", *map(_note, difference.breaking)]
    for outcome, title in _TITLES.items():
        items = [item for item in difference.with_outcome(outcome) if not item.breaking]
        if items:
            lines += ["", f"### {title}", "", *map(_note, items)]
    lines += _groups(difference)
    if difference.unread:
        lines += ["", f"These notes are incomplete: {difference.unread_in_words}."]
    elif not (difference.items or difference.comparison.renamed_groups or difference.comparison.undeclared_groups):
        lines += ["", "Nothing changed."]
    return "\n".join([*lines, *_remarks(difference)]) + "\n"


def code(text: str) -> str:
    """Return a code span of one line that holds the text and nothing but the text."""
    shown = printable(text) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _groups(difference: Difference) -> list[str]:
    said = (*difference.renamed_groups(code), *difference.undeclared_groups(code))
    sentences = [f"- {sentence}" for sentence in said]
    return ["", *sentences] if sentences else []


def _remarks(difference: Difference) -> Iterator[str]:
    for remark in difference.remarks:
        yield ""
        yield f"> {code(remark)}"


def _owner(section: GroupSection) -> str:
    if section.group:
        return section.group.with_contact(code)
    return code(section.identifier) if section.identifier else "Without an owner"


def _item(difference: Difference, item: Item) -> Iterator[str]:
    breaking = " — **breaking**" if item.breaking else ""
    yield f"- {item.outcome} {item.kind} {_names(item.names)}{breaking}"
    for change in item.fields:
        yield f"  - {code(change.field)}: {_values(change.before, change.after)}"
    for computation in item.computations:
        yield f"  - computed: {_values(computation.before, computation.after)}"
    for label, names in item.name_lists():
        yield f"  - {label}: {_names(names)}"
    for violation in item.violations:
        # The rule's own words: the message holds those of the definition.
        yield f"  - {violation.severity} `{violation.rule}`: {RULES[violation.rule].summary}"
    if item.indicators:
        yield f"  - performance indicator {_names(item.indicators)}"
    if groups := difference.groups_affected(item):
        yield f"  - affects {', '.join(group.with_contact(code) for group in groups)}"
    if item.affected:
        yield f"  - affects {_names(metric.key_path for metric in item.affected)}"


def _values(before: object, after: object) -> str:
    return " → ".join(code(text) if text else "nothing" for text in excerpts(before, after, MAX_VALUE_LENGTH))


def _names(names: Iterable[str]) -> str:
    return abridged(map(code, names), MAX_NAMES)


def _note(item: Item) -> str:
    """Return the line of release notes about a definition."""
    names = ", ".join(map(code, item.names))
    return "; ".join([f"- {item.kind} {names}", *_note_details(item)])


def _note_details(item: Item) -> Iterator[str]:
    if item.outcome is Outcome.ADDED:
        if item.definition.description:
            yield code(excerpts(item.definition.description, None, MAX_VALUE_LENGTH)[0])
    elif item.outcome is Outcome.CHANGED:
        names = [change.field for change in item.fields] or ["what computes it"]
        yield f"changed: {', '.join(map(code, names))}"
    elif item.breaking:
        yield item.outcome.value
    if item.definition.product_group:
        yield f"owner {code(item.definition.product_group)}"
