from __future__ import annotations

from time import perf_counter

from metrics_dictionary.tools.near_misses import NearMisses


def test_a_slip_in_a_name_finds_the_name() -> None:
    names = NearMisses(["loaf_sold", "loaf_baked", "oven_lit"])
    assert names.nearest("loaf_slod") == "loaf_sold"
    assert names.nearest("till_opened") is None


def test_the_nearest_of_many_similar_names_is_found() -> None:
    names = NearMisses(f"counts.loaves_of_oven_{number}_weekly" for number in range(3000))
    assert names.nearest("counts.loafs_of_oven_1234_weekly") == "counts.loaves_of_oven_1234_weekly"


def test_one_wrong_name_among_thousands_of_long_ones_costs_little() -> None:
    names = NearMisses(
        f"usage_by_bakery_monthly.oven_{number}.count_distinct_loaves_of_{number}" for number in range(5000)
    )
    started = perf_counter()
    names.nearest("usage_by_bakery_monthly.oven_77.count_distinct_loafs_of_77")
    assert perf_counter() - started < 0.5


def test_thousands_of_wrong_names_get_no_suggestions_after_the_first_ones() -> None:
    names = NearMisses((f"loaf_of_oven_{number}_sold" for number in range(500)), most_words=200)
    started = perf_counter()
    found = [names.nearest(f"laof_of_oven_{number}_sold") for number in range(5000)]
    assert perf_counter() - started < 2
    assert found[0] == "loaf_of_oven_0_sold"
    assert found[-1] is None


def test_short_names_are_compared_too() -> None:
    assert NearMisses(["geo", "gitaly"]).nearest("goe") == "geo"
