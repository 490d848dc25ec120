"""The fixes of findings, blanks at the ends of lines and missing ``---``, as new texts of the files.

Each changes one stretch of text, and is checked to mean only what it says.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metrics_dictionary.authoring.edit.comments import MODELINE
from metrics_dictionary.authoring.edit.source_text import DEFINITIONS, Edit, SourceText, data_of, source_texts
from metrics_dictionary.authoring.edit.tree import Collection, Scalar, Tree, nodes, scalars, tree_of
from metrics_dictionary.reading.comments import LINE_BREAK
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.scalars import plain_scalar
from metrics_dictionary.validation.named_paths import by_root
from metrics_dictionary.validation.validate import validate, validate_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic

MAX_ROUNDS = 5
"""How often the result is checked again: a name that is right now may bring another mistake to light."""

_KINDS = DEFINITIONS | {Kind.INSTRUMENTATIONS, Kind.PRODUCT_GROUPS}
_TRAILING_BLANKS = re.compile(r"[ \t]+(?=[\r\n]|\Z)")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a file, and what it does in words. ``line`` counts from 1 in the text before the change."""

    file: str
    line: int
    what: str
    edit: Edit


@dataclass(frozen=True, slots=True)
class Fixing:
    """What can be fixed: the changes, and the texts before and after them by the path of each changed file.

    ``left_alone`` are the files that have something to fix and keep their text, each with the reason.
    """

    changes: tuple[Change, ...]
    texts: Mapping[Path, tuple[SourceText, str]]
    left_alone: tuple[tuple[str, str], ...]


def fixing_of(paths: Sequence[Path], *, product_groups: Path | None = None, unsafe: bool = False) -> Fixing:
    """Return what the safe fixes, or with ``unsafe`` all of them, make of the files that the paths mean.

    Nothing is written. Raises OperationalError when a path is not part of a definitions root, or a file cannot be read.
    """
    changes: list[Change] = []
    left_alone: dict[str, str] = {}
    texts: dict[Path, tuple[SourceText, str]] = {}
    edited: dict[Path, bytes] = {}
    for _ in range(MAX_ROUNDS):
        fixable = _fixable(paths, product_groups, edited, unsafe=unsafe)
        made = len(changes)
        for before in source_texts(paths, _KINDS, edited):
            fixed = _fixed(before, fixable.get(before.source.file, []))
            if isinstance(fixed, str):
                left_alone[before.source.file] = fixed
            elif fixed is not None:
                path = before.source.path
                texts[path] = (texts[path][0] if path in texts else before, fixed[0])
                edited[path] = fixed[0].encode()
                changes += fixed[1]
        if len(changes) == made:
            break
    return Fixing(tuple(changes), texts, tuple(left_alone.items()))


def unified_diff(before: str, after: str, name: str) -> str:
    """Return a change of a file as ``git apply`` takes it; ``name`` is its path from the top of the repository."""
    lines = difflib.unified_diff(_LINE.findall(before), _LINE.findall(after), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _fixable(
    paths: Sequence[Path], product_groups: Path | None, edited: Mapping[Path, bytes], *, unsafe: bool
) -> dict[str, list[Diagnostic]]:
    """Return file -> the findings whose fixes are to be made."""
    found: defaultdict[str, list[Diagnostic]] = defaultdict(list)
    for diagnostic in _diagnostics(paths, product_groups, edited):
        if diagnostic.fix is not None and (unsafe or diagnostic.fix.safe):
            found[diagnostic.file].append(diagnostic)
    return found


def _diagnostics(
    paths: Sequence[Path], product_groups: Path | None, edited: Mapping[Path, bytes]
) -> Iterator[Diagnostic]:
    for root, only in by_root(paths).items():
        if root is not None:
            yield from validate(root, only=only, product_groups=product_groups, unsaved=edited).diagnostics
            continue
        for path in only:
            yield from validate_file(path, product_groups=product_groups, unsaved=edited.get(path)).diagnostics


def _fixed(before: SourceText, fixable: list[Diagnostic]) -> tuple[str, list[Change]] | str | None:
    """Return the new text with what was done, why nothing was, or None where there is nothing to do."""
    if before.problem is not None and not before.fixable:
        return before.problem if fixable else None
    tree = tree_of(before.text)
    if tree is None:
        return "it has directives or ends with `...`" if fixable else None
    corrections = list(_corrections(before, fixable))
    changes = [*corrections, *_without_trailing_blanks(before, tree), *_with_document_start(before, tree)]
    if not changes:
        return None
    text = before.edited(change.edit for change in changes)
    intended = _with(before.data, tree, (change.edit for change in corrections))
    data = data_of(before.source, text)
    if data is None:
        return "the file could not be read after the fixes; change it by hand"
    if json.dumps(data) != json.dumps(intended):
        return "the fixes would change more than the values that they name; change the file by hand"
    return text, changes


def _corrections(before: SourceText, fixable: list[Diagnostic]) -> Iterator[Change]:
    """Yield one change for each place; where two findings have a fix for it, the safe one is made, or the first."""
    taken: set[tuple[int, int]] = set()
    for diagnostic in sorted(fixable, key=lambda one: one.fix is None or not one.fix.safe):
        for edit in () if diagnostic.fix is None else diagnostic.fix.edits:
            if (edit.line, edit.column) in taken:
                continue
            taken.add((edit.line, edit.column))
            start = before.line_starts[edit.line - 1] + edit.column - 1
            end = before.line_starts[edit.end_line - 1] + edit.end_column - 1
            what = f"`{before.text[start:end]}` is now `{edit.text}` ({diagnostic.rule})"
            yield Change(before.source.file, edit.line, what, Edit(start, end, edit.text))


def _with(data: object, tree: Tree, edits: Iterable[Edit]) -> object:
    """Return the data that a text has to say when scalars of its tree are replaced."""
    places = {node.start: (path, entry) for path, entry, node in nodes(tree.root)}
    keys = {entry.key.start: path for path, entry in places.values() if entry is not None and entry.key is not None}
    values = {edit.start: _said_by(edit.replacement) for edit in edits}
    intended = copy.deepcopy(data)
    # The innermost first: a key that is renamed takes away the path to what is below it.
    for start in sorted(values, key=lambda start: -len(keys.get(start) or places[start][0])):
        path = keys.get(start) or places[start][0]
        if not path:
            return values[start]
        inner: Any = intended
        for step in path[:-1]:
            inner = inner[step]
        if start not in keys:
            inner[path[-1]] = values[start]
            continue
        renamed = {values[start] if name == path[-1] else name: value for name, value in inner.items()}
        inner.clear()
        inner.update(renamed)
    return intended


def _said_by(written: str) -> object:
    tree = tree_of(written)
    if tree is None or not isinstance(tree.root, Scalar):
        return written
    return plain_scalar(tree.root.value) if tree.root.style is None else tree.root.value


def _without_trailing_blanks(before: SourceText, tree: Tree) -> Iterator[Change]:
    """Take blanks from the ends of lines, where they are not part of a value."""
    kept = [(one.start, one.end) for one in scalars(tree.root) if one.style is not None]
    for found in _TRAILING_BLANKS.finditer(before.text):
        scalar = bisect_right(kept, found.start(), key=lambda span: span[0]) - 1
        if scalar < 0 or found.start() >= kept[scalar][1]:
            line = bisect_right(before.line_starts, found.start())
            yield Change(
                before.source.file,
                line,
                "blanks at the end of the line are removed",
                Edit(found.start(), found.end(), ""),
            )


def _with_document_start(before: SourceText, tree: Tree) -> Iterator[Change]:
    """Begin a definition with ``---``, behind the line that tells an editor the schema."""
    if tree.marked or before.source.kind not in DEFINITIONS or not isinstance(tree.root, Collection):
        return
    found = LINE_BREAK.search(before.text)
    start = found.end() if found and MODELINE.match(before.text) else 0
    mark = f"---{found.group() if found else chr(10)}"
    yield Change(before.source.file, 1, "the file now begins with `---`", Edit(start, start, mark))
