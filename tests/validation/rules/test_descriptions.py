from __future__ import annotations

import pytest

from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.rules.descriptions import description_quality


@pytest.mark.parametrize(
    "description",
    [
        "TODO",
        "TODO: say what this counts",
        "Loaves that were sold at the till (TODO)",
        "Loaves that were sold at the till, more details TBD.",
        "tbd.",
        "Placeholder text",
        "<description here>",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit",
        "n/a",
    ],
)
def test_reminders_and_fillers_are_placeholders(description: str) -> None:
    assert problem(description) == "the description is a placeholder"


@pytest.mark.parametrize(
    "description", ["counts.loaves_sold", "loaves_sold", "Counts: loaves sold.", "The count of the loaves sold"]
)
def test_the_key_path_in_words_is_a_repetition(description: str) -> None:
    assert problem(description) == "the description repeats `counts.loaves_sold`"


@pytest.mark.parametrize(
    "description",
    [
        "Count of TODO items that were marked as done",
        "Count of loaves sold online",
        "Imports that left a placeholder in the shop",
        "Loaves sold in the descriptions of the day",
        "全プロジェクトのボードの数。",
        "所有项目中的看板数量",
        "จำนวนบอร์ดในทุกโครงการ",
        "모든 프로젝트의 보드 수",
    ],
)
def test_a_description_that_says_more_is_left_alone(description: str) -> None:
    assert problem(description) is None


@pytest.mark.parametrize(
    ("description", "words"),
    [("Bread", "1 word"), ("Bread for sale", "3 words"), ("パン", "1 word"), ("パンの数", "2 words")],
)
def test_a_description_of_few_words_is_counted(description: str, words: str) -> None:
    assert problem(description) == f"the description has {words}"


@pytest.mark.parametrize("description", ["", " \n ", None])
def test_an_empty_description_is_found_however_it_is_written(description: str | None) -> None:
    assert problem(description) == "the description is empty"


@pytest.mark.parametrize("description", [12, ["a", "list"], {}])
def test_a_description_of_another_type_is_left_to_the_schema(description: object) -> None:
    assert problem(description) is None


def test_a_missing_description_is_left_to_the_schema() -> None:
    document = Document("a.yml", "a.yml", Kind.METRIC, {"key_path": "counts.loaves_sold"})
    assert list(description_quality(document)) == []


def problem(description: object) -> str | None:
    fields = {"key_path": "counts.loaves_sold", "description": description}
    finding = next(description_quality(Document("a.yml", "a.yml", Kind.METRIC, fields)), None)
    return finding.message if finding else None
