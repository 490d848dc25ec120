"""The program as a person or a CI job runs it: a process of its own, with nothing of the developer's settings."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).parents[1]

COMMAND = (sys.executable, "-m", "metrics_dictionary.cli.main")

_SECONDS = 60
"""How long a command may take."""


def environment(source: Path = REPOSITORY / "generator") -> dict[str, str]:
    """Return this process's environment without the product's variables; the package is imported from ``source``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("METRICS_DICTIONARY_")}
    return {**kept, "PYTHONPATH": str(source)}


def run(
    *arguments: object, cwd: Path | None = None, given: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; ``given`` is its standard input, ``variables`` are added to its environment.

    It is a copy of a process that has imported the program already, see ``warm_program.py``.
    """
    return _warm_program().run([str(argument) for argument in arguments], cwd or Path.cwd(), given or "", variables)


class _WarmProgram:
    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="program-")
        self._streams = [Path(self._folder.name, name) for name in ("input", "output", "errors")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_program"],
            cwd=REPOSITORY,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: list[str], folder: Path, given: str, variables: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        for stream, text in zip(self._streams, (given, "", ""), strict=True):
            stream.write_text(text, encoding="utf-8", newline="")
        request = {
            "arguments": arguments,
            "folder": str(folder.absolute()),
            "environment": {**environment(), **variables},
            "streams": [str(stream) for stream in self._streams],
            "seconds": _SECONDS,
        }
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(request), file=self._process.stdin, flush=True)
        status = int(self._process.stdout.readline())
        if status == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(arguments, _SECONDS)
        output, errors = (stream.read_text(encoding="utf-8") for stream in self._streams[1:])
        return subprocess.CompletedProcess(arguments, status, output, errors)

    def stop(self) -> None:
        self._process.communicate()
        self._folder.cleanup()


@cache
def _warm_program() -> _WarmProgram:
    program = _WarmProgram()
    atexit.register(program.stop)
    return program
