"""The program as a person or a CI job runs it: a process of its own, with nothing of the developer's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

COMMAND = (sys.executable, "-m", "metrics_dictionary.cli.main")


def environment(source: Path = REPOSITORY / "generator") -> dict[str, str]:
    """Return this process's environment without the product's variables; the package is imported from ``source``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("METRICS_DICTIONARY_")}
    return {**kept, "PYTHONPATH": str(source)}


def run(
    *arguments: object, cwd: Path | None = None, given: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; ``given`` is its standard input, ``variables`` are added to its environment."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        input=given,
    )
