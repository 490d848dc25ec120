"""A difference as a comment on a merge request.

Whatever comes from a definition stands in a code span: nothing in there is a link, an image, HTML, a mention or a
quick action, neither for GitLab nor for GitHub.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.changes.render.difference_words import totals, verdict
from metrics_dictionary.changes.render.values import from_where_they_part
from metrics_dictionary.tools.text import printable
from metrics_dictionary.validation.rules.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from metrics_dictionary.changes.render.difference import Difference, Item, Share
    from metrics_dictionary.dictionary.dictionary import ProductGroup

LONGEST = 60_000
"""Characters. GitHub takes comments of 65,536, GitLab longer ones."""

_ROOM = 120
_MOST_NAMES = 12


def difference_markdown(difference: Difference) -> str:
    """Return the comment: a summary, then a list for each product group, what is breaking first."""
    lines = [
        f"## Definitions: {totals(difference)}",
        "",
        f"**{verdict(difference)}**" if difference.breaking else verdict(difference),
        f"Compared {code(difference.after.name)} with {code(difference.before.name)}.",
        *_remarks(difference),
    ]
    length = sum(map(len, lines))
    left_out = 0
    for share in difference.shares:
        lines += ["", f"### {_owner(share)}", ""]
        for item in sorted(share.items, key=lambda item: not item.breaking):
            told = list(_item(difference, item))
            length += sum(len(line) + 1 for line in told)
            if length > LONGEST:
                left_out += 1
            else:
                lines += told
    if left_out:
        lines += ["", f"And {left_out:,} more definitions, for which a comment has no room."]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return a code span of one line that holds the text and nothing but the text."""
    shown = printable(text) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _remarks(difference: Difference) -> Iterator[str]:
    for remark in difference.remarks:
        yield ""
        yield f"> {code(remark)}"


def _owner(share: Share) -> str:
    return _group(share.group) if share.group else code(share.identifier) if share.identifier else "Without an owner"


def _group(group: ProductGroup) -> str:
    return f"{code(group.name)} ({code(group.contact)})" if group.contact else code(group.name)


def _item(difference: Difference, item: Item) -> Iterator[str]:
    breaking = " — **breaking**" if item.breaking else ""
    yield f"- {item.fate} {item.kind} {_names(item.names)}{breaking}"
    for change in item.fields:
        before, after = from_where_they_part(change.before, change.after, _ROOM)
        yield f"  - {code(change.field)}: {_value(before)} → {_value(after)}"
    for computation in item.computations:
        before, after = from_where_they_part(computation.before, computation.after, _ROOM)
        yield f"  - computed: {_value(before)} → {_value(after)}"
    for label, names in (("gone", item.lost), ("new", item.gained)):
        if names:
            yield f"  - {label}: {_names(names)}"
    for each in item.verdicts:
        # The rule's own words: the message holds those of the definition.
        yield f"  - {each.severity} `{each.rule}`: {RULES[each.rule].summary}"
    if item.indicators:
        yield f"  - performance indicator {_names(item.indicators)}"
    if groups := difference.groups_affected(item):
        yield f"  - affects {', '.join(_group(group) for group in groups)}"
    if item.affected:
        yield f"  - affects {_names(metric.key_path for metric in item.affected)}"


def _value(text: str) -> str:
    return code(text) if text else "nothing"


def _names(names: Iterable[str]) -> str:
    told = [code(name) for name in names]
    more = f" and {len(told) - _MOST_NAMES:,} more" if len(told) > _MOST_NAMES else ""
    return ", ".join(told[:_MOST_NAMES]) + more
