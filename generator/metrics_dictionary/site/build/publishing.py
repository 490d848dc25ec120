"""Building beside the old site, and putting the new one in its place in one step."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.site.build.scratch_folder import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = "metrics-dictionary.json"
"""The file that says of a folder that it is a site of ours, and may be replaced by the next one."""

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staging(output: Path) -> Iterator[Path]:
    """Give an empty folder on the file system of ``output``; it is gone when the block ends.

    ``publish`` moves it away before that. Raises OperationalError when the output may not be replaced or its folder
    not written, for each OSError of the block, because a full disk is no bug, and when the old site cannot be removed.
    """
    target = output.resolve()
    _refuse_what_is_no_site(output, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as folder:
            yield folder
    except OSError as error:
        raise _trouble(output, error) from error


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


def _refuse_what_is_no_site(output: Path, target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OperationalError(f"{output}: is a file, not a folder; name another --output")
    if target == target.parent:
        raise OperationalError(
            f"{output}: is the top of the file system, and no site; name a folder below it as --output"
        )
    if target == Path.cwd() or target in Path.cwd().parents:
        relation = "is" if target == Path.cwd() else "holds"
        raise OperationalError(
            f"{output}: {relation} the folder this command runs in; name a folder below that one as --output"
        )
    try:
        empty = not any(target.iterdir())
    except OSError as error:
        raise _trouble(output, error) from error
    if not empty and not (target / MARKER).is_file():
        raise OperationalError(
            f"{output}: is not empty and holds no site of ours (no {MARKER}), so it is not replaced; "
            "empty it or name another --output"
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


def _trouble(output: Path, error: OSError) -> OperationalError:
    reason = (error.strerror or str(error)).lower()
    return OperationalError(f"{output}: cannot write the site: {reason}; make room or name another --output")
