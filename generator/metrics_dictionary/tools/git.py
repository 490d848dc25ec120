"""The ``git`` command, asked and never told: nothing here writes to a repository or checks anything out."""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from metrics_dictionary.tools.addresses import without_credentials
from metrics_dictionary.tools.errors import OperationalError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TIMEOUT = 120
"""Seconds that a process may take."""

MAIN_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where changes are merged into, in the order in which the names are tried."""

# What a person's configuration says must change neither what is printed nor what is run.
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "diff.ignoreSubmodules=all",
    "log.showRoot=true",
    "log.showSignature=false",
)

_INHERITED = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_EXTERNAL_DIFF"}
"""What a hook finds in its environment: it leads to the repository that the hook runs for, not to the folder's."""

# A prompt would never be answered; optional locks would be in the way of an editor that uses the repository.
_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

# A partial clone fetches each object that it lacks, one by one, unless it may not.
_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}


class GitUnavailableError(UnavailableError):
    """There is no git to run, or it did not answer in time."""


class GitRefusedError(OperationalError):
    """Git ended with an error; the message is the first line of what it said."""


def git(folder: Path, *arguments: str, given: bytes = b"", offline: bool = False) -> bytes:
    """Return what git prints in a folder; ``given`` is its standard input.

    ``offline`` keeps a partial clone from fetching what it lacks. Raises GitRefusedError when git ends with an error,
    and GitUnavailableError when there is none or it does not end within TIMEOUT.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours, revisions are verified first
            _command(folder, arguments),
            env=_environment(offline=offline),
            input=given,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitUnavailableError("git is not installed: install it, or put it on the PATH") from error
    except OSError as error:
        raise GitUnavailableError(f"cannot run git: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise GitUnavailableError(f"git {arguments[0]} took more than {TIMEOUT} seconds in {folder}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = without_credentials(said[0].removeprefix("fatal: ")) if said else f"git ended with {done.returncode}"
        raise GitRefusedError(why)
    return done.stdout


def git_line(folder: Path, *arguments: str, offline: bool = False) -> str | None:
    """Return the only line that git prints, or None when it refuses or prints nothing; raises GitUnavailableError."""
    try:
        return git(folder, *arguments, offline=offline).decode("utf-8", "surrogateescape").rstrip("\n") or None
    except GitRefusedError:
        return None


def commit_id(folder: Path, revision: str) -> str | None:
    """Return the id of the commit that a revision names, or None where it names none; raises GitUnavailableError."""
    if not revision or revision.startswith("-") or "\0" in revision:
        return None
    return git_line(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")


def is_shallow(folder: Path) -> bool:
    """Return whether a part of the history was not fetched; raises GitUnavailableError."""
    return git_line(folder, "rev-parse", "--is-shallow-repository") == "true"


def blobs(folder: Path, names: Iterable[str], largest: int | None = None, *, offline: bool = False) -> dict[str, bytes]:
    """Return object name -> content of blobs.

    Left out are those that are not in the repository, and those of more than ``largest`` bytes. Raises as ``git`` does;
    but offline, where git gives up at the first object that a partial clone lacks, nothing is returned then.
    """
    wanted = list(dict.fromkeys(names))
    if wanted and largest is not None:
        form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
        rows = (line.split(" ") for line in _cat_file(folder, form, wanted, offline=offline).decode().splitlines())
        wanted = [row[0] for row in rows if len(row) == 3 and row[1] == "blob" and int(row[2]) <= largest]
    return _contents(_cat_file(folder, "--batch", wanted, offline=offline)) if wanted else {}


def _cat_file(folder: Path, form: str, names: Iterable[str], *, offline: bool) -> bytes:
    asked = "".join(f"{name}\n" for name in names).encode()
    try:
        return git(folder, "cat-file", "--buffer", form, given=asked, offline=offline)
    except GitRefusedError:
        if not offline:
            raise
        return b""


def _contents(answer: bytes) -> dict[str, bytes]:
    """Read ``NAME blob SIZE``, the content and a line break, again and again; ``NAME missing`` has no content."""
    found: dict[str, bytes] = {}
    start = 0
    while (end := answer.find(b"\n", start)) >= 0:
        name, kind, *size = answer[start:end].decode().split(" ")
        start = end + 1
        if size:
            content = answer[start : start + int(size[0])]
            start += len(content) + 1
            if kind == "blob":
                found[name] = content
    return found


class RunningGit:
    """A git, offline, that goes on while its caller does something else; whoever starts one closes it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        # A file, not a pipe: git is never held up by a reader who has other things to do.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                _command(folder, arguments),
                env=_environment(offline=True),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            self._output.close()

    def close(self) -> None:
        """End it, finished or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def finish(self) -> bytes | None:
        """Wait for its end and return what it printed; None when it failed, took too long, or could not be run."""
        if self._process is None:
            return None
        try:
            failed = self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return None
        self._output.seek(0)
        return None if failed else self._output.read()


def _command(folder: Path, arguments: Iterable[str]) -> list[str]:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    return ["git", "--no-pager", "--literal-pathspecs", "-C", str(folder), *settings, *arguments]


def _environment(*, offline: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    return kept | _ENVIRONMENT | (_OFFLINE if offline else {})
