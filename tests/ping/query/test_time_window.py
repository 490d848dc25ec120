from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from metrics_dictionary.ping.query.time_window import TimeWindow, symbolic_time_window, time_window

NOON = datetime(2024, 3, 31, 12, 0, 0, 5, tzinfo=UTC)


def test_a_month_goes_from_thirty_days_ago_to_two_days_ago() -> None:
    assert time_window("28d", NOON) == TimeWindow(
        datetime(2024, 3, 1, 12, 0, 0, 5, tzinfo=UTC), datetime(2024, 3, 29, 12, 0, 0, 5, tzinfo=UTC)
    )


def test_a_week_goes_from_nine_days_ago_to_two_days_ago() -> None:
    assert time_window("7d", NOON) == TimeWindow(
        datetime(2024, 3, 22, 12, 0, 0, 5, tzinfo=UTC), datetime(2024, 3, 29, 12, 0, 0, 5, tzinfo=UTC)
    )


@pytest.mark.parametrize("time_frame", ["all", "none", None, "14d"])
def test_other_time_frames_have_no_window(time_frame: str | None) -> None:
    assert time_window(time_frame, NOON) is None
    assert symbolic_time_window(time_frame) is None


def test_the_window_does_not_depend_on_the_time_zone_of_the_clock() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-7)))
    window = time_window("7d", elsewhere)
    assert window == time_window("7d", NOON)
    assert window is not None
    assert str(window.start) == "2024-03-22 12:00:00.000005+00:00"


def test_a_clock_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        time_window("7d", datetime(2024, 3, 31))  # noqa: DTZ001 - the point of the test


def test_a_window_can_be_said_in_words() -> None:
    assert symbolic_time_window("28d") == TimeWindow("30 days ago", "2 days ago")
    assert symbolic_time_window("7d") == TimeWindow("9 days ago", "2 days ago")
