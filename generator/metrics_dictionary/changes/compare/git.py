"""The ``git`` command, asked and never told: nothing here writes to a repository or checks anything out."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# A prompt would never be answered; optional locks would be in the way of an editor that uses the repository.
_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

_INHERITED = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}
"""What a hook finds in its environment; relative paths in it mean another folder than the one that is asked about."""


class GitRefusedError(OperationalError):
    """Git ended with an error; the message is the first line of what it said."""


def git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """Return what git prints in a folder; ``given`` is its standard input.

    Raises GitRefusedError when git refuses, and OperationalError when there is no git.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours, revisions are verified first
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - whichever git the person uses
            input=b"" if given is None else given,
            capture_output=True,
            env={name: value for name, value in os.environ.items() if name not in _INHERITED} | _ENVIRONMENT,
            check=False,
        )
    except OSError as error:
        raise OperationalError(
            f"cannot run git: {error.strerror}; a revision is read with it, so install it"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitRefusedError(said[0].removeprefix("fatal: ") if said else f"git ended with {done.returncode}")
    return done.stdout


def line(folder: Path, *arguments: str) -> str | None:
    """Return the only line that git prints, or None when it refuses or prints nothing."""
    try:
        return git(folder, *arguments).decode("utf-8", "surrogateescape").rstrip("\n") or None
    except GitRefusedError:
        return None


def blobs(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return object name -> content, all from one run of git; what is not in the repository is left out."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    answer = git(folder, "cat-file", "--batch", given="".join(f"{name}\n" for name in wanted).encode())
    found: dict[str, bytes] = {}
    start = 0
    while start < len(answer):
        end = answer.index(b"\n", start)
        name, kind, *size = answer[start:end].decode().split(" ")
        start = end + 1
        if kind == "blob":
            found[name] = answer[start : start + int(size[0])]
            start += int(size[0]) + 1
    return found
