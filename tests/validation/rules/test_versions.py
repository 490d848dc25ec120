from __future__ import annotations

import pytest

from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.rules.versions import Version, unquoted_version


@pytest.mark.parametrize(
    ("older", "newer"),
    [("16.9", "16.10"), ("9.5", "13.0"), ("<13.9", "13.9"), ("<13.9", "14.0"), ("15.11", "16.0")],
)
def test_versions_are_compared_part_by_part(older: str, newer: str) -> None:
    assert version(older).surely_before(version(newer))
    assert not version(newer).surely_before(version(older))


@pytest.mark.parametrize(
    ("one", "other"),
    [("16.10", "16.10"), ("12.0", "<13.9"), ("<16.4", "15.10"), ("<13.9", "<13.9")],
)
def test_nothing_is_said_about_versions_whose_order_is_open(one: str, other: str) -> None:
    assert not version(one).surely_before(version(other))


@pytest.mark.parametrize(
    "value", ["16", "16.1.2", "v16.1", "16.1\n", "<<13.9", "", 16.1, None, ["16.1"], "9" * 5000 + ".1"]
)
def test_other_values_are_no_versions(value: object) -> None:
    assert Version.of(value) is None


@pytest.mark.parametrize("value", [True, None, "16.10", ["16.10"]])
def test_only_numbers_are_versions_without_quotes(value: object) -> None:
    assert list(unquoted_version(Document("a.yml", "a.yml", Kind.METRIC, {"milestone": value}))) == []


@pytest.mark.parametrize("name", ["milestone", "milestone_removed"])
def test_the_help_names_the_field_that_has_no_quotes(name: str) -> None:
    (found,) = unquoted_version(Document("a.yml", "a.yml", Kind.METRIC, {name: 16.2}, f"{name}: 16.20\n".encode()))
    assert found.help == f'Put the version in quotes: `{name}: "16.20"`.'


def version(text: str) -> Version:
    read = Version.of(text)
    assert read is not None
    return read
