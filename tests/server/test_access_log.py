from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from metrics_dictionary.server.transport.access_log import AccessLog, log_notice
from metrics_dictionary.tools.errors import OperationalError
from tests.server.running_server import API, OPTIONS, Client, running

DEFINITIONS = f"{API}/metric_definitions"
TRACK = f"{API}/track_event"


def test_the_access_log_has_a_line_a_request_and_never_a_token(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with running(tmp_path, replace(OPTIONS, access_log=AccessLog(str(log)))) as served:
        client = Client(served.port)
        secret = served.tokens["tracker"]
        answer = client.post_json(
            f"{TRACK}?private_token={secret}", {"event": "mr_name_changed"}, served.headers("tracker")
        )
        client.get(DEFINITIONS, Authorization=f"Bearer {secret}", X_Request_Id="mine")
        client.close()
    text = log.read_text(encoding="utf-8")
    assert "glpat" not in text
    first, second = map(json.loads, text.splitlines())
    assert first["user_id"] == 2
    assert (first["method"], first["path"], first["status"]) == ("POST", TRACK, 200)
    assert first["request_id"] == answer.headers["x-request-id"]
    assert (first["bytes"], first["client"]) == (len(answer.body), "127.0.0.1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert 0 <= first["duration_ms"] < 5000
    assert (second["request_id"], second["user_id"]) == ("mine", None)


def test_an_access_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match=r"nowhere/log: cannot write the access log: No such file"):
        AccessLog(str(tmp_path / "nowhere" / "log"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device is always full here")
def test_a_log_on_a_full_disk_loses_its_line_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", buffering=1) as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", full)
        log_notice("warning", "the disk is full")
        with pytest.raises(OSError, match="No space left"):
            full.write("this is how it would end\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that the file can be closed
