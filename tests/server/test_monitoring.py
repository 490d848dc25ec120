from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.server.running_server import API, Client, running

if TYPE_CHECKING:
    from pathlib import Path

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
        assert client.get("/-/readiness").json == {"status": "ok", "store": "ok"}
        store = served.application.store
        future = datetime.now(UTC) + timedelta(days=60)
        store.set_state("trusted_time", str(future.timestamp()))
        store.trusted_now()
        ready = client.get("/-/readiness")
        assert ready.status == 200
        assert f"the store's own time is {future:%Y-%m-%d}" in ready.body.decode()
        assert '"warnings":' in ready.body.decode()
        client.close()


def test_the_counters_are_those_of_the_requests_before(client: Client) -> None:
    client.get(f"{API}/metric_definitions")
    client.get(f"{API}/metric_definitions")
    client.get("/nowhere")
    client.get(f"{API}/service_ping")
    text = client.get("/-/metrics").body.decode()
    route = 'method="GET",route="/api/v4/usage_data/metric_definitions",status="200"'
    assert f"metrics_dictionary_http_requests_total{{{route}}} 2\n" in text
    assert 'http_requests_total{method="none",route="none",status="401"} 1\n' in text
    assert '_seconds_bucket{route="/api/v4/usage_data/metric_definitions",le="+Inf"} 2\n' in text
    assert 'metrics_dictionary_definitions{kind="events"} 2\n' in text
    assert all(line.startswith(("#", "metrics_dictionary_")) for line in text.splitlines())
