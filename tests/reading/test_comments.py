"""The comments of YAML texts, held against what the test put there."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.reading.comments import trailing_comments

SCALARS = st.sampled_from(
    [
        '"a # b"',
        "'a # b # c'",
        '"#"',
        "' #'",
        "plain",
        '"tail # "',
        "'it''s # 1'",
        '"# \\" # "',
        "[a, '# b']",
        '{b: "# c"}',
    ]
)


@given(st.lists(st.tuples(SCALARS, st.booleans()), min_size=1, max_size=6))
def test_a_comment_behind_a_string_that_holds_a_hash_is_found_and_the_string_is_none(
    lines: list[tuple[str, bool]],
) -> None:
    text = "".join(
        f"key_{number}: {scalar}{f'  # comment {number}' if commented else ''}\n"
        for number, (scalar, commented) in enumerate(lines)
    )
    assert yaml.safe_load(text).keys() == {f"key_{number}" for number in range(len(lines))}
    expected = [f"# comment {number}" for number, (_, commented) in enumerate(lines) if commented]
    assert [comment.text for comment in trailing_comments(text)] == expected
