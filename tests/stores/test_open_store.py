"""From a URL to a store, or to an error that says what to write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from metrics_dictionary.stores.open_store import open_store
from metrics_dictionary.stores.sqlite import SqliteStore
from metrics_dictionary.tools.errors import OperationalError


def test_three_slashes_are_relative_and_four_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///relative.db", f"sqlite:///{tmp_path}/absolute.db", "sqlite:///with%20space.db"):
        store = open_store(url)
        assert isinstance(store, SqliteStore)
        store.close()
    assert {path.name for path in tmp_path.iterdir()} == {"relative.db", "absolute.db", "with space.db"}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no scheme"),
        ("store.db", "no scheme"),
        ("postgresql://user:hunter2@localhost/x", "'postgresql': write sqlite:///PATH or redis://HOST:6379/0"),
        ("sqlite://store.db", "'sqlite': write sqlite:///PATH"),
        ("sqlite:///", "does not name a file"),
        ("sqlite:///:memory:", "does not name a file"),
        ("sqlite:///store.db?mode=ro", "without parameters"),
        ("redis://localhost:many/0", "the store's address cannot be read"),
        ("redis://localhost:6379/abc", "not the number of a database: write redis://HOST:6379/0"),
        ("rediss://:hunter2@localhost/0/1", "not the number of a database: write rediss://HOST:6379/0"),
        ("redis://localhost/-1", "not the number of a database"),
        ("redis://localhost:6379/0?socket_timeout=soon", "the store's address cannot be read"),
    ],
)
def test_a_url_that_makes_no_sense_is_refused_with_one_that_does(url: str, says: str) -> None:
    with pytest.raises(OperationalError, match=says) as error:
        open_store(url)
    assert "hunter2" not in str(error.value)


def test_without_redis_py_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "metrics_dictionary.stores.redis", raising=False)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(OperationalError, match=r"pip install 'redis>="):
        open_store("redis://localhost:6379/0")


def test_redis_py_is_imported_for_a_store_in_redis_only(tmp_path: Path) -> None:
    program = (
        "import sys; from metrics_dictionary.stores.open_store import open_store\n"
        "open_store(sys.argv[1]); print('redis' in sys.modules)"
    )
    for url, imported in ((f"sqlite:///{tmp_path}/store.db", "False"), ("redis://localhost:1/0", "True")):
        run = subprocess.run(
            [sys.executable, "-c", program, url],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == imported
