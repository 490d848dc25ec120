"""Git as a source of facts: a fixed number of processes for a whole root, none of them able to write or to fetch.

Whatever keeps git from answering (none installed, no repository, one that belongs to somebody else) means that there is
no history, and is no error.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PATIENCE = 120
"""Seconds that a process may take; a build is not held up for longer by a history that nobody can read."""

LOG_FORMAT = "%H%x00%P%x00%ct%x00%s%x00"

_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "diff.ignoreSubmodules=all")
_INHERITED = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_COMMON_DIR"}
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone fetches each object that it lacks, one by one, unless it may not.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a root is in. ``prefix`` is the root's path in it, with a slash at the end or empty.

    A shallow one lacks what came before its oldest commits.
    """

    root: Path
    prefix: str
    shallow: bool


def find_repository(root: Path) -> Repository | None:
    """Return the repository whose work tree the root is in."""
    answer = _run(root, "rev-parse", "--is-shallow-repository", "--show-prefix")
    if answer is None:
        return None
    shallow, _, prefix = answer.partition(b"\n")
    return Repository(root, os.fsdecode(prefix.removesuffix(b"\n")), shallow == b"true")


class RunningLog:
    """A ``git log`` over some folders of a root, which goes on while its caller does something else."""

    def __init__(self, root: Path, folders: Iterable[str]) -> None:
        # A file, not a pipe: git is never held up by a reader who has other things to do.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        options = (
            "-z",
            "--raw",
            "-c",
            "--no-abbrev",
            "--no-renames",
            "--no-relative",
            "--no-ext-diff",
            "--no-textconv",
        )
        shown = ("--date-order", "--no-notes", "--no-color", "--encoding=UTF-8", f"--format=tformat:{LOG_FORMAT}")
        command = _command(root, "log", *options, *shown, "HEAD", "--", *folders)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                command, env=_environment(), stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.DEVNULL
            )
        except OSError:
            self.close()

    def finish(self) -> bytes | None:
        """Wait for its end and return what it printed; None when there is no answer."""
        if self._process is None:
            return None
        try:
            failed = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        self._output.seek(0)
        return None if failed else self._output.read()

    def close(self) -> None:
        """End it, finished or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._output.close()


def blobs(root: Path, ids: Iterable[str], largest: int) -> dict[str, bytes]:
    """Return the contents of blobs by id. Left out are those that are missing, or have more than ``largest`` bytes."""
    wanted = "".join(f"{blob}\n" for blob in ids).encode()
    sizes = _run(root, "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", given=wanted) or b""
    described = (line.split(b" ") for line in sizes.splitlines())
    small = [words[0] for words in described if len(words) == 3 and words[1] == b"blob" and int(words[2]) <= largest]
    answer = _run(root, "cat-file", "--batch", "--buffer", given=b"".join(blob + b"\n" for blob in small)) or b""
    return _contents(answer)


def _contents(answer: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    position = 0
    while (line_end := answer.find(b"\n", position)) >= 0:
        words = answer[position:line_end].split(b" ")
        if len(words) != 3:
            position = line_end + 1
            continue
        start, size = line_end + 1, int(words[2])
        found[words[0].decode()] = answer[start : start + size]
        position = start + size + 1
    return found


def _run(root: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            _command(root, *arguments),
            env=_environment(),
            input=given,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _command(root: Path, *arguments: str) -> list[str]:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    return ["git", "--no-pager", "--literal-pathspecs", "-C", str(root), *settings, *arguments]


def _environment() -> dict[str, str]:
    """Return the environment, without what would lead git to another repository than the root's."""
    return {name: value for name, value in os.environ.items() if name not in _INHERITED} | _ENVIRONMENT
