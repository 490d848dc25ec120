"""What one request changes: added up, and refused where no store could add it."""

from __future__ import annotations

import pytest

from metrics_dictionary.stores.store import Changes, ChangesBuilder
from tests.stores.stores_under_test import changes

FIRST = changes({"a": 1, "b": 2}, {"s": 0.5}, {"u": {"1"}}, {"u"}, ("x",))
SECOND = changes({"a": 3}, {"s": 1.5, "t": 1.0}, {"u": {"2", "1"}}, {"a"}, ("y", "z"))


def combined(all_changes: list[Changes]) -> Changes:
    builder = ChangesBuilder()
    for one in all_changes:
        builder.add(one)
    return builder.changes()


def test_what_changes_the_same_key_is_added_up() -> None:
    assert combined([FIRST, SECOND]) == changes(
        {"a": 4, "b": 2}, {"s": 2.0, "t": 1.0}, {"u": {"1", "2"}}, {"u", "a"}, ("x", "y", "z")
    )
    assert combined([FIRST]) == FIRST
    assert repr(combined([changes(sums={"s": 1}), changes(sums={"s": 2})]).sums) == "{'s': 3}"
    assert combined([]).is_empty


@pytest.mark.parametrize("sums", [{"s": 1.7e308}, {"s": -1.7e308}])
def test_changes_that_no_store_could_add_at_once_are_refused(sums: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        combined([changes(sums=sums), changes(sums=sums)])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_changes_refuse_a_sum_that_is_no_number(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        changes(sums={"sum": value})


@pytest.mark.parametrize("amount", [2**63, -(2**63)])
def test_changes_refuse_an_increment_that_no_store_can_add(amount: int) -> None:
    with pytest.raises(ValueError, match="too large"):
        Changes({"counter": amount})
