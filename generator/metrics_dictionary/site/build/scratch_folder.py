"""A hidden folder beside the site that is being built; it goes when the build ends, however that comes about.

A build that is killed cannot clean up, so the next one in the same place does. Beside each folder lies a file with the
same name that its build keeps locked: who can lock it knows that nobody works in the folder any more.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = ".site-"
LOCK = ".lock"

_OURS = b"A metrics-dictionary build works in the folder of this name, as long as it keeps this file locked.\n"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give an empty folder in ``parent``, and remove what is there under its name when the block ends.

    Folders of builds that were killed go first. Raises OSError when none can be made, and OperationalError when the
    block went well and the folder, with whatever is in it by then, cannot be removed.
    """
    _sweep(parent)
    file, name = tempfile.mkstemp(prefix=PREFIX, suffix=LOCK, dir=parent)
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
        removed = _removed(folder)
        if removed:
            Path(name).unlink()
        os.close(file)
    if not removed:
        raise OperationalError(
            f"{folder}: the site is in place, but the old one, which is there now, cannot be removed; "
            "remove the folder yourself, or hand it to the user who builds"
        )


def _sweep(parent: Path) -> None:
    """Remove the folders whose builds are gone; nothing else, whatever its name."""
    for lock in parent.glob(f"{PREFIX}*{LOCK}"):
        with suppress(OSError):
            # A file of another kind must neither lead elsewhere nor keep the build waiting.
            file = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if _lock(file) and os.read(file, len(_OURS) + 1) == _OURS and _removed(lock.with_suffix("")):
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


def _removed(folder: Path) -> bool:
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
