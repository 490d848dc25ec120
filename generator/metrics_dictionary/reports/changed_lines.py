"""Which lines of which files a change touched, and which findings stand on them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metrics_dictionary.reading.yaml_rules import YAML_RULES
from metrics_dictionary.reports.git import MAIN_BRANCHES, Repository
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic, Related

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_FILE = "+++ "


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

        What is said of a file as a whole, or of one that could not be read to its end, concerns every change of it.
        """
        if self.everything:
            return True
        whole = diagnostic.path == "$" or diagnostic.rule in YAML_RULES
        return self._touch(diagnostic, whole=whole) or any(self._touch(place) for place in diagnostic.related)

    def _touch(self, place: Diagnostic | Related, *, whole: bool = False) -> bool:
        touched = self.lines.get(os.path.realpath(place.file))
        if touched is None:
            return False
        return whole or not touched or any(place.line in lines for lines in touched)


def changed_lines(folders: Iterable[Path], revision: str | None) -> ChangedLines:
    """Return what changed below some folders since this branch left ``revision``, work tree and new files included.

    Without a revision it is the main branch that was left. Raises OperationalError when a folder is in no git
    repository, or the revision does not exist.
    """
    lines: dict[str, list[range]] = {}
    limits: list[str] = []
    everything = False
    for folder in folders:
        repository = Repository.around(folder)
        base = _base(repository, revision)
        limits += [limit for limit in base.limits if limit not in limits]
        everything = everything or base.unknown
        if not base.unknown:
            difference = repository.differences(base.commit, folder.resolve())
            lines.update(_touched(difference, repository.top))
            lines.update({str(repository.top / name): [] for name in repository.others(folder.resolve())})
    return ChangedLines(lines, tuple(limits), everything)


@dataclass(frozen=True, slots=True)
class _Base:
    """What to compare with: a commit, or None for the time before the first one."""

    commit: str | None = None
    limits: tuple[str, ...] = ()
    unknown: bool = False


def _base(repository: Repository, revision: str | None) -> _Base:
    hint = " (this clone is shallow; fetch more of the history)" if repository.shallow else ""
    if repository.commit("HEAD") is None:
        return _Base()
    named = revision or next((branch for branch in MAIN_BRANCHES if repository.commit(branch)), None)
    if named is None:
        limit = f"there is no main branch to compare with{hint}, so findings on all lines are shown"
        return _Base(limits=(limit,), unknown=True)
    commit = repository.commit(named)
    if commit is None:
        raise OperationalError(f"no commit is called {named}{hint}; name a branch, a tag or a commit")
    if common := repository.merge_base(commit):
        return _Base(common)
    limit = f"where this branch left {named} is not known{hint}, so it is compared with {named} itself"
    return _Base(commit, (limit,))


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
