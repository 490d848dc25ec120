"""Giving a product group another identifier, in every file that names it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.edits import Edit, apply
from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.scalar_text import in_place_of
from metrics_dictionary.authoring.edit.scope import BOM, DEFINITIONS, original, originals, said
from metrics_dictionary.authoring.edit.tree import Scalar, nodes, tree_of
from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.product_groups import product_groups_of
from metrics_dictionary.reading.root import find_files
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import did_you_mean, near_misses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metrics_dictionary.authoring.edit.scope import Original
    from metrics_dictionary.authoring.edit.tree import Node


@dataclass(frozen=True, slots=True)
class Renaming:
    """How many definitions have the new owner, and whether ``product_groups.yml`` has the new name."""

    definitions: int
    in_groups: bool


def rename_group(root: Path, old: str, new: str) -> Renaming:
    """Put ``new`` in place of ``old`` as owner and as product group: in all files or in none.

    Raises OperationalError when the root cannot be read or written, when nothing is called ``old``, when there is a
    group ``new`` already, or when a file that has to change cannot be changed safely.
    """
    groups = _groups(root)
    _check(groups, old, new)
    texts: dict[Path, str] = {}
    if groups is not None and old in product_groups_of(groups.data):
        texts[groups.source.path] = _renamed(groups, list(_in_groups(groups)), old, new)
    definitions = 0
    for one in originals((root,), DEFINITIONS):
        if one.fault is not None and f"product_group: {old}".encode() in one.raw:
            raise OperationalError(f"{one.source.file}: {one.fault}; mend that first, no file was changed")
        if mapping(one.data).get("product_group") == old:
            texts[one.source.path] = _renamed(one, list(_owner(one)), old, new)
            definitions += 1
    if not texts:
        raise OperationalError(_unknown(groups, old))
    save_all(texts)
    return Renaming(definitions, groups is not None and groups.source.path in texts)


def _groups(root: Path) -> Original | None:
    """Return the root's file of groups; raises OperationalError when there is one that cannot be changed."""
    source = next((one for one in find_files(root) if one.kind is Kind.PRODUCT_GROUPS), None)
    groups = None if source is None else original(source)
    if groups is not None and groups.fault is not None:
        raise OperationalError(f"{groups.source.file}: {groups.fault}; mend that first, no file was changed")
    return groups


def _check(groups: Original | None, old: str, new: str) -> None:
    if not new.strip() or not new.isprintable():
        raise OperationalError("the new identifier is empty; write one of small letters, digits and `_`")
    if old == new:
        raise OperationalError(f"{old!r} is both the old and the new identifier; nothing to rename")
    if groups is not None and new in product_groups_of(groups.data):
        raise OperationalError(f"{groups.source.file}: there is a group {new!r} already; choose another identifier")


def _renamed(original: Original, places: list[Scalar], old: str, new: str) -> str:
    edits = [
        Edit(one.start, one.end, in_place_of(new, one.style, in_brackets=True)) for one in places if one.value == old
    ]
    text = apply(original.text, edits)
    if not edits or json.dumps(said(original.source, text)) != json.dumps(_with_new_name(original, old, new)):
        raise OperationalError(
            f"{original.source.file}: cannot be changed without touching more than the owner; "
            "change it by hand first, no file was changed"
        )
    return (BOM if original.raw.startswith(BOM.encode()) else "") + text


def _with_new_name(original: Original, old: str, new: str) -> object:
    if original.source.kind in DEFINITIONS:
        return {**mapping(original.data), "product_group": new}
    if isinstance(original.data, list):
        return [new if name == old else name for name in original.data]
    fields = mapping(original.data)
    if old not in fields and isinstance(names := fields.get("enum"), list):
        return {**fields, "enum": [new if name == old else name for name in names]}
    return {new if name == old else name: group for name, group in fields.items()}


def _owner(original: Original) -> Iterator[Scalar]:
    for path, value in _scalars(original):
        if path == ("product_group",):
            yield value


def _in_groups(original: Original) -> Iterator[Scalar]:
    """Yield what may be a group's identifier: the items of the list, or the keys of the mapping."""
    tree = tree_of(original.text)
    if tree is None or isinstance(tree.root, Scalar):
        return
    in_enum = [value for path, value in _scalars(original) if len(path) == 2 and path[0] == "enum"]
    keys = [entry.key for entry in tree.root.entries if entry.key is not None]
    yield from keys
    yield from in_enum
    yield from (value for path, value in _scalars(original) if len(path) == 1 and isinstance(path[0], int))


def _scalars(original: Original) -> Iterator[tuple[tuple[str | int, ...], Scalar]]:
    tree = tree_of(original.text)
    node: Node
    for path, _, node in nodes(tree.root) if tree is not None else ():
        if isinstance(node, Scalar):
            yield path, node


def _unknown(groups: Original | None, old: str) -> str:
    close = near_misses(old, product_groups_of(groups.data) if groups is not None else ())
    hint = did_you_mean(close) or "`product_groups.yml` lists them"
    return f"no definition and no group is called {old!r}; {hint}"
