"""A file's path as the services know it that show findings beside code: from the top of the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


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
