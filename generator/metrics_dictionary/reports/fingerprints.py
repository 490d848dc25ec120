"""By what a service that shows findings beside code knows one again: its file's path and its fingerprint."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic


def fingerprints(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Return a fingerprint for each diagnostic, unique among them: 64 hexadecimal digits.

    It depends on the rule, the file, the place in the definition and the message, not on the line. Only where all of
    these are the same, as for two syntax errors of one kind, does the order within the file decide.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for diagnostic in diagnostics:
        identity = (diagnostic.rule, repository_path(diagnostic.file), diagnostic.path, _without_lines(diagnostic))
        text = "\0".join((*identity, str(seen[identity])))
        made.append(hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest())
        seen[identity] += 1
    return made


def _without_lines(diagnostic: Diagnostic) -> str:
    """Return the message without the lines of other places in it, which move as well."""
    message = diagnostic.message
    for related in diagnostic.related:
        message = message.replace(related.location, related.file)
    return message


def repository_path(file: str) -> str:
    """Return the path from the top of the repository that the command runs in, with ``/`` between folders.

    Without a repository it is the path from the working folder; a file outside of that keeps its path.
    """
    top = _top(Path.cwd())
    absolute = (Path.cwd() / file).absolute()
    try:
        return _without_dots(absolute).relative_to(top).as_posix()
    except ValueError:
        return Path(file).as_posix()


@lru_cache(maxsize=8)
def _top(folder: Path) -> Path:
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _without_dots(path: Path) -> Path:
    """Resolve ``..`` by the letters alone: a link to a definition is shown where the link is."""
    kept: list[str] = []
    for part in path.parts:
        if part == ".." and len(kept) > 1:
            kept.pop()
        else:
            kept.append(part)
    return Path(*kept)
