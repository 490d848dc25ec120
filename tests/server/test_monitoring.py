from __future__ import annotations

import sqlite3
import subprocess
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.server.running_server import API, Client, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.running_server import Running

NOT_FOUND = {"message": "404 Not Found"}


def test_health_and_counters_are_for_trusted_networks(tmp_path: Path) -> None:
    with running(tmp_path, settings={"server.trusted_networks": ("10.0.0.0/8",)}) as served:
        client = Client(served.port)
        for path in ("/-/liveness", "/-/readiness", "/-/metrics"):
            assert (client.get(path).status, client.get(path).json) == (404, NOT_FOUND)
        client.close()


def test_a_clock_that_is_not_trusted_is_a_warning_and_the_server_stays_ready(tmp_path: Path) -> None:
    with running(tmp_path) as served:
        client = Client(served.port)
        assert client.get("/-/readiness").status == 200
        store = served.application.store
        future = datetime.now(UTC) + timedelta(days=60)
        store.set_state("trusted_time", str(future.timestamp()))
        store.trusted_now()
        ready = client.get("/-/readiness")
        assert ready.status == 200
        assert f"the store's own time is {future:%Y-%m-%d}" in ready.body.decode()
        assert ready.body.startswith(b'{"status":"ok","store":{"status":"ok",')
        client.close()


def test_the_counters_are_those_of_the_requests_before(client: Client) -> None:
    before = samples(client)
    client.get(f"{API}/metric_definitions")
    client.get(f"{API}/metric_definitions")
    client.get("/nowhere")
    client.get(f"{API}/service_ping")
    after = samples(client)

    def grown(name: str) -> float:
        return after[f"metrics_dictionary_{name}"] - before.get(f"metrics_dictionary_{name}", 0)

    route = 'route="/api/v4/usage_data/metric_definitions"'
    assert grown(f'http_requests_total{{method="GET",{route},status="200"}}') == 2
    assert grown('http_requests_total{method="GET",route="/api/v4/usage_data/service_ping",status="401"}') == 1
    assert grown('http_requests_total{method="GET",route="/",status="404"}') == 1
    assert grown(f'http_request_duration_seconds_bucket{{{route},le="+Inf"}}') == 2
    assert after['metrics_dictionary_definitions{kind="events"}'] == 2


def test_events_are_counted_by_what_became_of_them(served: Running, client: Client, tmp_path: Path) -> None:
    headers, event = served.headers("tracker"), {"event": "mr_name_changed"}
    before = samples(client)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    key = {**headers, "Idempotency-Key": "one"}
    calls = [
        ("track_event", event, headers, 200),
        ("track_events", {"events": [event] * 3}, key, 200),
        ("track_events", {"events": [event] * 3}, key, 200),
        ("track_events", {"events": [event] * 4}, key, 422),
        ("track_events", {"events": [event, {"event": "unheard_of"}]}, headers, 422),
        ("track_events", {"events": [{"event": 1}] * 5}, headers, 400),
        ("increment_counter", event, headers, 200),
        *[("track_event", {**event, "id": ids[0]}, headers, 200)] * 3,
        ("track_events", {"events": [{**event, "id": one} for one in (ids[1], ids[0], ids[1])] + [event]}, key, 422),
        (
            "track_events",
            {"events": [{**event, "id": one} for one in (ids[1], ids[0], ids[1])] + [event]},
            headers,
            200,
        ),
        *[("increment_counter", {**event, "id": ids[2]}, headers, 200)] * 2,
    ]
    for call, body, given, status in calls:
        assert client.post_json(f"{API}/{call}", body, given).status == status
    after = samples(client)
    name = "metrics_dictionary_events_total"
    outcomes = {
        series.split('"')[1]: after[series] - before.get(series, 0) for series in after if series.startswith(name)
    }
    grown = {outcome: number for outcome, number in outcomes.items() if number}
    assert grown == {"accepted": 9, "repeated": 8, "conflict": 8, "uncountable": 2, "invalid": 5}
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        (total,) = connection.execute(
            "SELECT value FROM totals WHERE key = '{event_counters}_mr_name_changed'"
        ).fetchone()
    assert total == grown["accepted"]


def test_prometheus_s_own_tool_finds_nothing_wrong_with_the_metrics(client: Client, promtool: str) -> None:
    client.get(f"{API}/metric_definitions")
    text = client.get("/-/metrics").body
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def samples(client: Client) -> dict[str, float]:
    """Return name and labels -> value of all that the server counts."""
    lines = client.get("/-/metrics").body.decode().splitlines()
    assert all(line.startswith(("# HELP ", "# TYPE ", "metrics_dictionary_")) for line in lines)
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}
