"""What lies beside a site while it is built is gone afterwards, and nothing that is not ours goes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.site.build import publishing
from metrics_dictionary.site.build.publishing import scratch_folder
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = """
import sys, time
from pathlib import Path
from metrics_dictionary.site.build.publishing import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "half.html").write_text("half")
    print(folder.name, flush=True)
    time.sleep(60)
"""

NOBODY = 65534


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Path]:
    """Give a folder of a user who is not root: root never notices permissions."""
    if os.geteuid():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        with scratch_folder(Path(name)):
            pass  # what the folder imports is imported while it may be read
        os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def running_build(parent: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", WORK, str(parent)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_nothing_is_left(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        assert names(folder) == []
        (folder / "page.html").write_text("new")
    assert names(tmp_path) == []


def test_a_folder_that_was_moved_away_is_no_trouble(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        folder.rename(tmp_path / "site")
    assert names(tmp_path) == ["site"]


def test_folders_that_may_not_be_written_or_read_go_as_well(somebody: Path) -> None:
    with scratch_folder(somebody) as folder:
        for name, mode in (("fixed", 0o555), ("closed", 0o000)):
            inner = folder / name / "deeper"
            inner.mkdir(parents=True)
            (inner / "page.html").write_text("old")
            inner.chmod(mode)
            inner.parent.chmod(mode)
        folder.chmod(0o555)
    assert names(somebody) == []


def test_the_next_build_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    process, name = running_build(tmp_path)
    end(process)
    assert names(tmp_path) == [name, f"{name}.lock"]
    with scratch_folder(tmp_path) as folder:
        assert names(tmp_path) == [folder.name, f"{folder.name}.lock"]
    assert names(tmp_path) == []


def test_the_folder_of_a_build_that_runs_is_left_alone(tmp_path: Path) -> None:
    process, name = running_build(tmp_path)
    with scratch_folder(tmp_path):
        assert (tmp_path / name / "half.html").is_file()
    assert names(tmp_path) == [name, f"{name}.lock"]
    end(process)


def test_the_folder_is_in_use_as_long_as_a_program_of_the_build_runs(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        program = subprocess.Popen(["sleep", "60"], close_fds=False)
        lock = folder.with_name(f"{folder.name}.lock")
        kept = lock.with_name(".site-kept.lock")
        lock.rename(kept)
        (tmp_path / ".site-kept").mkdir()
        lock.write_bytes(publishing._OURS)
    with scratch_folder(tmp_path):
        assert (tmp_path / ".site-kept").is_dir()
    program.kill()
    program.wait()
    with scratch_folder(tmp_path):
        assert not (tmp_path / ".site-kept").exists()


def test_what_only_looks_like_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".site-photos").mkdir()
    (tmp_path / ".site-letters").mkdir()
    (tmp_path / ".site-letters.lock").write_text("of another program")
    (tmp_path / "elsewhere.lock").write_bytes(publishing._OURS)
    (tmp_path / ".site-link.lock").symlink_to("elsewhere.lock")
    (tmp_path / ".site-link").mkdir()
    os.mkfifo(tmp_path / ".site-pipe.lock")
    before = names(tmp_path)
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == before


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir(mode=0o755)
    (tmp_path / ".site-x").symlink_to("thesis")
    (tmp_path / ".site-x.lock").write_bytes(publishing._OURS)
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == [".site-x", ".site-x.lock", "thesis"]


def test_what_cannot_be_removed_is_reported_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = pytest.raises(OperationalError, match=r"\.site-\S+: .*cannot be removed; remove the folder yourself")
    with trouble, scratch_folder(tmp_path) as folder:
        monkeypatch.setattr(publishing, "_remove", lambda _: False)
    monkeypatch.undo()
    assert names(tmp_path) == [folder.name, f"{folder.name}.lock"]
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == []
