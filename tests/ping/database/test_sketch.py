from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.ping.database.sketch import Sketch


@pytest.mark.parametrize("number", [0, 1, 10, 100, 1_000, 11_000, 30_000, 50_000, 80_000, 200_000])
def test_an_estimate_is_close_to_the_number_of_values(number: int) -> None:
    assert Sketch.of_values(range(number)).estimate() == pytest.approx(number, rel=0.03)


def test_equal_values_count_once_and_kinds_are_told_apart() -> None:
    numbers = range(-1_000, 1_000)
    equal = Sketch.of_values(value for number in numbers for value in (number, float(number), number))
    assert equal.estimate() == pytest.approx(2_000, rel=0.05)
    kinds = Sketch.of_values(value for number in numbers for value in (number, str(number), str(number).encode()))
    assert kinds.estimate() == pytest.approx(6_000, rel=0.05)
    assert Sketch.of_values([-1, -2]).estimate() == 2


def test_a_value_in_several_sketches_counts_once() -> None:
    whole = Sketch()
    for start in range(0, 20_000, 1_000):
        whole.merge(Sketch.of_values(range(start, start + 2_000)))
    assert whole.estimate() == pytest.approx(21_000, rel=0.03)


@given(st.lists(st.sets(st.text(max_size=3), max_size=20), max_size=5))
def test_merging_is_the_sketch_of_the_union(sets: list[set[str]]) -> None:
    merged = Sketch()
    for values in sets:
        merged.merge(Sketch.of_values(values))
    assert merged.estimate() == Sketch.of_values(set().union(*sets)).estimate()


def test_the_emptiest_and_the_fullest_sketch_have_an_estimate() -> None:
    assert Sketch.of_buckets([]).estimate() == 0
    assert Sketch.of_buckets((bucket, 0) for bucket in range(2**13)).estimate() > 0
