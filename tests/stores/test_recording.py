"""What one request changes: added up, and refused where no store could add it."""

from __future__ import annotations

import pytest

from metrics_dictionary.stores.store import Recording, combined
from tests.stores.stores_under_test import recording

FIRST = recording({"a": 1, "b": 2}, {"s": 0.5}, {"u": {"1"}}, {"u"}, ("x",))
SECOND = recording({"a": 3}, {"s": 1.5, "t": 1.0}, {"u": {"2", "1"}}, {"a"}, ("y", "z"))


def test_combined_recordings_change_what_each_of_them_would_change() -> None:
    assert combined([FIRST, SECOND]) == recording(
        {"a": 4, "b": 2}, {"s": 2.0, "t": 1.0}, {"u": {"1", "2"}}, {"u", "a"}, ("x", "y", "z")
    )
    assert combined([FIRST]) == FIRST
    assert repr(combined([recording(sums={"s": 1}), recording(sums={"s": 2})]).sums) == "{'s': 3}"
    assert combined([]).is_empty


@pytest.mark.parametrize("sums", [{"s": 1.7e308}, {"s": -1.7e308}])
def test_recordings_that_no_store_could_add_at_once_are_refused(sums: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        combined([recording(sums=sums), recording(sums=sums)])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_recording_refuses_a_sum_that_is_no_number(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        recording(sums={"sum": value})


@pytest.mark.parametrize("amount", [2**63, -(2**63)])
def test_a_recording_refuses_an_increment_that_no_store_can_add(amount: int) -> None:
    with pytest.raises(ValueError, match="too large"):
        Recording({"counter": amount}, {}, {}, frozenset())
