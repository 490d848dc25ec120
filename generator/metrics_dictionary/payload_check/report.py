"""What was found in a payload, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.payload_check.check import PayloadFault
from metrics_dictionary.reports.text_report import COLORS
from metrics_dictionary.tools.json_values import json_text
from metrics_dictionary.tools.near_misses import near_miss
from metrics_dictionary.tools.text import folded, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.payload_check.check import PayloadFinding

SEVERITIES = {
    PayloadFault.UNKNOWN_KEY: Severity.ERROR,
    PayloadFault.MISSING_METRIC: Severity.ERROR,
    PayloadFault.WRONG_TYPE: Severity.ERROR,
    PayloadFault.SCHEMA_VIOLATION: Severity.ERROR,
    PayloadFault.REMOVED_METRIC: Severity.WARNING,
    PayloadFault.FALLBACK_VALUE: Severity.WARNING,
    PayloadFault.UNUSABLE_SCHEMA: Severity.WARNING,
}

_TITLES = {
    PayloadFault.UNKNOWN_KEY: "without a definition",
    PayloadFault.MISSING_METRIC: "active, but missing",
    PayloadFault.WRONG_TYPE: "of another type than defined",
    PayloadFault.SCHEMA_VIOLATION: "not as their JSON Schema says",
    PayloadFault.REMOVED_METRIC: "removed, but still there",
    PayloadFault.FALLBACK_VALUE: "not computed: a fallback value stands there",
    PayloadFault.UNUSABLE_SCHEMA: "with a JSON Schema that cannot be used",
}

_FALLBACKS = {
    -1: "a failure or a timeout",
    -2: "an error in a counter",
    -3: "SQL that was left out",
    -1000: "a source that was not there",
}

_MOST_CANDIDATES = 200
"""Unknown keys for which a near miss is looked for; comparing each with thousands of key paths takes time."""


def payload_text(findings: Sequence[PayloadFinding], dictionary: Dictionary, width: int | None = None) -> str:
    """Return the findings by kind. ``width`` is the terminal's; None leaves lines as long as they are.

    The text carries ANSI colors; whoever prints it elsewhere than on a terminal strips them (``click.echo`` does).
    """
    lines = _lines(findings, dictionary)
    if width is not None:
        lines = (part for line in lines for part in folded(line, width))
    return "".join(f"{line}\n" for line in lines)


def payload_json(findings: Sequence[PayloadFinding]) -> str:
    """Return ``{"findings": [...], "summary": {...}}``, ending in a newline."""
    return json_text({"findings": [_entry(finding) for finding in findings], "summary": _summary(findings)})


def _lines(findings: Sequence[PayloadFinding], dictionary: Dictionary) -> Iterator[str]:
    by_kind: defaultdict[PayloadFault, list[PayloadFinding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    for kind, title in _TITLES.items():
        if found := by_kind.get(kind):
            label = click.style(f"{SEVERITIES[kind]}[{kind}]", fg=COLORS[SEVERITIES[kind]], bold=True)
            yield f"{label}: {len(found):,} {title}"
            for number, finding in enumerate(found):
                yield f"  {printable((finding.key_path or '(an empty name)') + _more(finding, dictionary, number))}"
            yield ""
    yield click.style(_verdict(findings, dictionary), fg="red" if findings else "green", bold=True)


def _more(finding: PayloadFinding, dictionary: Dictionary, number: int) -> str:
    metric = finding.metric
    match finding.kind:
        case PayloadFault.UNKNOWN_KEY if number < _MOST_CANDIDATES:
            close = near_miss(finding.key_path, dictionary.expanded)
            return f"; did you mean {close}?" if close else ""
        case PayloadFault.WRONG_TYPE if metric is not None:
            return f": {finding.found}, and its value_type is {metric.value_type}"
        case PayloadFault.SCHEMA_VIOLATION if metric is not None:
            places = ", ".join(place or "the value itself" for place in finding.places)
            return f": {places}, by {metric.value_json_schema}"
        case PayloadFault.UNUSABLE_SCHEMA if metric is not None:
            return f": {metric.value_json_schema}"
        case PayloadFault.FALLBACK_VALUE:
            return f": {finding.value}, {_FALLBACKS[finding.value or -1]}"
        case _:
            owner = metric.product_group if metric is not None else None
            return f" (owner {owner})" if owner else ""


def _verdict(findings: Sequence[PayloadFinding], dictionary: Dictionary) -> str:
    summary = _summary(findings)
    told = [
        f"{number:,} {name if number != 1 else name.removesuffix('s')}" for name, number in summary.items() if number
    ]
    live = sum(not metric.removed for metric in dictionary.expanded.values())
    against = f"{live:,} metric{'' if live == 1 else 's'}"
    return f"Compared with {against}: {' and '.join(told) or 'nothing to report'}."


def _summary(findings: Sequence[PayloadFinding]) -> dict[str, int]:
    severities = [SEVERITIES[finding.kind] for finding in findings]
    return {"errors": severities.count(Severity.ERROR), "warnings": severities.count(Severity.WARNING)}


def _entry(finding: PayloadFinding) -> dict[str, object]:
    entry: dict[str, object] = {
        "kind": finding.kind.value,
        "severity": SEVERITIES[finding.kind].value,
        "key_path": finding.key_path,
    }
    told = {"found": finding.found, "value": finding.value, "places": list(finding.places) or None}
    return entry | {name: value for name, value in told.items() if value is not None}
