"""Giving a product group another identifier, in every file that names it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.source_text import DEFINITIONS, Edit, data_of, source_text, source_texts
from metrics_dictionary.authoring.edit.tree import Collection, Scalar, nodes, tree_of
from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.product_groups import product_groups_of
from metrics_dictionary.reading.root import find_files
from metrics_dictionary.reading.scalar_text import in_place_of
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import did_you_mean, near_misses
from metrics_dictionary.validation.schemas.definition_schemas import PRODUCT_GROUPS, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from metrics_dictionary.authoring.edit.source_text import SourceText
    from metrics_dictionary.reading.positions import JsonPath


_IDENTIFIER = re.compile(schema(PRODUCT_GROUPS)["propertyNames"]["pattern"].removesuffix("$"))
"""What `product_groups.json` allows."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """How many definitions have the new owner, and whether ``product_groups.yml`` has the new name."""

    definitions: int
    in_groups: bool


def rename_group(roots: tuple[Path, ...], old: str, new: str) -> Renaming:
    """Put ``new`` in place of ``old`` as owner and as product group: in all files or in none.

    Raises OperationalError when a root cannot be read or written, when nothing is called ``old``, when there is a
    group ``new`` already, or when a file that has to change cannot be changed safely.
    """
    groups = _groups(roots)
    _check(groups, old, new)
    texts = {
        one.source.path: _renamed(one, _identifiers(one), old, new)
        for one in groups
        if old in product_groups_of(one.data)
    }
    in_groups = bool(texts)
    definitions = 0
    for one in source_texts(roots, DEFINITIONS):
        if one.problem is not None and f"product_group: {old}".encode() in one.raw:
            raise OperationalError(f"{one.source.file}: {one.problem}; fix that first, no file was changed")
        if mapping(one.data).get("product_group") == old:
            texts[one.source.path] = _renamed(one, _owner(one), old, new)
            definitions += 1
    if not texts:
        raise OperationalError(_unknown(groups, old))
    save_all(texts)
    return Renaming(definitions, in_groups)


def _groups(roots: tuple[Path, ...]) -> list[SourceText]:
    """Return the roots' files of groups; raises OperationalError when there is one that cannot be changed."""
    groups = [source_text(one) for one in find_files(roots) if one.kind is Kind.PRODUCT_GROUPS]
    for one in groups:
        if one.problem is not None:
            raise OperationalError(f"{one.source.file}: {one.problem}; fix that first, no file was changed")
    return groups


def _check(groups: list[SourceText], old: str, new: str) -> None:
    if not _IDENTIFIER.fullmatch(new):
        raise OperationalError(
            f"{new!r} cannot be an identifier: begin with a lowercase letter or a digit, "
            "and use lowercase letters, digits, `_` and `-`"
        )
    if old == new:
        raise OperationalError(f"{old!r} is both the old and the new identifier; choose another new one")
    for one in groups:
        if new in product_groups_of(one.data):
            raise OperationalError(f"{one.source.file}: the group {new!r} already exists; choose another identifier")


def _renamed(before: SourceText, places: Iterable[Scalar], old: str, new: str) -> str:
    edits = [
        Edit(one.start, one.end, in_place_of(new, one.style, in_brackets=True)) for one in places if one.value == old
    ]
    text = before.edited(edits)
    if not edits or json.dumps(data_of(before.source, text)) != json.dumps(_with_new_name(before, old, new)):
        raise OperationalError(
            f"{before.source.file}: the owner cannot be changed without changing something else; "
            "change it by hand first, no file was changed"
        )
    return text


def _with_new_name(file: SourceText, old: str, new: str) -> object:
    if file.source.kind in DEFINITIONS:
        return {**mapping(file.data), "product_group": new}
    if isinstance(file.data, list):
        return [new if name == old else name for name in file.data]
    fields = mapping(file.data)
    if old not in fields and isinstance(names := fields.get("enum"), list):
        return {**fields, "enum": [new if name == old else name for name in names]}
    return {new if name == old else name: group for name, group in fields.items()}


def _owner(file: SourceText) -> Iterator[Scalar]:
    yield from (value for path, value in _scalars(file) if path == ("product_group",))


def _identifiers(file: SourceText) -> Iterator[Scalar]:
    """Yield what may be a group's identifier: keys of the mapping, items of its ``enum``, or items of the list."""
    tree = tree_of(file.text)
    if tree is not None and isinstance(tree.root, Collection):
        yield from (entry.key for entry in tree.root.entries if entry.key is not None)
    for path, value in _scalars(file):
        if (len(path) == 2 and path[0] == "enum") or (len(path) == 1 and isinstance(path[0], int)):
            yield value


def _scalars(file: SourceText) -> Iterator[tuple[JsonPath, Scalar]]:
    tree = tree_of(file.text)
    if tree is not None:
        yield from ((path, node) for path, _, node in nodes(tree.root) if isinstance(node, Scalar))


def _unknown(groups: list[SourceText], old: str) -> str:
    close = near_misses(old, [name for one in groups for name in product_groups_of(one.data)])
    hint = did_you_mean(close) or "`product_groups.yml` lists them"
    return f"no definition and no group is called {old!r}; {hint}"
