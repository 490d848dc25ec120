from __future__ import annotations

import time

import pytest

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.reading.comments import comments_to_this_tool
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.suppressions import Suppression, suppressions_in, without_suppressed

COMMENT = "# metrics-dictionary: ignore schema -- older than the schema"


def suppressions(text: str) -> tuple[Suppression, ...]:
    return suppressions_in(Document("a.yml", "a.yml", Kind.METRIC, {}, directives=comments_to_this_tool(text)))


def places(text: str) -> list[tuple[int, int]]:
    return [(suppression.line, suppression.column) for suppression in suppressions(text)]


def found(rule: str, file: str = "a.yml") -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, "something is wrong", file, 3, 1)


def left(diagnostics: list[Diagnostic], comment: str, unchecked: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    kept = without_suppressed(diagnostics, suppressions(comment), unchecked)
    return [(one.rule, one.message) for one in kept]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (f"{COMMENT}\na: 1\n", 1, 1),
        (f"a: 1 {COMMENT}\n", 1, 6),
        (f"a: é\n  {COMMENT}\n", 2, 3),
        (f"a: |\n  text\n{COMMENT}\n", 3, 1),
        (f"a: >- {COMMENT}\n  text\n", 1, 7),
        (f"a: [1, {COMMENT}\n  2]\n", 1, 8),
        (f"a: several\n  lines {COMMENT}\n", 2, 9),
        (f"a: 1 {COMMENT}", 1, 6),
        (f"a: 1\r\n{COMMENT}\r\n", 2, 1),
    ],
)
def test_a_comment_counts_wherever_yaml_sees_one(text: str, line: int, column: int) -> None:
    assert places(text) == [(line, column)]


@pytest.mark.parametrize(
    "text",
    [
        f"a: '{COMMENT}'\n",
        f'a: "one\n  {COMMENT}"\n',
        f"a: |\n  {COMMENT}\n",
        f"a: >\n  one\n\n  {COMMENT}\n",
        f"a: b{COMMENT}\n",
        "# a comment about metrics-dictionary: ignore schema -- x\n",
    ],
)
def test_what_yaml_sees_as_text_is_no_comment(text: str) -> None:
    assert places(text) == []


def test_a_comment_names_one_rule_or_several_and_a_reason() -> None:
    (suppression,) = suppressions("#metrics-dictionary:  ignore  schema , unused-event  --  a -- b \n")
    assert suppression == Suppression("a.yml", 1, 1, ("schema", "unused-event"), "a -- b")


def test_findings_of_the_rule_in_the_file_are_suppressed_and_no_others() -> None:
    findings = [found("schema"), found("schema"), found("unused-event"), found("schema", "b.yml")]
    assert list(without_suppressed(findings, suppressions(COMMENT))) == findings[2:]


@pytest.mark.parametrize("end", ["", " --", " --  "])
def test_a_comment_without_a_reason_suppresses_nothing(end: str) -> None:
    assert left([found("schema")], f"# metrics-dictionary: ignore schema{end}") == [
        ("schema", "something is wrong"),
        ("suppression-without-reason", "the comment does not say why, so it suppresses nothing"),
    ]


def test_a_reason_given_in_another_comment_counts_for_that_comment_only() -> None:
    assert left([found("schema")], f"# metrics-dictionary: ignore schema\n{COMMENT}\n") == [
        ("suppression-without-reason", "the comment does not say why, so it suppresses nothing"),
    ]


def test_a_comment_that_suppresses_nothing_is_reported_for_each_rule() -> None:
    comment = "# metrics-dictionary: ignore schema, unused-event -- x"
    assert left([found("schema")], comment) == [
        ("unused-suppression", "the rule `unused-event` finds nothing in this file")
    ]


def test_the_second_comment_about_a_rule_suppresses_nothing_any_more() -> None:
    assert left([found("schema")], f"{COMMENT}\n{COMMENT}\n")[0][0] == "unused-suppression"


def test_nothing_is_said_about_a_rule_that_had_nothing_to_work_on() -> None:
    assert left([], "# metrics-dictionary: ignore unknown-event -- x", ("unknown-event",)) == []


def test_an_unknown_rule_is_reported_with_the_one_that_was_meant() -> None:
    (fault,) = without_suppressed([], suppressions("# metrics-dictionary: ignore shcema -- x"))
    assert (fault.rule, fault.message, fault.suggestion) == (
        "unknown-suppression",
        "`shcema` is not a rule",
        "schema",
    )


@pytest.mark.parametrize(
    "rule", ["yaml-duplicate-key", "yaml-type", "unused-suppression", "suppression-without-reason"]
)
def test_what_makes_a_file_unreadable_cannot_be_suppressed(rule: str) -> None:
    comment = f"# metrics-dictionary: ignore {rule} -- x"
    assert left([found(rule)], comment) == [
        (rule, "something is wrong"),
        ("unknown-suppression", f"the rule `{rule}` cannot be suppressed"),
    ]


@pytest.mark.parametrize("comment", ["ignore", "ignore -- x", "ignor schema -- x", "ignore schema because", "schema"])
def test_a_comment_that_cannot_be_understood_is_reported(comment: str) -> None:
    ((rule, message),) = left([], f"# metrics-dictionary: {comment}")
    assert rule == "unknown-suppression"
    assert "ignore RULE -- reason" in message


def test_thousands_of_comments_take_no_time() -> None:
    text = "".join(f"k{number}: x {COMMENT}\n" for number in range(5_000))
    start = time.perf_counter()
    faults = list(without_suppressed([], suppressions(text)))
    assert len(faults) == 5_000
    assert time.perf_counter() - start < 2
