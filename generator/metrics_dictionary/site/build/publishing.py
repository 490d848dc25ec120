"""Building beside the old site, and putting the new one in its place in one step.

The site is built in a hidden folder beside its place, which goes when the build ends, however that comes about. A build
that is killed cannot clean up, so the next one in the same place does. Beside each folder lies a file with the same
name that its build keeps locked: who can lock it knows that nobody works in the folder any more.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.site.parts.urls import MARKER
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = ".site-"
LOCK = ".lock"

_OURS = b"A metrics-dictionary build works in the folder of this name, as long as it keeps this file locked.\n"

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staging(output: Path) -> Iterator[Path]:
    """Give an empty folder on the file system of ``output``; it is gone when the block ends.

    ``publish`` moves it away before that. Raises OperationalError when the output may not be replaced or its folder
    not written, for each OSError of the block (a full disk is not a bug), and when the old site cannot be removed.
    """
    target = output.resolve()
    _refuse_other_folders(output, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as folder:
            yield folder
    except OSError as error:
        raise _operational(output, error) from error


def publish(folder: Path, output: Path) -> None:
    """Put a staged site at ``output``. A reader sees the old site or the new one, whole, at every moment.

    Where the system cannot exchange two folders there is an instant between two renames in which neither is there.
    What was there is left at ``folder``. Raises OSError.
    """
    target = output.resolve()
    folder.chmod(0o777 & ~_umask())
    if not target.exists():
        folder.rename(target)
    elif not _exchange(folder, target):
        aside = folder.with_name(f"{folder.name}.old")
        target.rename(aside)
        try:
            folder.rename(target)
        except OSError:
            aside.rename(target)
            raise
        aside.rename(folder)


@contextmanager
def scratch_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """Give an empty folder in ``parent``, and remove what is there under its name when the block ends.

    Folders with this prefix go first whose process was killed and was the same user's. Raises OSError when none can be
    made, and OperationalError when the block went well and the folder, with whatever is in it by then, cannot be
    removed.
    """
    _sweep(parent, prefix)
    file, name = tempfile.mkstemp(prefix=prefix, suffix=LOCK, dir=parent)
    folder = Path(name.removesuffix(LOCK))
    removed = False
    try:
        _lock(file)
        # A program that a killed build leaves behind goes on to write into the folder: let it hold the lock as well.
        os.set_inheritable(file, True)
        os.write(file, _OURS)
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        removed = _remove(folder)
        if removed:
            Path(name).unlink()
        os.close(file)
    if not removed:
        raise OperationalError(
            f"{folder}: the site is in place, but the old one, which is there now, cannot be removed; "
            "remove the folder yourself, or hand it to the user who builds"
        )


def _refuse_other_folders(output: Path, target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OperationalError(f"{output}: is a file, not a folder; name another folder")
    if target == target.parent:
        raise OperationalError(f"{output}: is the top of the file system, and no site; name a folder below it")
    if target == Path.cwd() or target in Path.cwd().parents:
        relation = "is" if target == Path.cwd() else "holds"
        raise OperationalError(f"{output}: {relation} the folder this command runs in; name a folder below that one")
    try:
        empty = not any(target.iterdir())
    except OSError as error:
        raise _operational(output, error) from error
    if not empty and not (target / MARKER).is_file():
        raise OperationalError(
            f"{output}: is not empty and holds no site of ours (no {MARKER}), so it is not replaced; "
            "empty it or name another folder"
        )


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _operational(output: Path, error: OSError) -> OperationalError:
    reason = (error.strerror or str(error)).lower()
    return OperationalError(f"{output}: cannot write the site: {reason}; make room or name another folder")


def _sweep(parent: Path, prefix: str) -> None:
    """Remove the folders whose builds are gone; nothing else, whatever its name."""
    for lock in parent.glob(f"{prefix}*{LOCK}"):
        with suppress(OSError):
            # A file of another kind must neither lead elsewhere nor keep the build waiting.
            file = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                ours = os.fstat(file).st_uid == os.geteuid() and _lock(file) and os.read(file, len(_OURS) + 1) == _OURS
                if ours and _remove(lock.with_suffix("")):
                    lock.unlink()
            finally:
                os.close(file)


def _lock(file: int) -> bool:
    """Lock a file until it is closed; False where a running build has it, or the system has no such locks."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(folder: Path) -> bool:
    """Remove a folder, also one with folders in it that may not be written or read; return whether it is gone."""
    if folder.is_symlink():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        _open_up(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def _open_up(folder: Path) -> None:
    with suppress(OSError):
        folder.chmod(0o700)
    for path, names, _ in os.walk(folder):
        for name in names:
            below = Path(path, name)
            if not below.is_symlink():
                with suppress(OSError):
                    below.chmod(0o700)
