"""The alert rules, by Prometheus's own tool: each fires when it should, and not when it nearly should."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from metrics_dictionary.server.transport.access_log import REQUESTS
from tests.program import REPOSITORY
from tests.server.running_server import API, Client, running

if TYPE_CHECKING:
    from pathlib import Path

RULES = REPOSITORY / "site_src" / "prometheus-alerts.yml"
PREFIX = "metrics_dictionary_"

EVENTS, CLOSED = f"{PREFIX}events_total", f"{PREFIX}http_connections_closed_total"
RECORDED = f"{PREFIX}payload_recorded_timestamp_seconds"
DAY = 24 * 60


@dataclass(frozen=True)
class Case:
    """Series, one value a minute in Prometheus's notation, with which an alert fires after ``minutes``, and nearly."""

    minutes: int
    fires: dict[str, str]
    nearly: dict[str, str]


CASES = {
    "MetricsDictionaryDown": Case(
        5, {'up{job="metrics-dictionary"}': "0x5"}, {'up{job="metrics-dictionary"}': "0 0 1 0 0 1"}
    ),
    "MetricsDictionaryStoreUnavailable": Case(
        5, {f"{PREFIX}store_available": "1 0x5"}, {f"{PREFIX}store_available": "1 1 1 0 1 0"}
    ),
    "MetricsDictionaryEventsLost": Case(
        5, {f'{EVENTS}{{outcome="bad_key"}}': "0 0 1x4"}, {f'{EVENTS}{{outcome="conflict"}}': "0+9x5"}
    ),
    "MetricsDictionaryOutcomeUnknown": Case(
        5, {f'{EVENTS}{{outcome="outcome_unknown"}}': "0 0 1x4"}, {f'{EVENTS}{{outcome="outcome_unknown"}}': "7x5"}
    ),
    "MetricsDictionaryManyEventsRefused": Case(
        40,
        {f'{EVENTS}{{outcome="accepted"}}': "0+90x40", f'{EVENTS}{{outcome="invalid"}}': "0+10x40"},
        {f'{EVENTS}{{outcome="accepted"}}': "0+97x40", f'{EVENTS}{{outcome="invalid"}}': "0+3x40"},
    ),
    "MetricsDictionaryErrors": Case(
        5,
        {f'{PREFIX}http_requests_total{{route="/",status="500"}}': "0 0 1x4"},
        {f'{PREFIX}http_requests_total{{route="/",status="503"}}': "0+5x5"},
    ),
    "MetricsDictionarySlowCommits": Case(
        30,
        {
            f'{PREFIX}commit_duration_seconds_bucket{{le="0.5"}}': "0+50x30",
            f'{PREFIX}commit_duration_seconds_bucket{{le="1.0"}}': "0+100x30",
            f'{PREFIX}commit_duration_seconds_bucket{{le="+Inf"}}': "0+100x30",
        },
        {
            f'{PREFIX}commit_duration_seconds_bucket{{le="0.5"}}': "0+100x30",
            f'{PREFIX}commit_duration_seconds_bucket{{le="1.0"}}': "0+100x30",
            f'{PREFIX}commit_duration_seconds_bucket{{le="+Inf"}}': "0+100x30",
        },
    ),
    "MetricsDictionaryOutboxLate": Case(
        30,
        {f"{PREFIX}outbox_oldest_age_seconds": "0+60x30"},
        {f"{PREFIX}outbox_oldest_age_seconds": "0+60x14 0+60x15"},
    ),
    "MetricsDictionaryEventsNotSent": Case(
        5, {f"{PREFIX}outbox_dropped_total": "0 0 1x4"}, {f"{PREFIX}outbox_dropped_total": "7x5"}
    ),
    "MetricsDictionaryDeadLetters": Case(
        5,
        {f'{PREFIX}outbox_events{{state="dead_letters"}}': "0 0 1x4"},
        {f'{PREFIX}outbox_events{{state="retrying"}}': "9x5"},
    ),
    # Time begins at 0 there: 1 is a payload of the first second, and what is 0 never was.
    "MetricsDictionaryPayloadOverdue": Case(10 * DAY, {RECORDED: f"1x{10 * DAY}"}, {RECORDED: f"0x{10 * DAY}"}),
    "MetricsDictionaryReloadFailed": Case(
        10,
        {f"{PREFIX}last_reload_successful": "1 1 0x8"},
        {f"{PREFIX}last_reload_successful": "1 0 0 0 1x6"},
    ),
    "MetricsDictionaryMetricsFailed": Case(
        5,
        {
            f'{PREFIX}payload_metrics{{result="failed"}}': "6x5",
            f'{PREFIX}payload_metrics{{result="computed"}}': "94x5",
        },
        {
            f'{PREFIX}payload_metrics{{result="failed"}}': "4x5",
            f'{PREFIX}payload_metrics{{result="computed"}}': "96x5",
        },
    ),
    "MetricsDictionaryConnectionsRefused": Case(
        5, {f'{CLOSED}{{reason="evicted"}}': "0 0 1x4"}, {f'{CLOSED}{{reason="idle"}}': "0+8x5"}
    ),
}


def alerts() -> dict[str, dict[str, str]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_the_rules_are_rules(promtool: str) -> None:
    checked = subprocess.run([promtool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert CASES.keys() == alerts().keys()


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_when_it_should_and_not_when_it_nearly_should(tmp_path: Path, promtool: str, name: str) -> None:
    case = CASES[name]
    for series, fires in ((case.fires, True), (case.nearly, False)):
        require(promtool, tmp_path / "test.yml", name, series, case.minutes, fires=fires)


def require(promtool: str, file: Path, name: str, series: dict[str, str], minutes: int, *, fires: bool) -> None:
    """Have Prometheus's tool say whether an alert fires at that time."""
    # `count` says whether it fires, whatever its labels and words are.
    firing = f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'
    test = {
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "promql_expr_test": [
            {
                "expr": firing,
                "eval_time": f"{minutes}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }
    file.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}), encoding="utf-8"
    )
    tested = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "service_ping"), ("HEAD", "service_ping"), ("POST", "track_event")]
)
def test_the_first_500_of_a_route_after_a_start_is_an_alert(
    tmp_path: Path, promtool: str, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(REQUESTS, "values", {})  # as in a process that has just begun
    with running(tmp_path) as served:
        client = Client(served.port)
        before = scraped(client)
        monkeypatch.setattr(served.store, "token", bug)
        assert client.call(method, f"{API}/{path}", b"", served.headers("reader")).status == 500
        after = scraped(client)
        client.close()
    for answered, fires in ((after, True), (before, False)):
        series = {one: f"{before.get(one, '_')}x1 {answered[one]}x3" for one in answered}
        require(promtool, tmp_path / "test.yml", "MetricsDictionaryErrors", series, 5, fires=fires)


def scraped(client: Client) -> dict[str, str]:
    """Return the numbers of answered requests, as a server gives them to Prometheus."""
    text = client.get("/-/metrics").body.decode()
    return dict(re.findall(rf"^({PREFIX}http_requests_total{{.*}}) (\S+)$", text, re.MULTILINE))


def test_every_metric_that_a_rule_reads_is_one_that_a_server_gives(client: Client) -> None:
    text = client.get("/-/metrics").body.decode()
    given = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    read = {name for rule in alerts().values() for name in re.findall(rf"{PREFIX}\w+", rule["expr"])}
    assert read
    assert {name.removesuffix("_bucket") for name in read} <= given
    for metric, label, values in re.findall(rf'({PREFIX}\w+)\{{(\w+)=~?"([^"]+)"', str(alerts())):
        known = set(re.findall(rf'{metric}\{{[^}}]*{label}="([^"]+)"', text))
        assert set(values.split("|")) <= known | {"500"} or not known, (metric, label)
