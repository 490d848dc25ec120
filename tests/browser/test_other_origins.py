"""Events from a page of another origin, sent by a browser; what was counted is read from the store's file, with SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import served as folder_served
from tests.server.running_server import API, COUNTER, EVENT, running

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from metrics_dictionary.settings import Value

SEND = """([url, token, event]) => fetch(url, {
  method: "POST",
  headers: {"Content-Type": "application/json", "PRIVATE-TOKEN": token},
  body: JSON.stringify({event}),
}).then((answer) => [answer.status, answer.headers.get("Retry-After")], () => "blocked")"""


@pytest.mark.parametrize("named", [True, False])
def test_only_pages_of_a_named_origin_can_send_events(browser: Browser, tmp_path: Path, named: bool) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page/index.html").write_text("<!doctype html><title>Application</title>", encoding="utf-8")
    with folder_served(tmp_path / "page") as origin:
        settings: dict[str, Value] = {
            "server.cors_origins": (origin,) if named else ("https://app.example",),
            "server.token_rate": 0.01,
            "server.rate_burst": 2,
        }
        with running(tmp_path, settings=settings) as server:
            page = browser.new_page()
            page.goto(origin)
            call = f"http://127.0.0.1:{server.port}{API}/track_event"
            answers = [page.evaluate(SEND, [call, server.tokens["tracker"], EVENT]) for _ in range(3)]
            page.close()
    with closing(sqlite3.connect(tmp_path / "store.db")) as store:
        counted = store.execute("SELECT value FROM totals WHERE key = ?", (COUNTER,)).fetchall()
    if named:
        assert answers == [[200, None], [200, None], [429, "100"]]
        assert counted == [(2,)]
    else:
        assert answers == ["blocked"] * 3
        assert counted == []
