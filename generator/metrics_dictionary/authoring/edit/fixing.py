"""Mending what can be mended safely: single stretches of text, each checked to change nothing but what was meant."""

from __future__ import annotations

import copy
import json
import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.comments import MODELINE
from metrics_dictionary.authoring.edit.corrections import VERSION, Corrections
from metrics_dictionary.authoring.edit.edits import Edit, apply
from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.scalar_text import in_place_of, quoted
from metrics_dictionary.authoring.edit.scope import BOM, DEFINITIONS, Original, originals, said
from metrics_dictionary.authoring.edit.tree import Collection, Scalar, Tree, nodes, scalars, tree_of
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.positions import json_path
from metrics_dictionary.validation.named_paths import by_root
from metrics_dictionary.validation.validate import validate, validate_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.positions import JsonPath

ROUNDS = 5
"""How often the result is checked again: a name that is right now may bring another mistake to light."""

_KINDS = DEFINITIONS | {Kind.INSTRUMENTATIONS, Kind.PRODUCT_GROUPS}
_TRAILING_BLANKS = re.compile(r"[ \t]+(?=[\r\n]|\Z)")
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_CHANGED_MORE = "the change would have touched more than was meant"


@dataclass(frozen=True, slots=True)
class Fix:
    """What was done to a file. ``line`` counts from 1 and is that of the text before the change."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Fixing:
    """All that was done, and the files that had something to mend and were left alone, each with the reason."""

    fixes: tuple[Fix, ...]
    left_alone: tuple[tuple[str, str], ...]


def fix_paths(paths: Sequence[Path], *, product_groups: Path | None = None) -> Fixing:
    """Apply the safe suggestions to the files that the paths mean.

    Raises OperationalError when a path is no part of a definitions root, or a file cannot be read or written.
    """
    fixes: list[Fix] = []
    left_alone: dict[str, str] = {}
    for _ in range(ROUNDS):
        suggestions = _suggestions(paths, product_groups)
        texts: dict[Path, str] = {}
        for original in originals(paths, _KINDS):
            mended = _mended(original, suggestions.get(original.source.file, []))
            if isinstance(mended, str):
                left_alone[original.source.file] = mended
            elif mended is not None:
                texts[original.source.path] = mended[0]
                fixes += mended[1]
        if not texts:
            break
        save_all(texts)
    return Fixing(tuple(fixes), tuple(left_alone.items()))


_Suggestion = tuple["Diagnostic", Corrections]


def _suggestions(paths: Sequence[Path], product_groups: Path | None) -> dict[str, list[_Suggestion]]:
    """Return file -> the findings that suggest something, with what may be followed."""
    found: defaultdict[str, list[_Suggestion]] = defaultdict(list)
    for diagnostic, corrections in _diagnostics(paths, product_groups):
        if diagnostic.suggestion is not None:
            found[diagnostic.file].append((diagnostic, corrections))
    return found


def _diagnostics(paths: Sequence[Path], product_groups: Path | None) -> Iterator[_Suggestion]:
    for root, only in by_root(paths).items():
        if root is None:
            groups = Corrections.for_lone_files(product_groups)
            for path in only:
                yield from ((one, groups) for one in validate_file(path, product_groups=product_groups).diagnostics)
        else:
            validation = validate(root, only=only, product_groups=product_groups)
            corrections = Corrections.within(validation.dictionary)
            yield from ((one, corrections) for one in validation.diagnostics)


def _mended(original: Original, suggestions: list[_Suggestion]) -> tuple[str, list[Fix]] | str | None:
    """Return the new text with what was done, why nothing was, or None where there is nothing to do."""
    if original.fault is not None:
        return original.fault if suggestions else None
    tree = tree_of(original.text)
    if tree is None:
        return "it holds directives or ends in `...`" if suggestions else None
    text, intended = original.text, copy.deepcopy(original.data)
    edits: list[Edit] = []
    fixes: list[Fix] = []
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    for edit, path, fix in _replacements(original, tree, suggestions, starts):
        edits.append(edit)
        fixes.append(fix)
        intended = _with(intended, path[0], path[1])
    for edit, fix in (*_without_trailing_blanks(original, tree, starts), *_begun(original, tree)):
        edits.append(edit)
        fixes.append(fix)
    if not edits:
        return None
    new = apply(text, edits)
    if json.dumps(said(original.source, new)) != json.dumps(intended):
        return _CHANGED_MORE
    mark = BOM if original.raw.startswith(BOM.encode()) else ""
    return mark + new, fixes


def _replacements(
    original: Original, tree: Tree, suggestions: list[_Suggestion], starts: list[int]
) -> Iterator[tuple[Edit, tuple[JsonPath, str], Fix]]:
    suggested = {diagnostic.path: (diagnostic, corrections) for diagnostic, corrections in suggestions}
    in_brackets = _bracketed(tree)
    for path, _, node in nodes(tree.root):
        if json_path(path) not in suggested or not isinstance(node, Scalar) or node.style in ("|", ">"):
            continue
        diagnostic, corrections = suggested[json_path(path)]
        value = corrections.of(diagnostic, original.source.kind, node.value)
        line = bisect_right(starts, node.start)
        if value is None or (line, node.start - starts[line - 1] + 1) != (diagnostic.line, diagnostic.column):
            continue
        old = original.text[node.start : node.end]
        if diagnostic.rule == VERSION:
            new = quoted(value)
        else:
            new = in_place_of(value, node.style, in_brackets=path in in_brackets)
        what = f"`{' '.join(old.split())}` is now `{new}` ({diagnostic.rule})"
        yield Edit(node.start, node.end, new), (path, value), Fix(original.source.file, line, what)


def _bracketed(tree: Tree) -> set[JsonPath]:
    """Return the paths of everything that stands in brackets or braces."""
    inside: set[JsonPath] = set()
    for path, _, node in nodes(tree.root):
        if path[:-1] in inside or (isinstance(node, Collection) and node.in_brackets):
            inside.add(path)
    return inside


def _with(data: object, path: JsonPath, value: str) -> object:
    """Return the data with another value at a path that exists."""
    if not path:
        return value
    inner = data
    for step in path[:-1]:
        inner = inner[step]  # type: ignore[index]
    inner[path[-1]] = value  # type: ignore[index]
    return data


def _without_trailing_blanks(original: Original, tree: Tree, starts: list[int]) -> Iterator[tuple[Edit, Fix]]:
    """Take blanks from the ends of lines, where they are no part of a value."""
    kept = [(one.start, one.end) for one in scalars(tree.root) if one.style is not None]
    for found in _TRAILING_BLANKS.finditer(original.text):
        before = bisect_right(kept, found.start(), key=lambda span: span[0]) - 1
        if before < 0 or found.start() >= kept[before][1]:
            line = bisect_right(starts, found.start())
            yield Edit(found.start(), found.end(), ""), Fix(original.source.file, line, "blanks at the end are gone")


def _begun(original: Original, tree: Tree) -> Iterator[tuple[Edit, Fix]]:
    """Begin a definition with ``---``, behind the line that tells an editor the schema."""
    if tree.marked or original.source.kind not in DEFINITIONS or not isinstance(tree.root, Collection):
        return
    found = _BREAK.search(original.text)
    start = found.end() if found and MODELINE.match(original.text) else 0
    mark = f"---{found.group() if found else chr(10)}"
    yield Edit(start, start, mark), Fix(original.source.file, 1, "the file begins with `---` now")
