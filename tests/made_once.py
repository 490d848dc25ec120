"""What takes long to make, such as a built site, is made once for all workers of a run."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    MkDocs = Callable[[Path], list[str]]

_WORKERS_INPUT = "shared"


class MadeOnce:
    """A folder that all workers share, in memory where the machine can; it is removed after the run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the path of ``name``, which ``make`` has filled: in whichever worker was first, the others wait."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(Path(f"{path}.lock")):
            done = Path(f"{path}.made")
            if not done.exists():
                make(path)
                done.touch()
        return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made for it; wait while another process holds it."""
    with path.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_FOLDER = pytest.StashKey[TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        memory = Path("/dev/shm")
        folder = TemporaryDirectory(prefix="made-once-", dir=memory if memory.is_dir() else None)
        config.stash[_FOLDER] = folder


def pytest_configure_node(node: object) -> None:
    """Tell a worker of the folder."""
    node.workerinput[_WORKERS_INPUT] = node.config.stash[_FOLDER].name  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _FOLDER in config.stash:
        config.stash[_FOLDER].cleanup()


@pytest.fixture(scope="session")
def made_once(pytestconfig: pytest.Config) -> MadeOnce:
    """Where what all workers share is made."""
    told = getattr(pytestconfig, "workerinput", {}).get(_WORKERS_INPUT)
    return MadeOnce(Path(told or pytestconfig.stash[_FOLDER].name))


@pytest.fixture(scope="session", autouse=True)
def mkdocs(made_once: MadeOnce) -> Iterator[MkDocs]:
    """Let MkDocs build the guides once, for every build needs the same; return what runs MkDocs itself."""
    from metrics_dictionary.site.build import shell

    real = shell.mkdocs_command

    def build_guides(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as itself:
            itself.setattr(shell, "mkdocs_command", real)
            shell.ShellBuild(folder)._process.communicate()

    def copy_guides(folder: Path) -> list[str]:
        return ["cp", "-RT", str(made_once.made("guides", build_guides)), str(folder)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shell, "mkdocs_command", copy_guides)
        yield real
