from __future__ import annotations

import json

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Fix, Severity, TextEdit
from metrics_dictionary.reports.report import Report, render

FIX = Fix((TextEdit(3, 5, 3, 11, "active"),), safe=True)


def test_a_finding_has_the_documented_keys_in_their_order() -> None:
    diagnostic = Diagnostic("schema", Severity.ERROR, "wrong", "a.yml", 3, 5, "$.status", "help", "active", FIX)
    document = json.loads(render(Report([diagnostic], 7), "json"))
    assert list(document) == ["findings", "summary"]
    assert document["findings"] == [
        {
            "rule": "schema",
            "severity": "error",
            "message": "wrong",
            "file": "a.yml",
            "line": 3,
            "column": 5,
            "path": "$.status",
            "help": "help",
            "suggestion": "active",
            "fix": {
                "edits": [{"line": 3, "column": 5, "end_line": 3, "end_column": 11, "text": "active"}],
                "safe": True,
            },
        }
    ]
    assert document["summary"] == {"files": 7, "errors": 1, "warnings": 0, "infos": 0}


def test_a_lone_surrogate_still_gives_a_document_that_can_be_written() -> None:
    diagnostic = Diagnostic("schema", Severity.ERROR, "\ud800", "a.yml", 1, 1)
    assert render(Report([diagnostic], 1), "json").isascii()
