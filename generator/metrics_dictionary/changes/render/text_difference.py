"""A difference for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.changes.field_change import excerpts
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.text_report import COLORS
from metrics_dictionary.tools.text import fitted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.changes.render.difference import Difference, GroupSection, Item, Violation

MAX_VALUE_LENGTH = 160
"""Characters that are shown of a value."""


def difference_text(difference: Difference, width: int | None = None) -> str:
    """Return the difference by product group. ``width`` is the terminal's, None leaves lines as long as they are.

    The text carries ANSI colors, which ``click.echo`` strips where there is no terminal.
    """
    return "".join(f"{line}\n" for line in fitted(_lines(difference), width))


def _lines(difference: Difference) -> Iterator[str]:
    for section in difference.sections:
        yield click.style(_owner(section), bold=True)
        for item in section.items:
            yield from _item(difference, item)
        yield ""
    yield from difference.renamed_groups(printable)
    yield from difference.undeclared_groups(printable)
    for remark in difference.remarks:
        yield f"note: {printable(remark)}"
    names = f"{printable(difference.before.name)} -> {printable(difference.after.name)}"
    breaking = click.style(difference.breaking_in_words(), fg="red" if difference.failed else "green", bold=True)
    yield f"{names}: {difference.totals_in_words()}. {breaking}"


def _owner(section: GroupSection) -> str:
    if section.group:
        return section.group.with_contact(printable)
    return printable(section.identifier or "without an owner")


def _item(difference: Difference, item: Item) -> Iterator[str]:
    yield f"  {item.outcome} {item.kind} {click.style(printable(', '.join(item.names)), bold=True)}"
    for change in item.fields:
        before, after = map(printable, excerpts(change.before, change.after, MAX_VALUE_LENGTH))
        yield f"      {printable(change.field)}: {before or '(none)'} -> {after or '(none)'}"
    for computation in item.computations:
        before, after = map(printable, excerpts(computation.before, computation.after, MAX_VALUE_LENGTH))
        yield f"      computed: {before}"
        yield f"             -> {after or '(nothing)'}"
    for label, names in item.name_lists():
        yield f"      {label}: {printable(', '.join(names))}"
    yield from map(_violation, item.violations)
    for group in difference.groups_affected(item):
        yield f"      affects {group.with_contact(printable)}"
    if item.affected:
        yield f"      affects {printable(', '.join(metric.key_path for metric in item.affected))}"


def _violation(violation: Violation) -> str:
    severity = violation.severity
    label = click.style(f"{severity}[{violation.rule}]", fg=COLORS[severity], bold=severity is Severity.ERROR)
    return f"      {label}: {printable(violation.message)}"
