"""A difference for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.changes.render.difference_words import totals, verdict
from metrics_dictionary.changes.render.values import from_where_they_part
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.text_report import COLORS
from metrics_dictionary.tools.text import folded, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.changes.render.difference import Difference, Item, Share, Verdict

_ROOM = 160
"""Characters that are shown of a value."""


def difference_text(difference: Difference, width: int | None = None) -> str:
    """Return the difference by product group. ``width`` is the terminal's, None leaves lines as long as they are.

    The text carries ANSI colors; whoever prints it elsewhere than on a terminal strips them (``click.echo`` does).
    """
    lines = _lines(difference)
    if width is not None:
        lines = (part for line in lines for part in folded(line, width))
    return "".join(f"{line}\n" for line in lines)


def _lines(difference: Difference) -> Iterator[str]:
    for share in difference.shares:
        yield click.style(_owner(share), bold=True)
        for item in share.items:
            yield from _item(difference, item)
        yield ""
    for remark in difference.remarks:
        yield f"note: {printable(remark)}"
    color = "red" if difference.breaking else "green"
    names = f"{printable(difference.before.name)} -> {printable(difference.after.name)}"
    yield f"{names}: {totals(difference)}. {click.style(verdict(difference), fg=color, bold=True)}"


def _owner(share: Share) -> str:
    name = share.group.name if share.group else share.identifier or "without an owner"
    contact = f" ({share.group.contact})" if share.group and share.group.contact else ""
    return printable(name + contact)


def _item(difference: Difference, item: Item) -> Iterator[str]:
    yield f"  {item.fate} {item.kind} {click.style(printable(', '.join(item.names)), bold=True)}"
    for change in item.fields:
        before, after = from_where_they_part(change.before, change.after, _ROOM)
        yield f"      {printable(change.field)}: {printable(before) or '(none)'} -> {printable(after) or '(none)'}"
    for computation in item.computations:
        before, after = from_where_they_part(computation.before, computation.after, _ROOM)
        yield f"      computed: {printable(before)}"
        yield f"             -> {printable(after)}"
    for label, names in (("gone", item.lost), ("new", item.gained)):
        if names:
            yield f"      {label}: {printable(', '.join(names))}"
    yield from (_verdict(each) for each in item.verdicts)
    for group in difference.groups_affected(item):
        contact = f" ({group.contact})" if group.contact else ""
        yield f"      affects {printable(group.name + contact)}"
    if item.affected:
        yield f"      affects {printable(', '.join(metric.key_path for metric in item.affected))}"


def _verdict(each: Verdict) -> str:
    color = COLORS[each.severity]
    label = click.style(f"{each.severity}[{each.rule}]", fg=color, bold=each.severity is Severity.ERROR)
    return f"      {label}: {printable(each.message)}"
