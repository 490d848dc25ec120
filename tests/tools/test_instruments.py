from __future__ import annotations

import threading

import pytest

from metrics_dictionary.tools import instruments
from metrics_dictionary.tools.instruments import Counter, Gauge, Histogram, prometheus_text


@pytest.fixture(autouse=True)
def own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruments, "_instruments", {})


def test_the_text_is_that_of_the_format_s_own_description() -> None:
    # https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
    counter = Counter("posts_total", "Posts.", ("method", "code"))
    counter.add("post", "200", amount=1027)
    counter.add("post", "400", amount=3)
    Gauge("pressure", "Not known yet.").set(float("nan"))
    Gauge("temperature", "With a label to escape.", ("path",)).set(2.5, 'C:\\DIR\\FILE.TXT\n"x"')
    histogram = Histogram("wait_seconds", "Waits.", buckets=(0.5, 1.0))
    for seconds in (0.25, 0.5, 0.75, 8):
        histogram.observe(seconds)
    assert (
        prometheus_text()
        == r"""# HELP metrics_dictionary_posts_total Posts.
# TYPE metrics_dictionary_posts_total counter
metrics_dictionary_posts_total{method="post",code="200"} 1027
metrics_dictionary_posts_total{method="post",code="400"} 3
# HELP metrics_dictionary_pressure Not known yet.
# TYPE metrics_dictionary_pressure gauge
metrics_dictionary_pressure NaN
# HELP metrics_dictionary_temperature With a label to escape.
# TYPE metrics_dictionary_temperature gauge
metrics_dictionary_temperature{path="C:\\DIR\\FILE.TXT\n\"x\""} 2.5
# HELP metrics_dictionary_wait_seconds Waits.
# TYPE metrics_dictionary_wait_seconds histogram
metrics_dictionary_wait_seconds_bucket{le="0.5"} 2
metrics_dictionary_wait_seconds_bucket{le="1.0"} 3
metrics_dictionary_wait_seconds_bucket{le="+Inf"} 4
metrics_dictionary_wait_seconds_sum 9.5
metrics_dictionary_wait_seconds_count 4
"""
    )


def test_nothing_is_lost_when_threads_count_at_once() -> None:
    counter, histogram = Counter("at_once_total", "At once."), Histogram("at_once_seconds", "At once.", ("kind",))

    def work() -> None:
        for _ in range(5_000):
            counter.add()
            histogram.observe(0.01, "a")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = prometheus_text()
    assert "at_once_total 20000\n" in text
    assert 'at_once_seconds_count{kind="a"} 20000\n' in text


def test_labels_that_a_client_chooses_cannot_fill_the_memory() -> None:
    counter, histogram = Counter("names_total", "By name.", ("name",)), Histogram("name_seconds", "By name.", ("name",))
    for number in range(3_000):
        counter.add(str(number))
        histogram.observe(1, str(number))
    text = prometheus_text()
    assert sum(line.startswith("metrics_dictionary_names_total{") for line in text.splitlines()) == 1_001
    assert 'names_total{name="other"} 2000\n' in text
    assert 'name_seconds_count{name="other"} 2000\n' in text
    counter.add("7")
    assert counter.value("7") == 2


def test_a_name_is_given_once() -> None:
    Counter("twice_total", "Once.")
    with pytest.raises(ValueError, match="twice_total"):
        Counter("twice_total", "Twice.")
