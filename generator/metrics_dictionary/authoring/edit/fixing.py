"""Fixing what leaves no choice: each change replaces one stretch of text, and is checked to mean only what it says."""

from __future__ import annotations

import copy
import json
import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.comments import MODELINE
from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.scalar_text import in_place_of, quoted
from metrics_dictionary.authoring.edit.source_text import DEFINITIONS, Edit, SourceText, data_of, source_texts
from metrics_dictionary.authoring.edit.tree import Collection, Scalar, Tree, nodes, scalars, tree_of
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.positions import json_path
from metrics_dictionary.reading.product_groups import read_product_groups
from metrics_dictionary.tools.near_misses import near_misses
from metrics_dictionary.validation.named_paths import by_root
from metrics_dictionary.validation.schemas.field_reference import field_reference
from metrics_dictionary.validation.validate import validate, validate_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.positions import JsonPath

    _SafeNames = dict[str, Sequence[str]]
    """Rule -> the names that a wrong value may stand for. A finding of the schema has its own: the allowed values."""

    _Suggestion = tuple[Diagnostic, _SafeNames]

MAX_ROUNDS = 5
"""How often the result is checked again: a name that is right now may bring another mistake to light."""

_KINDS = DEFINITIONS | {Kind.INSTRUMENTATIONS, Kind.PRODUCT_GROUPS}
_VERSION = "unquoted-version"
_SCHEMA = "schema"
_INDEX = re.compile(r"\[\d+\]")
_TRAILING_BLANKS = re.compile(r"[ \t]+(?=[\r\n]|\Z)")
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Fix:
    """One change of a file, and what it does in words. ``line`` counts from 1 in the text before the change.

    ``value`` is the place in the data that the change sets, and the new value; None where the data stays the same.
    """

    file: str
    line: int
    what: str
    edit: Edit
    value: tuple[JsonPath, str] | None = None


@dataclass(frozen=True, slots=True)
class Fixing:
    """All that was done, and the files that had something to fix and were left alone, each with the reason."""

    fixes: tuple[Fix, ...]
    left_alone: tuple[tuple[str, str], ...]


def fix_paths(paths: Sequence[Path], *, product_groups: Path | None = None) -> Fixing:
    """Apply the safe suggestions to the files that the paths mean.

    Raises OperationalError when a path is not part of a definitions root, or a file cannot be read or written.
    """
    fixes: list[Fix] = []
    left_alone: dict[str, str] = {}
    for _ in range(MAX_ROUNDS):
        suggestions = _suggestions(paths, product_groups)
        texts: dict[Path, str] = {}
        for before in source_texts(paths, _KINDS):
            fixed = _fixed(before, suggestions.get(before.source.file, []))
            if isinstance(fixed, str):
                left_alone[before.source.file] = fixed
            elif fixed is not None:
                texts[before.source.path] = fixed[0]
                fixes += fixed[1]
        if not texts:
            break
        save_all(texts)
    return Fixing(tuple(fixes), tuple(left_alone.items()))


def _suggestions(paths: Sequence[Path], product_groups: Path | None) -> dict[str, list[_Suggestion]]:
    """Return file -> the findings that suggest something, with the names that are safe there."""
    found: defaultdict[str, list[_Suggestion]] = defaultdict(list)
    for diagnostic, names in _diagnostics(paths, product_groups):
        if diagnostic.suggestion is not None:
            found[diagnostic.file].append((diagnostic, names))
    return found


def _diagnostics(paths: Sequence[Path], product_groups: Path | None) -> Iterator[_Suggestion]:
    for root, only in by_root(paths).items():
        names: _SafeNames
        if root is None:
            names = {"unknown-product-group": list(read_product_groups(product_groups)) if product_groups else []}
            for path in only:
                yield from ((one, names) for one in validate_file(path, product_groups=product_groups).diagnostics)
        else:
            validation = validate(root, only=only, product_groups=product_groups)
            dictionary = validation.dictionary
            names = {
                "unknown-product-group": list(dictionary.product_groups or ()),
                "unknown-event": list(dictionary.events),
                "unknown-instrumentation": list(dictionary.instrumentations or ()),
            }
            yield from ((one, names) for one in validation.diagnostics)


def _correction(safe: _SafeNames, diagnostic: Diagnostic, kind: Kind, word: str) -> str | None:
    """Return the string that the wrong ``word`` has to be, or None where somebody has to decide.

    A suggestion is safe when it is the only one of the names that is close.
    """
    suggestion = diagnostic.suggestion
    if suggestion is None:
        return None
    if diagnostic.rule == _VERSION:
        return suggestion.strip('"')
    if diagnostic.rule == _SCHEMA:
        names: Sequence[str] = _allowed_values(kind).get(_INDEX.sub("[]", diagnostic.path.removeprefix("$.")), ())
    else:
        names = safe.get(diagnostic.rule, ())
    return suggestion if suggestion in names and _is_the_only_one(suggestion, word, names) else None


def _is_the_only_one(suggestion: str, word: str, names: Sequence[str]) -> bool:
    """Return whether no other name is close, or this one differs only in case and separators and no other does."""
    # Owners of 2021 are written `group::global search`.
    word = word.removeprefix("group::")
    alike = [name for name in names if _letters(name) == _letters(word)]
    return alike == [suggestion] if alike else near_misses(word, names) == [suggestion]


def _letters(word: str) -> str:
    return re.sub(r"[_\-.: ]", "", word.lower())


@cache
def _allowed_values(kind: Kind) -> dict[str, tuple[str, ...]]:
    """Return place -> the values that the schema of a metric or an event allows there."""
    if kind not in DEFINITIONS:
        return {}
    return {one.name: tuple(str(value) for value in one.allowed) for one in field_reference(kind) if one.allowed}


def _fixed(before: SourceText, suggestions: list[_Suggestion]) -> tuple[str, list[Fix]] | str | None:
    """Return the new text with what was done, why nothing was, or None where there is nothing to do."""
    if before.problem is not None:
        return before.problem if suggestions else None
    tree = tree_of(before.text)
    if tree is None:
        return "it holds directives or ends in `...`" if suggestions else None
    starts = [0, *(found.end() for found in _BREAK.finditer(before.text))]
    fixes = [
        *_corrections(before, tree, suggestions, starts),
        *_without_trailing_blanks(before, tree, starts),
        *_with_document_start(before, tree),
    ]
    if not fixes:
        return None
    intended = copy.deepcopy(before.data)
    for fix in fixes:
        if fix.value is not None:
            intended = _with(intended, *fix.value)
    text = before.edited(fix.edit for fix in fixes)
    if json.dumps(data_of(before.source, text)) != json.dumps(intended):
        return "the change would have touched more than was meant"
    return text, fixes


def _corrections(before: SourceText, tree: Tree, suggestions: list[_Suggestion], starts: list[int]) -> Iterator[Fix]:
    suggested = {diagnostic.path: (diagnostic, names) for diagnostic, names in suggestions}
    in_brackets = _bracketed(tree)
    for path, _, node in nodes(tree.root):
        if json_path(path) not in suggested or not isinstance(node, Scalar) or node.style in ("|", ">"):
            continue
        diagnostic, names = suggested[json_path(path)]
        value = _correction(names, diagnostic, before.source.kind, node.value)
        line = bisect_right(starts, node.start)
        if value is None or (line, node.start - starts[line - 1] + 1) != (diagnostic.line, diagnostic.column):
            continue
        old = before.text[node.start : node.end]
        if diagnostic.rule == _VERSION:
            new = quoted(value)
        else:
            new = in_place_of(value, node.style, in_brackets=path in in_brackets)
        what = f"`{' '.join(old.split())}` is now `{new}` ({diagnostic.rule})"
        yield Fix(before.source.file, line, what, Edit(node.start, node.end, new), (path, value))


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


def _without_trailing_blanks(before: SourceText, tree: Tree, starts: list[int]) -> Iterator[Fix]:
    """Take blanks from the ends of lines, where they are not part of a value."""
    kept = [(one.start, one.end) for one in scalars(tree.root) if one.style is not None]
    for found in _TRAILING_BLANKS.finditer(before.text):
        scalar = bisect_right(kept, found.start(), key=lambda span: span[0]) - 1
        if scalar < 0 or found.start() >= kept[scalar][1]:
            line = bisect_right(starts, found.start())
            yield Fix(before.source.file, line, "blanks at the end are gone", Edit(found.start(), found.end(), ""))


def _with_document_start(before: SourceText, tree: Tree) -> Iterator[Fix]:
    """Begin a definition with ``---``, behind the line that tells an editor the schema."""
    if tree.marked or before.source.kind not in DEFINITIONS or not isinstance(tree.root, Collection):
        return
    found = _BREAK.search(before.text)
    start = found.end() if found and MODELINE.match(before.text) else 0
    mark = f"---{found.group() if found else chr(10)}"
    yield Fix(before.source.file, 1, "the file begins with `---` now", Edit(start, start, mark))
