"""One command, timed as a whole process: cold start, imports and all."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """Medians over the runs. ``wall`` and ``cpu`` are in seconds, ``peak`` is the largest single process in MB."""

    wall: float
    cpu: float
    peak: float


def measure(command: Sequence[str | Path], log: Path, *, runs: int) -> Measurement:
    """Run the command ``runs`` times; its output goes to ``log``. Raises RuntimeError when one fails.

    ``{run}`` in a word becomes the number of the run: whoever writes thousands of files starts with an empty folder
    each time. Deleting the last ones first would slow the file system down for a while after.
    """
    results = [_run([str(word).replace("{run}", str(run)) for word in command], log) for run in range(runs)]
    return Measurement(
        wall=statistics.median(result.wall for result in results),
        cpu=statistics.median(result.cpu for result in results),
        peak=statistics.median(result.peak for result in results),
    )


def _run(command: list[str], log: Path) -> Measurement:
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        # wait4 counts the children that the process itself waited for, too.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command[:4])} ... ended with {process.returncode}:\n{tail}")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def folder_size(folder: Path) -> float:
    """Return the bytes of all files below the folder, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
