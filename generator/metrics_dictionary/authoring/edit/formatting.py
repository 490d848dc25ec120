"""Bringing files to their canonical form, as long as that changes nothing of what they say."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.authoring.edit.canonical import canonical
from metrics_dictionary.authoring.edit.comments import comments_of
from metrics_dictionary.authoring.edit.saving import save_all
from metrics_dictionary.authoring.edit.source_text import data_of, source_texts
from metrics_dictionary.authoring.edit.tree import tree_of
from metrics_dictionary.dictionary.definition import mapping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from metrics_dictionary.reading.root import SourceFile

_LINE_END = re.compile(r"\r\n|\r|\n")

NOT_SAFE = "its canonical form would mean something else"


@dataclass(frozen=True, slots=True)
class Formatting:
    """``changed`` are the files that are, or would be, written; ``left_alone`` gives each a reason."""

    checked: int
    changed: tuple[str, ...]
    left_alone: tuple[tuple[str, str], ...]


def format_files(paths: Sequence[Path], *, check: bool = False) -> Formatting:
    """Bring metrics and events to their canonical form; ``check`` writes nothing.

    Raises OperationalError when a path is not part of a definitions root, or a file cannot be read or written.
    """
    changed: dict[Path, str] = {}
    names: list[str] = []
    left_alone: list[tuple[str, str]] = []
    checked = 0
    for before in source_texts(paths):
        checked += 1
        text = None if before.problem is not None else formatted(before.text, before.source)
        if text is None:
            left_alone.append((before.source.file, before.problem or NOT_SAFE))
        elif _LINE_END.sub("\n", text) != _LINE_END.sub("\n", before.raw.decode()):
            changed[before.source.path] = text
            names.append(before.source.file)
    if changed and not check:
        save_all(changed)
    return Formatting(checked, tuple(names), tuple(left_alone))


def formatted(text: str, source: SourceFile) -> str | None:
    """Return the canonical form of a text, or None where that would not say the same.

    Every line ends as the first one of the text does.
    """
    new = canonical(text, source.kind)
    if new is None or not _says_the_same(text, new, source):
        return None
    end = _LINE_END.search(text)
    return new.replace("\n", end.group()) if end else new


def _says_the_same(old: str, new: str, source: SourceFile) -> bool:
    """Return whether two texts give the same fields and hold the same comments."""
    if _meaning(data_of(source, old)) != _meaning(data_of(source, new)):
        return False
    return _comments(old) == _comments(new) and canonical(new, source.kind) == new


def _meaning(data: object) -> str:
    """Return the data as JSON: the order of the fields is free, everything below them stays in its order."""
    return json.dumps(sorted(mapping(data).items(), key=lambda field: field[0]))


def _comments(text: str) -> Counter[str]:
    tree = tree_of(text)
    return Counter() if tree is None else Counter(comment.text for comment in comments_of(text, tree))
