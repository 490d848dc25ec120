"""A draft becomes a file: in canonical form, checked with its whole root in sight, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from metrics_dictionary.authoring.edit.formatting import formatted
from metrics_dictionary.authoring.edit.saving import save_new
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.reading.product_groups import read_product_groups
from metrics_dictionary.reading.read import read_dictionary
from metrics_dictionary.reading.root import PRODUCT_GROUPS, SourceFile, is_root, shown
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.validation.validate import validate_file, validate_unsaved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.reading.document import Kind


class Draft(Protocol):
    """What a metric and an event have in common before they are written."""

    @property
    def file_path(self) -> str:
        """The file, relative to the root."""

    def text(self, schema_url: str) -> str:
        """Return the YAML."""


@dataclass(frozen=True, slots=True)
class Written:
    """A new file's text, and the errors for which it must not be written."""

    path: Path
    text: str
    errors: tuple[Diagnostic, ...]

    def save(self, root: Path) -> None:
        """Write it; raises OperationalError when the file is there already or the machine refuses."""
        save_new(self.path, root, self.text)


def existing(roots: Sequence[Path]) -> Dictionary:
    """Return the dictionary of roots; a single one may still be without any definition.

    Raises OperationalError when a folder is no root or cannot be read.
    """
    if len(roots) > 1 or not _is_empty(roots[0]):
        return read_dictionary(tuple(roots)).dictionary
    groups = _groups(roots[0])
    return Dictionary((), product_groups=read_product_groups(groups) if groups else None)


def prepared(draft: Draft, kind: Kind, roots: Sequence[Path], schema_url: str) -> Written:
    """Return the file that a draft makes in the first of the roots, checked but not written."""
    root = roots[0]
    path = root / draft.file_path
    if path.exists() or path.is_symlink():
        raise OperationalError(f"{shown(path)}: the file already exists; choose another name or key path")
    raw = draft.text(schema_url)
    source = SourceFile(path, shown(path), f"{root.resolve().name}/{draft.file_path}", kind)
    text = formatted(raw, source) or raw
    if len(roots) == 1 and _is_empty(root):
        outcome = validate_file(path, product_groups=_groups(root), unsaved=text.encode())
    else:
        outcome = validate_unsaved(path, text.encode(), beside=roots)
    return Written(path, text, tuple(one for one in outcome.diagnostics if one.severity is Severity.ERROR))


def _is_empty(root: Path) -> bool:
    """Return whether a folder is a root that only waits for its first definition."""
    if not is_root(root):
        return False
    return not any(
        file
        for part in ("metrics", "events")
        for ending in ("yml", "yaml")
        for file in (root / part).rglob(f"*.{ending}")
    )


def _groups(root: Path) -> Path | None:
    path = root / PRODUCT_GROUPS
    return path if path.is_file() else None
