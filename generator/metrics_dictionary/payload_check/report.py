"""What was found in a payload, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.payload_check.check import FALLBACKS, FindingKind
from metrics_dictionary.reports.text_report import COLORS
from metrics_dictionary.tools.json_values import json_text
from metrics_dictionary.tools.near_misses import near_miss
from metrics_dictionary.tools.text import counted, fitted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.payload_check.check import PayloadFinding

SEVERITIES = {
    FindingKind.UNKNOWN_KEY: Severity.ERROR,
    FindingKind.MISSING_METRIC: Severity.ERROR,
    FindingKind.WRONG_TYPE: Severity.ERROR,
    FindingKind.SCHEMA_VIOLATION: Severity.ERROR,
    FindingKind.REMOVED_METRIC: Severity.WARNING,
    FindingKind.FALLBACK_VALUE: Severity.WARNING,
    FindingKind.UNUSABLE_SCHEMA: Severity.WARNING,
}

_TITLES = {
    FindingKind.UNKNOWN_KEY: "without a definition",
    FindingKind.MISSING_METRIC: "active, but missing",
    FindingKind.WRONG_TYPE: "of another type than defined",
    FindingKind.SCHEMA_VIOLATION: "not as their JSON Schema says",
    FindingKind.REMOVED_METRIC: "removed, but still there",
    FindingKind.FALLBACK_VALUE: "not computed: a fallback value stands there",
    FindingKind.UNUSABLE_SCHEMA: "with a JSON Schema that cannot be used",
}

MAX_SUGGESTIONS = 200
"""Unknown keys for which a near miss is looked for; comparing each with thousands of key paths takes time."""


def payload_text(findings: Sequence[PayloadFinding], dictionary: Dictionary, width: int | None = None) -> str:
    """Return the findings by kind. ``width`` is the terminal's; None leaves lines as long as they are.

    The text carries ANSI colors, which ``click.echo`` strips where there is no terminal.
    """
    return "".join(f"{line}\n" for line in fitted(_lines(findings, dictionary), width))


def payload_json(findings: Sequence[PayloadFinding]) -> str:
    """Return ``{"findings": [...], "summary": {...}}``, ending in a newline."""
    return json_text({"findings": [_entry(finding) for finding in findings], "summary": _summary(findings)})


def _lines(findings: Sequence[PayloadFinding], dictionary: Dictionary) -> Iterator[str]:
    by_kind: defaultdict[FindingKind, list[PayloadFinding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    for kind, title in _TITLES.items():
        if found := by_kind.get(kind):
            label = click.style(f"{SEVERITIES[kind]}[{kind}]", fg=COLORS[SEVERITIES[kind]], bold=True)
            yield f"{label}: {len(found):,} {title}"
            for number, finding in enumerate(found):
                yield f"  {printable((finding.key_path or '(an empty name)') + _more(finding, dictionary, number))}"
            yield ""
    yield click.style(_totals(findings, dictionary), fg="red" if findings else "green", bold=True)


def _more(finding: PayloadFinding, dictionary: Dictionary, number: int) -> str:
    metric = finding.metric
    match finding.kind:
        case FindingKind.UNKNOWN_KEY if finding.nested:
            return f"; the key has dots in it, but a payload nests: {finding.nested}"
        case FindingKind.UNKNOWN_KEY if number < MAX_SUGGESTIONS:
            close = near_miss(finding.key_path, dictionary.expanded)
            return f"; did you mean {close}?" if close else ""
        case FindingKind.WRONG_TYPE if metric is not None:
            return f": {finding.found}, and its value_type is {metric.value_type}"
        case FindingKind.SCHEMA_VIOLATION if metric is not None:
            places = ", ".join(place or "the value itself" for place in finding.places)
            return f": {places}, by {metric.value_json_schema}"
        case FindingKind.UNUSABLE_SCHEMA if metric is not None:
            return f": {metric.value_json_schema}"
        case FindingKind.FALLBACK_VALUE if finding.value is not None:
            return f": {finding.value}, {FALLBACKS[finding.value]}"
        case _:
            owner = metric.product_group if metric is not None else None
            return f" (owner {owner})" if owner else ""


def _totals(findings: Sequence[PayloadFinding], dictionary: Dictionary) -> str:
    found = [counted(number, name.removesuffix("s")) for name, number in _summary(findings).items() if number]
    live = sum(not metric.removed for metric in dictionary.expanded.values())
    return f"Compared with {counted(live, 'metric')}: {listed(found) or 'nothing to report'}."


def _summary(findings: Sequence[PayloadFinding]) -> dict[str, int]:
    severities = [SEVERITIES[finding.kind] for finding in findings]
    return {"errors": severities.count(Severity.ERROR), "warnings": severities.count(Severity.WARNING)}


def _entry(finding: PayloadFinding) -> dict[str, object]:
    entry: dict[str, object] = {
        "kind": finding.kind.value,
        "severity": SEVERITIES[finding.kind].value,
        "key_path": finding.key_path,
    }
    details = {"found": finding.found, "value": finding.value, "places": list(finding.places) or None}
    details["nested"] = finding.nested
    return entry | {name: value for name, value in details.items() if value is not None}
