"""The wheel of this repository in an environment of its own, which holds nothing else of the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.made_once import locked

if TYPE_CHECKING:
    from collections.abc import Sequence

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    def variables(self, **more: str) -> dict[str, str]:
        """Return the variables of a CI job in this environment, without any of the repository's or the developer's."""
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            # What a recipe installs comes from this machine: its dependencies are here, and so is what builds it.
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **more,
        }

    def run(self, *command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cwd, env=self.variables(**variables), capture_output=True, text=True, timeout=120
        )


def make_environment(folder: Path, dependencies: Path = Path(sys.prefix)) -> Environment:
    """Make an environment in which what another one has installed can be imported, and the repository cannot."""
    venv.create(folder, with_pip=False, symlinks=True)
    # A folder that a .pth file adds is searched, but its own .pth files, such as an editable install's, are not read.
    (packages(folder) / "dependencies.pth").write_text(f"{packages(dependencies)}\n")
    return Environment(folder)


def kept_environment(name: str, requirements: Sequence[str]) -> Path:
    """Return the environment that holds these packages; it stays beside the tests' own until they are others."""
    key = hashlib.sha256(repr((sys.version, requirements)).encode()).hexdigest()[:16]
    kept = Path(sys.prefix)
    folder = kept / f"{name}-{key}"
    with locked(kept / f"{name}.lock"):
        if not (folder / "installed").exists():
            for former in kept.glob(f"{name}-*"):
                shutil.rmtree(former)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
            pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            done = subprocess.run([*pip, *requirements], capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, done.stderr
            (folder / "installed").touch()
    return folder


def packages(environment: Path) -> Path:
    return Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))


def build_wheel(folder: Path) -> Path:
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, *command, str(REPOSITORY)], check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("metrics_dictionary-*.whl")
    return wheel


def install(environment: Environment, wheel: Path) -> None:
    done = environment.run("python", "-m", "pip", "install", "--quiet", str(wheel), cwd=environment.folder)
    assert done.returncode == 0, done.stderr
