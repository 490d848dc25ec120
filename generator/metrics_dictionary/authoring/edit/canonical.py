"""The one form of a definition: fields in one order, lists as blocks, versions in quotes, long text folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.comments import Comments, attached
from metrics_dictionary.authoring.edit.tree import Collection, Entry, Scalar, tree_of
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.scalar_text import WIDTH, can_be_folded, folded, on_one_line, quoted
from metrics_dictionary.reading.scalars import UnsupportedScalarError, plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

METRIC_FIELDS = (
    *("key_path", "name", "description", "product_group", "product_categories", "performance_indicator_type"),
    *("value_type", "status", "milestone", "introduced_by_url", "milestone_removed", "removed_by_url"),
    *("repair_issue_url", "time_frame", "data_source", "data_category", "instrumentation_class", "options"),
    *("value_json_schema", "events", "tiers"),
)
EVENT_FIELDS = (
    *("description", "internal_events", "category", "action", "identifiers", "additional_properties"),
    *("extra_properties", "product_group", "product_categories", "milestone", "introduced_by_url", "status"),
    *("milestone_removed", "removed_by_url", "classification", "iglu_schema_url", "extra_tracking_classes"),
    *("extra_trackers", "tiers"),
)
FIELDS = {Kind.METRIC: METRIC_FIELDS, Kind.EVENT: EVENT_FIELDS}
"""The order of the fields; one that is not listed stays behind the field that it follows."""

VERSIONS = frozenset({"milestone", "milestone_removed"})

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


def canonical(text: str, kind: Kind) -> str | None:
    """Return the canonical form of a metric's or an event's text, or None for a text that is no plain mapping.

    The text has to be one that the reader takes. Whoever writes the result checks that it says the same.
    """
    tree = tree_of(text)
    if tree is None or not isinstance(tree.root, Collection) or tree.root.is_list or not tree.root.entries:
        return None
    comments = attached(text, tree)
    lines = [*comments.head, "---"]
    printer = _Printer(text, comments)
    for entry in _in_order(tree.root.entries, FIELDS[kind]):
        lines += printer.entry(entry, 0)
    lines += comments.tail
    return "".join(f"{line}\n" for line in lines)


def _in_order(entries: tuple[Entry, ...], fields: tuple[str, ...]) -> list[Entry]:
    ranks = {name: rank for rank, name in enumerate(fields)}
    ranked: list[tuple[int, Entry]] = []
    rank = -1
    for entry in entries:
        rank = ranks.get(entry.key.value if entry.key else "", rank)
        ranked.append((rank, entry))
    return [entry for _, entry in sorted(ranked, key=lambda one: one[0])]


class _Printer:
    """Writes entries as lines, each with the comments that belong to it."""

    def __init__(self, text: str, comments: Comments) -> None:
        self._text = text
        self._comments = comments

    def entry(self, entry: Entry, indent: int) -> Iterator[str]:
        blanks = " " * indent
        yield from (f"{blanks}{comment}" for comment in self._comments.above.pop(id(entry), ()))
        if entry.key is None:
            yield from self._item(entry, indent)
        else:
            key = on_one_line(entry.key.value) if entry.key.style else self._source(entry.key)
            yield from self._value(f"{blanks}{key}:", entry, indent)
        yield from (f"{blanks}  {comment}" for comment in self._comments.inside.pop(id(entry), ()))
        yield from (f"{blanks}{comment}" for comment in self._comments.below.pop(id(entry), ()))

    def _item(self, entry: Entry, indent: int) -> Iterator[str]:
        if isinstance(entry.value, Scalar) or not entry.value.entries:
            yield from self._value(" " * indent + "-", entry, indent)
            return
        lines = [line for inner in entry.value.entries for line in self.entry(inner, indent + 2)]
        first = next((number for number, line in enumerate(lines) if not line.lstrip().startswith("#")), 0)
        # A comment on the item's first key goes above the dash.
        yield from (line[2:] for line in lines[:first])
        yield f"{' ' * indent}- {lines[first].lstrip()}"
        yield from lines[first + 1 :]

    def _value(self, head: str, entry: Entry, indent: int) -> Iterator[str]:
        value = entry.value
        comment = self._comments.beside.pop(id(entry), "")
        beside = f"  {comment}" if comment else ""
        if isinstance(value, Scalar):
            name = entry.key.value if entry.key else ""
            yield from self._scalar(head, name, value, beside, indent)
        elif not value.entries:
            yield f"{head} {'[]' if value.is_list else '{}'}{beside}"
        else:
            yield head + beside
            inner = indent if value.is_list else indent + 2
            for each in value.entries:
                yield from self.entry(each, inner)

    def _scalar(self, head: str, name: str, value: Scalar, beside: str, indent: int) -> Iterator[str]:
        if value.style in ("|", ">"):
            yield from self._block(head, value, beside, indent)
        elif value.style is None and not value.tagged and not _is_text(value.value):
            yield f"{head} {self._source(value)}".rstrip() + beside
        elif name in VERSIONS:
            yield f"{head} {quoted(value.value)}{beside}"
        else:
            yield from self._words(head, value, beside, indent)

    def _words(self, head: str, value: Scalar, beside: str, indent: int) -> Iterator[str]:
        text = value.value
        lines = [line.strip() for line in _BREAK.split(self._source(value))]
        as_it_stands = value.style is None and not value.tagged
        if as_it_stands and len(lines) > 1:
            as_written = [f"{head} {lines[0]}", *(" " * (indent + 2) + line if line else "" for line in lines[1:])]
            if "\n" in text or all(len(line) <= WIDTH for line in as_written):
                as_written[-1] += beside
                yield from as_written
                return
        on_line = f"{head} {text if as_it_stands and len(lines) == 1 else on_one_line(text)}"
        if len(on_line) > WIDTH and " " in text and can_be_folded(text):
            yield f"{head} >-{beside}"
            yield from folded(text, indent + 2)
        else:
            yield on_line + beside

    def _block(self, head: str, value: Scalar, beside: str, indent: int) -> Iterator[str]:
        header, *lines = _BREAK.split(self._source(value))
        mark = re.split(r"\s", header, maxsplit=1)[0]
        if mark in ("|", ">") and not value.value.endswith("\n"):
            mark += "-"  # the text ended in the middle of the line
        while lines and not lines[-1].strip() and "+" not in mark:
            lines.pop()
        if lines and not lines[-1]:
            lines.pop()  # what the last line's own break leaves behind
        margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        body = [(" " * (indent + 2) + line[margin:]) if line.strip() else "" for line in lines]
        if any(len(line) > WIDTH for line in body) and mark == ">-" and can_be_folded(value.value):
            body = folded(value.value, indent + 2)
        yield f"{head} {mark}{beside}"
        yield from body

    def _source(self, value: Scalar) -> str:
        source = self._text[value.start : value.end]
        return re.sub(r"^!\S*\s*", "", source) if value.tagged else source


def _is_text(written: str) -> bool:
    try:
        return isinstance(plain_scalar(written), str)
    except UnsupportedScalarError:
        return True
