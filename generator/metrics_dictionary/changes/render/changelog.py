"""A difference as release notes: what is new, what is gone, what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.changes.render.difference import Fate
from metrics_dictionary.changes.render.markdown_difference import code
from metrics_dictionary.changes.render.values import from_where_they_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.changes.render.difference import Difference, Item

_ROOM = 120
_TITLES = {
    Fate.ADDED: "New",
    Fate.CHANGED: "Changed",
    Fate.REMOVED: "Removed",
    Fate.DELETED: "Deleted without being marked removed",
}


def changelog_markdown(difference: Difference) -> str:
    """Return the notes: breaking changes, then each fate, metrics before events; definitions stand in code spans."""
    lines = [f"## Definitions since {code(difference.before.name)}"]
    breaking = difference.breaking
    if breaking:
        lines += ["", "### Not comparable with earlier numbers", "", *(_line(item) for item in breaking)]
    for fate, title in _TITLES.items():
        items = [item for item in difference.with_fate(fate) if not item.breaking]
        if items:
            lines += ["", f"### {title}", "", *(_line(item) for item in items)]
    if not difference.items:
        lines += ["", "Nothing changed."]
    lines += [line for remark in difference.remarks for line in ("", f"> {code(remark)}")]
    return "\n".join(lines) + "\n"


def _line(item: Item) -> str:
    names = ", ".join(code(name) for name in item.names)
    return f"- {item.kind} {names}" + "".join(f"; {part}" for part in _parts(item))


def _parts(item: Item) -> Iterator[str]:
    if item.fate is Fate.ADDED:
        if item.definition.description:
            yield code(from_where_they_part(item.definition.description, None, _ROOM)[0])
    elif item.fate is Fate.CHANGED:
        names = [change.field for change in item.fields] or ["what computes it"]
        yield f"changed: {', '.join(code(name) for name in names)}"
    elif item.breaking:
        yield item.fate.value
    if item.definition.product_group:
        yield f"owner {code(item.definition.product_group)}"
