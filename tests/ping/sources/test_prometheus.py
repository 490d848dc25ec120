from __future__ import annotations

import json
import math
import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.measurement import MetricFailed, SourceUnavailableError
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.ping.sources.prometheus import Prometheus
from metrics_dictionary.tools.errors import OperationalError
from tests.ping.collection_samples import NOW, Answer, Request, dictionary, metric, web


def answered(result: object, kind: str = "vector") -> Answer:
    return 200, {}, json.dumps({"status": "success", "data": {"resultType": kind, "result": result}})


def first_value(answer: Answer) -> float:
    with web(lambda _: answer) as server:
        return Prometheus(server.url).first_value("up")


def test_a_query_is_asked_as_it_stands_below_any_path() -> None:
    query = 'max(rate(x{job="a&b"}[1w])) * 1e3 # ü'

    with web(lambda _: answered([{"metric": {}, "value": [1, "0.95"]}])) as server:
        assert Prometheus(f"{server.url}/prometheus/").first_value(query) == 0.95
    url = urlsplit(server.requests[0].path)
    assert url.path == "/prometheus/api/v1/query"
    assert parse_qs(url.query) == {"query": [query]}


def test_the_first_of_several_results_counts() -> None:
    assert first_value(answered([{"value": [1, "3"]}, {"value": [1, "4"]}])) == 3


def test_a_scalar_is_a_value() -> None:
    assert first_value(answered([1700000000, "7"], "scalar")) == 7


def test_nan_is_passed_on_to_the_check_of_values() -> None:
    assert math.isnan(first_value(answered([{"value": [1, "NaN"]}])))


def test_no_result_is_told_as_such() -> None:
    with pytest.raises(MetricFailed, match="has no value for the query"):
        first_value(answered([]))


@pytest.mark.parametrize(
    "answer",
    [
        answered([{"values": [[1, "3"]]}], "matrix"),
        answered([1, "text"], "string"),
        answered([{"value": [1, "text"]}]),
        answered({"value": 1}),
        answered(None),
        (200, {}, "[]"),
        (200, {}, "null"),
        (200, {}, '{"data": {"resultType": [], "result": 1}}'),
    ],
)
def test_an_answer_without_a_number_is_a_failure(answer: Answer) -> None:
    with pytest.raises(MetricFailed, match="holds no number"):
        first_value(answer)


def test_an_answer_that_is_no_json_is_a_failure() -> None:
    with pytest.raises(MetricFailed, match="not JSON"):
        first_value((200, {}, "<html>"))


def test_a_refused_query_tells_what_prometheus_says() -> None:
    with pytest.raises(MetricFailed, match="answers 400: parse error at char 3"):
        first_value((400, {}, json.dumps({"status": "error", "error": "parse error at char 3"})))
    with pytest.raises(MetricFailed, match="answers 502: no reason given"):
        first_value((502, {}, "<html>"))


def test_a_redirect_is_not_followed() -> None:
    with web(lambda _: (302, {"Location": "http://127.0.0.1:1/"}, "")) as server:
        with pytest.raises(MetricFailed, match="answers 302"):
            Prometheus(server.url).first_value("up")
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailableError, match=r"does not answer: .*refused"):
        Prometheus(f"http://127.0.0.1:{port}").first_value("up")


def test_a_server_that_says_nothing_is_away_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Prometheus(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05)
        with pytest.raises(SourceUnavailableError, match="timed out"):
            server.first_value("up")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "localhost:9090", "http://", "ftp://host/"])
def test_a_url_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(OperationalError, match=r"^the address of Prometheus is not an http or https URL"):
        Prometheus(url)


def test_a_payload_has_the_value_and_minus_one_for_nan() -> None:
    def answer(request: Request) -> Answer:
        return answered([{"value": [1, "NaN" if "nothing" in request.path else "2.5"]}])

    defined = dictionary(
        metric("a", "LoadMetric", value_type="number"),
        metric("b", "NothingMetric", value_type="number"),
        entries={
            "LoadMetric": {"source": "prometheus", "query": "load"},
            "NothingMetric": {"source": "prometheus", "query": "nothing"},
        },
    )
    with web(answer) as server:
        payload = collect(defined, Sources(prometheus=Prometheus(server.url).first_value), now=NOW)
    assert (payload.tree["a"], payload.tree["b"]) == (2.5, -1)
    assert payload.failures[0].reason == "the value is not a finite number, or is too large"
