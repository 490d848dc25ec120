"""The formats for services, each held against its published schema, whatever the findings say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.reports.report import FORMATS, Report, render
from metrics_dictionary.validation.rules.registry import RULES
from tests.reports.report_samples import OWNER, REPORTS, TWICE, UNUSED, report
from tests.reports.xml_shapes import CHECKSTYLE, JUNIT, shaped

HERE = Path(__file__).parent


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((HERE / name).read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


SARIF = validator("sarif_subset.json")
CODE_QUALITY = validator("code_quality.json")


def sarif_run(found: Report) -> Any:
    log = json.loads(render(found, "sarif"))
    SARIF.validate(log)
    return log["runs"][0]


def test_every_format_that_can_be_named_can_be_written() -> None:
    for style in FORMATS:
        assert render(report(OWNER), style).endswith("\n")


@given(REPORTS)
def test_sarif_is_valid_whatever_comes(found: Report) -> None:
    run = sarif_run(found)
    assert len(run["results"]) == len(found.diagnostics)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_explains_every_rule_and_links_to_it_where_the_site_is_known() -> None:
    rules = sarif_run(report(site="https://metrics.example.com/"))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
    assert rules[0]["helpUri"] == f"https://metrics.example.com/reference/rules/#{rules[0]['id']}"
    assert "helpUri" not in sarif_run(report())["tool"]["driver"]["rules"][0]


def test_sarif_carries_place_level_suggestion_and_the_second_place() -> None:
    owner, unused = sarif_run(report(OWNER, UNUSED))["results"]
    assert owner["level"] == "error"
    assert owner["message"]["text"] == "`ovenz` is not a product group; suggestion: ovens"
    location = owner["locations"][0]["physicalLocation"]
    assert location["region"] == {"startLine": 4, "startColumn": 16}
    assert location["artifactLocation"] == {"uri": "bakery/metrics/loaves.yml", "uriBaseId": "%SRCROOT%"}
    (fix,) = owner["fixes"]
    assert fix["description"]["text"].startswith("A suggestion")
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"] == location["artifactLocation"]
    deleted = {"startLine": 4, "startColumn": 16, "endLine": 4, "endColumn": 21}
    assert change["replacements"] == [{"deletedRegion": deleted, "insertedContent": {"text": "ovens"}}]
    assert unused["level"] == "note"
    assert unused["relatedLocations"][0]["message"]["text"] == "first defined here"


@given(REPORTS)
def test_code_quality_is_valid_whatever_comes(found: Report) -> None:
    issues = json.loads(render(found, "gitlab-codequality"))
    CODE_QUALITY.validate(issues)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(found.diagnostics)


def test_code_quality_of_nothing_is_an_empty_list() -> None:
    assert json.loads(render(report(), "gitlab-codequality")) == []


def test_code_quality_maps_severities() -> None:
    issues = json.loads(render(report(OWNER, TWICE, UNUSED), "gitlab-codequality"))
    assert [issue["severity"] for issue in issues] == ["major", "minor", "info"]


@given(REPORTS)
def test_junit_is_valid_whatever_comes(found: Report) -> None:
    suites = shaped(render(found, "junit"), "testsuites", JUNIT)
    cases = list(suites.iter("testcase"))
    assert suites.attrib["tests"] == str(len(cases)) == str(max(len(found.diagnostics), 1))
    assert suites.attrib["failures"] == str(len(list(suites.iter("failure"))))
    assert bool(list(suites.iter("failure"))) == found.failed


def test_junit_fails_exactly_what_fails_the_run() -> None:
    strict = frozenset({Severity.ERROR, Severity.WARNING})
    assert render(report(OWNER, TWICE, UNUSED), "junit").count("<failure ") == 1
    assert render(report(OWNER, TWICE, UNUSED, failing=strict), "junit").count("<failure ") == 2


def test_junit_of_nothing_has_one_test_that_passed() -> None:
    assert '<testcase classname="definitions" name="nothing to report"/>' in render(report(), "junit")


def test_a_junit_test_keeps_its_name_when_the_lines_move() -> None:
    case = shaped(render(report(OWNER), "junit"), "testsuites", JUNIT).find(".//testcase")
    assert case is not None
    assert case.attrib == {"classname": "bakery/metrics/loaves.yml", "name": "unknown-product-group $.product_group"}
    assert "loaves.yml:4:16: error: " in "".join(case.itertext())


@given(REPORTS)
def test_checkstyle_is_valid_whatever_comes(found: Report) -> None:
    document = shaped(render(found, "checkstyle"), "checkstyle", CHECKSTYLE)
    assert len(list(document.iter("error"))) == len(found.diagnostics)


def test_checkstyle_names_a_file_once() -> None:
    document = shaped(render(report(OWNER, UNUSED, TWICE), "checkstyle"), "checkstyle", CHECKSTYLE)
    assert sorted(file.attrib["name"] for file in document) == ["bakery/events/bake.yml", "bakery/metrics/loaves.yml"]


@pytest.mark.parametrize("style", ["junit", "checkstyle"])
@pytest.mark.parametrize("code", [0x0, 0x1, 0x8, 0xB, 0x1B, 0x7F, 0x85, 0xD800, 0xFFFE, 0xFFFF])
def test_a_character_that_xml_cannot_carry_is_shown_as_an_escape(style: str, code: int) -> None:
    hostile = type(OWNER)("schema", Severity.ERROR, f"a{chr(code)}b]]><&\"'", "x.yml", 1, 1)
    shapes = {"junit": ("testsuites", JUNIT), "checkstyle": ("checkstyle", CHECKSTYLE)}[style]
    document = shaped(render(report(hostile), style), *shapes)
    message = next(element.attrib["message"] for element in document.iter() if "message" in element.attrib)
    assert re.fullmatch(rf"a\\[xu]0*{code:x}b\]\]><&\"'", message)


@given(REPORTS)
def test_no_text_can_start_a_command_of_its_own_on_github(found: Report) -> None:
    lines = render(found, "github").split("\n")
    assert len(lines) == len(found.diagnostics) + 2
    for line in lines[:-2]:
        command = re.fullmatch(r"::(error|warning|notice) file=([^:,]*),line=\d+,col=\d+,title=[^:,]*::.*", line)
        assert command, line
        assert not re.search(r"%(?!25|3A|2C|0A)", line)


def test_a_github_annotation_has_place_rule_message_suggestion_and_help() -> None:
    assert render(report(OWNER), "github").split("\n")[0] == (
        "::error file=bakery/metrics/loaves.yml,line=4,col=16,title=unknown-product-group::"
        "`ovenz` is not a product group%0Asuggestion: ovens%0AName a group of `product_groups.yml`."
    )


def test_github_properties_and_messages_are_escaped() -> None:
    hostile = type(OWNER)("schema", Severity.WARNING, "100%\n::error::x", "a,b:c%.yml", 1, 1)
    line = render(report(hostile), "github").split("\n")[0]
    assert line.startswith("::warning file=a%2Cb%3Ac%25.yml,line=1,col=1,title=schema::100%25\\x0a::error::x")
