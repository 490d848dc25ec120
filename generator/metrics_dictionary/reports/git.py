"""What git says of the repository that definitions live in."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from metrics_dictionary.tools.errors import OperationalError

MAIN_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where changes are merged into, in the order in which the names are tried."""

_BEFORE_EVERYTHING = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without a file, which git knows in every repository."""


_OF_A_HOOK = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_EXTERNAL_DIFF"}


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree. ``top`` is its top folder."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """Return the repository that a folder is in; raises OperationalError where there is none, or no git."""
        result = _git(folder, "rev-parse", "--show-toplevel")
        if result.returncode:
            raise OperationalError(f"{folder}: git knows of no changed lines here: {_problem(result)}")
        return cls(Path(result.stdout.decode("utf-8", "surrogateescape").rstrip("\n")))

    @property
    def shallow(self) -> bool:
        """Whether a part of the history was not fetched."""
        return _git(self.top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def commit(self, revision: str) -> str | None:
        """Return the id of the commit that a revision names, or None where it names none."""
        return self._id("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")

    def merge_base(self, commit: str) -> str | None:
        """Return the last commit that ``commit`` has in common with HEAD, or None where none is known."""
        return self._id("merge-base", commit, "HEAD")

    def differences(self, commit: str | None, folder: Path) -> str:
        """Return the difference between a commit and the work tree, below a folder, without lines of context.

        None stands for the time before the first commit. Raises OperationalError when git fails.
        """
        shown = ("--unified=0", "--text", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/", "--no-color")
        own = ("--no-ext-diff", "--no-textconv", "--inter-hunk-context=0", "--ignore-submodules", "--no-relative")
        return self._text("diff", *shown, *own, commit or _BEFORE_EVERYTHING, "--", str(folder))

    def others(self, folder: Path) -> list[str]:
        """Return the files below a folder that git does not keep, from the top; raises OperationalError."""
        listed = self._text("ls-files", "--others", "--full-name", "-z", "--", str(folder))
        return [name for name in listed.split("\0") if name]

    def _id(self, *arguments: str) -> str | None:
        result = _git(self.top, *arguments)
        return result.stdout.decode("ascii", "replace").strip() or None if result.returncode == 0 else None

    def _text(self, *arguments: str) -> str:
        result = _git(self.top, *arguments)
        if result.returncode:
            raise OperationalError(f"{self.top}: git {arguments[0]} failed: {_problem(result)}")
        return result.stdout.decode("utf-8", "surrogateescape")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    settings = ("-c", "core.quotePath=false", "-c", "core.fsmonitor=false")
    command = ["git", "--no-pager", "--literal-pathspecs", "-C", str(folder), *settings, *arguments]
    # A hook's variables would lead to the repository that it runs for, which need not be that of the folder.
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    environment = {**inherited, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(  # noqa: S603 - our own command, no shell
            command, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise OperationalError("git is not installed, so nothing is known of changed lines") from error


def _problem(result: subprocess.CompletedProcess[bytes]) -> str:
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "it gave no reason"
