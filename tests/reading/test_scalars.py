from __future__ import annotations

import pytest

from metrics_dictionary.reading.scalars import UnsupportedScalarError, plain_scalar


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("counts.boards", "counts.boards"),
        ("16.10", 16.1),
        ("<13.9", "<13.9"),
        ("1_000", 1000),
        ("0o7", "0o7"),
        ("010", 8),
        ("-5", -5),
        ("yes", True),
        ("Off", False),
        ("y", "y"),
        ("~", None),
        ("", None),
        ("null", None),
        ("=", "="),
        ("7d", "7d"),
        ("1e400", "1e400"),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_1_says(written: str, value: object) -> None:
    found = plain_scalar(written)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-31",
        "2024-99-99",
        "2024-01-31T10:00:00Z",
        ".inf",
        ".NaN",
        "1.0e+999",
        "9223372036854775808",
        "0x" + "f" * 30,
        "1" * 5000,
        "0x_",
        "1:30",
        "1:30:00",
        "12:30.5",
        "-1:30",
    ],
)
def test_a_value_that_json_cannot_carry_is_refused(written: str) -> None:
    with pytest.raises(UnsupportedScalarError, match=r"^`.{1,70}` (is read as|looks like)"):
        plain_scalar(written)


def test_a_long_text_that_starts_like_a_number_is_text() -> None:
    text = "1 " * 100
    assert plain_scalar(text) == text
