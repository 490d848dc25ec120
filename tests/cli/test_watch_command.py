from __future__ import annotations

import queue
import re
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.program import COMMAND, REPOSITORY, environment
from tests.small_root import BAKERY_EVENT, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Watching:
    """The command at work, its output line by line."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "watch", str(root)],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def end(self) -> None:
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def until(self, start: str) -> list[str]:
        """Return the next lines, up to one that starts so."""
        lines: list[str] = []
        while not lines or not lines[-1].startswith(start):
            lines.append(self._lines.get(timeout=20))
        return lines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "definitions" / "product_groups.yml", "- ovens\n")
    return write(tmp_path / "definitions" / "events" / "bake.yml", BAKERY_EVENT.format(name="bake", group="ovens"))


@pytest.fixture
def watching(file: Path) -> Iterator[Watching]:
    watching = Watching(file.parents[1])
    try:
        yield watching
    finally:
        watching.end()


def test_a_save_is_told_and_its_mending_too_in_plain_lines(watching: Watching, file: Path) -> None:
    watching.until("Watching ")
    file.write_text(BAKERY_EVENT.format(name="bake", group="ovenz"))
    head, *told = watching.until("Checked ")
    assert re.fullmatch(rf"\d\d:\d\d:\d\d {re.escape(str(file))}", head)
    finding = f"{file}:6:16: error[unknown-product-group]: `ovenz` is not a product group"
    assert finding in told
    file.write_text(BAKERY_EVENT.format(name="bake", group="ovens"))
    lines = watching.until("Checked ")
    assert f"settled: {finding}" in lines
    assert not any("\x1b" in line for line in [head, *told, *lines])


def test_trouble_is_told_and_the_watch_goes_on(watching: Watching, file: Path) -> None:
    watching.until("Watching ")
    link = file.with_name("link.yml")
    link.symlink_to("nowhere.yml")
    assert "does not exist" in watching.until("error: ")[-1]
    link.unlink()
    file.write_text(BAKERY_EVENT.format(name="bake", group="ovenz"))
    assert "1 error" in watching.until("Checked ")[-1]


def test_an_interrupt_ends_it_without_a_complaint(watching: Watching) -> None:
    watching.until("Watching ")
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(timeout=20) == 0


def test_a_root_that_is_none_is_one_line_and_exit_status_2(tmp_path: Path) -> None:
    watching = Watching(tmp_path / "nowhere")
    assert "no such folder" in watching.until("error: ")[-1]
    assert watching.process.wait(timeout=20) == 2
    watching.end()


def test_the_problem_matcher_of_the_guide_reads_these_lines() -> None:
    guide = (REPOSITORY / "site_src/guides/editors.md").read_text(encoding="utf-8")
    found = re.search(r'"regexp": "(.+)"', guide)
    assert found
    pattern = found[1].replace("\\\\", "\\")
    line = "definitions/events/bake.yml:6:16: error[unknown-product-group]: `ovenz` is not a product group"
    match = re.search(pattern, line)
    assert match
    assert match.groups()[:5] == ("definitions/events/bake.yml", "6", "16", "error", "unknown-product-group")
    assert not re.search(pattern, f"settled: {line}")
