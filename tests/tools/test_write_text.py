from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import open_staged, write_text


def test_the_bytes_are_utf_8_with_the_line_ends_as_given(tmp_path: Path) -> None:
    write_text(tmp_path / "out.csv", "größe\r\n")
    assert (tmp_path / "out.csv").read_bytes() == "größe\r\n".encode()


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "out.yml"
    target.write_text("old")
    target.chmod(0o640)
    write_text(target, "new")
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_what_sqlite_leaves_beside_a_staged_file_goes_with_it(tmp_path: Path) -> None:
    def fill() -> None:
        with open_staged(tmp_path / "copy.db") as staged:
            for end in ("-journal", "-wal", "-shm"):
                staged.with_name(f"{staged.name}{end}").touch()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OperationalError, match="No space left"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "text")
    reader.join()
    assert received == ["text"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["missing/out.yml", ".", "file/out.yml", "n" * 300])
def test_a_place_that_cannot_be_written_is_a_one_line_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationalError, match=r"^cannot write [^\n]*; choose a file in a folder"):
        write_text(tmp_path / name, "text")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_one_line_error() -> None:
    with pytest.raises(OperationalError, match="No space left on device"):
        write_text(Path("/dev/full"), "text")
