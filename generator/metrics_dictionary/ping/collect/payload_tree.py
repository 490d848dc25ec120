"""The tree of a payload: values nested by key path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.dictionary import RECORDED_AT
from metrics_dictionary.ping.query.entry import DEPTH_LIMIT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


def nested(recorded_at: str, values: Mapping[str, object]) -> dict[str, object]:
    """Return the tree of key path -> value, ``recorded_at`` first; what has no place in it is left out."""
    tree: dict[str, object] = {RECORDED_AT: recorded_at}
    for key_path, value in values.items():
        if key_path != RECORDED_AT and homeless(key_path, values) is None:
            *levels, name = key_path.split(".")
            _level(tree, levels)[name] = value
    return tree


def _level(tree: dict[str, object], names: Iterable[str]) -> dict[str, object]:
    for name in names:
        inner = tree.setdefault(name, {})
        assert isinstance(inner, dict)  # noqa: S101 - no value is above another: homeless() sees to it
        tree = inner
    return tree


def homeless(key_path: str, key_paths: Collection[str]) -> str | None:
    """Return why a tree with these key paths has no place for this one; None where it has."""
    names = key_path.split(".")
    if len(names) > DEPTH_LIMIT:
        return f"there is no place for it: the key path has more than {DEPTH_LIMIT} levels"
    for depth in range(1, len(names)):
        above = ".".join(names[:depth])
        if above in key_paths or above == RECORDED_AT:
            return f"there is no place for it: {above} is a value itself; rename one of the two"
    return None
