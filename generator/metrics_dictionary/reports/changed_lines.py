"""Which lines of which files a change touched, and which findings stand on them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.git import MAIN_BRANCHES, GitRefusedError, commit_id, git, git_line, is_shallow
from metrics_dictionary.validation.rules.registry import rules_of
from metrics_dictionary.validation.rules.rule import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_FILE = "+++ "

_BEFORE_EVERYTHING = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without a file, which git knows in every repository."""

_RULES_OF_TEXT = rules_of(Scope.TEXT)


@dataclass(frozen=True)
class ChangedLines:
    """Real path of a file -> the ranges of its lines that were touched; an empty list where all of them are new.

    ``limits`` say, a sentence each, what could not be found out. With ``everything`` nothing could, and every line
    counts as changed.
    """

    lines: dict[str, list[range]] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    everything: bool = False

    def concern(self, diagnostic: Diagnostic) -> bool:
        """Return whether a finding, or the second place that it names, stands on a changed line.

        What is said of a file as a whole, of a field that it lacks, or of a file that could not be read to its end,
        concerns every change of it.
        """
        if self.everything:
            return True
        lacks_field = any(_is_top_level(path) for path in diagnostic.missing)
        whole = diagnostic.path == "$" or diagnostic.rule in _RULES_OF_TEXT or lacks_field
        return self._touch(diagnostic, whole=whole) or any(self._touch(place) for place in diagnostic.related)

    def _touch(self, place: Diagnostic | Related, *, whole: bool = False) -> bool:
        touched = self.lines.get(os.path.realpath(place.file))
        if touched is None:
            return False
        return whole or not touched or any(place.line in lines for lines in touched)


def _is_top_level(path: str) -> bool:
    """Return whether a JSON path is that of a field of the definition itself, such as ``$.milestone_removed``."""
    return path.rfind(".") == 1 and "[" not in path


def changed_lines(folders: Iterable[Path], revision: str | None) -> ChangedLines:
    """Return what changed below some folders since this branch left ``revision``, work tree and new files included.

    Without a revision it is the main branch that was left. Raises OperationalError when a folder is in no git
    repository, or the revision does not exist.
    """
    lines: dict[str, list[range]] = {}
    limits: list[str] = []
    everything = False
    for folder in folders:
        top = _top(folder)
        base = _base(top, revision)
        limits += [limit for limit in base.limits if limit not in limits]
        everything = everything or base.unknown
        if not base.unknown:
            lines.update(_touched(_difference(top, base.commit, folder.resolve()), top))
            lines.update({str(top / name): [] for name in _untracked(top, folder.resolve())})
    return ChangedLines(lines, tuple(limits), everything)


@dataclass(frozen=True, slots=True)
class _Base:
    """What to compare with: a commit, or None for the time before the first one."""

    commit: str | None = None
    limits: tuple[str, ...] = ()
    unknown: bool = False


def _top(folder: Path) -> Path:
    """Return the top folder of the repository that a folder is in."""
    try:
        return Path(git(folder, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n"))
    except GitRefusedError as error:
        raise OperationalError(f"{folder}: git cannot say which lines changed: {error}") from error


def _base(top: Path, revision: str | None) -> _Base:
    hint = " (this clone is shallow; fetch more of the history)" if is_shallow(top) else ""
    if commit_id(top, "HEAD") is None:
        return _Base()
    named = revision or next((branch for branch in MAIN_BRANCHES if commit_id(top, branch)), None)
    if named is None:
        limit = f"there is no main branch to compare with{hint}, so findings on all lines are shown"
        return _Base(limits=(limit,), unknown=True)
    commit = commit_id(top, named)
    if commit is None:
        raise OperationalError(f"no commit is called {named}{hint}; name a branch, a tag or a commit")
    if common := git_line(top, "merge-base", commit, "HEAD"):
        return _Base(common)
    limit = f"where this branch left {named} is not known{hint}, so it is compared with {named} itself"
    return _Base(commit, (limit,))


def _difference(top: Path, commit: str | None, folder: Path) -> str:
    """Return the difference between a commit and the work tree, below a folder, without lines of context.

    None stands for the time before the first commit.
    """
    shown = ("--unified=0", "--text", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/", "--no-color")
    own = ("--no-ext-diff", "--no-textconv", "--inter-hunk-context=0", "--no-relative")
    return _text(top, "diff", *shown, *own, commit or _BEFORE_EVERYTHING, "--", str(folder))


def _untracked(top: Path, folder: Path) -> list[str]:
    """Return the files below a folder that git does not keep, from the top."""
    listed = _text(top, "ls-files", "--others", "--full-name", "-z", "--", str(folder))
    return [name for name in listed.split("\0") if name]


def _text(top: Path, *arguments: str) -> str:
    try:
        return git(top, *arguments).decode("utf-8", "surrogateescape")
    except GitRefusedError as error:
        raise OperationalError(f"{top}: git {arguments[0]} failed: {error}") from error


def _touched(difference: str, top: Path) -> dict[str, list[range]]:
    """Read a difference without context: real path -> touched lines.

    Where lines were only taken out, the lines on both sides of the gap are touched.
    """
    touched: dict[str, list[range]] = {}
    file: list[range] = []
    left = 0
    for line in difference.split("\n"):
        if left:
            left -= line[:1] in ("-", "+")
        elif line.startswith(_FILE):
            file = touched.setdefault(str(top / _name(line)), [])
        elif hunk := _HUNK.match(line):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            file.append(range(start, start + (count or 2)))
            left = _changes(hunk.group())
    return touched


def _changes(hunk: str) -> int:
    """Return how many lines a hunk has, so that none of them is taken for a heading."""
    counts = re.findall(r"[-+]\d+(?:,(\d+))?", hunk)
    return sum(int(count or 1) for count in counts)


def _name(line: str) -> str:
    """Return the path of a heading such as ``+++ b/events/a.yml``; unusual ones are quoted as C quotes them."""
    name = line.removeprefix(_FILE).rstrip("\t")
    if name.startswith('"'):
        raw = name[1:-1].encode("utf-8", "surrogateescape").decode("unicode_escape")
        name = raw.encode("latin-1").decode("utf-8", "surrogateescape")
    return name.removeprefix("b/")
