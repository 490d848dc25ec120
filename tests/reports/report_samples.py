"""Findings for reports, plain ones and hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from metrics_dictionary.dictionary.diagnostic import Diagnostic, Fix, Related, Severity, TextEdit
from metrics_dictionary.reports.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

OWNER = Diagnostic(
    rule="unknown-product-group",
    severity=Severity.ERROR,
    message="`ovenz` is not a product group",
    file="bakery/metrics/loaves.yml",
    line=4,
    column=16,
    path="$.product_group",
    help="Name a group of `product_groups.yml`.",
    suggestion="ovens",
    fix=Fix((TextEdit(4, 16, 4, 21, "ovens"),), safe=False),
)
UNUSED = Diagnostic(
    rule="unused-event",
    severity=Severity.INFO,
    message="the event `bake` feeds no metric",
    file="bakery/events/bake.yml",
    line=2,
    column=9,
    path="$.action",
    related=(Related("bakery/events/other.yml", 3, 1, "first defined here"),),
)
TWICE = Diagnostic(
    rule="yaml-duplicate-key",
    severity=Severity.WARNING,
    message="the key `a` is written twice",
    file="bakery/metrics/loaves.yml",
    line=9,
    column=1,
)

TEXTS = st.text(st.characters(), max_size=40)
"""Any text, halves of surrogate pairs, control and bidirectional characters included."""

DIAGNOSTICS = st.builds(
    Diagnostic,
    rule=st.sampled_from(["schema", "unused-event", "internal-error"]),
    severity=st.sampled_from(Severity),
    message=TEXTS,
    file=TEXTS.map(lambda text: f"bakery/{text.replace(chr(0), '')}.yml"),
    line=st.integers(1, 10_000),
    column=st.integers(1, 10_000),
    path=TEXTS,
    help=TEXTS,
    suggestion=st.none() | TEXTS,
    fix=st.none()
    | st.builds(
        lambda text, safe: Fix((TextEdit(1, 1, 2, 1, text),), safe),
        TEXTS,
        st.booleans(),
    ),
    related=st.lists(
        st.builds(Related, TEXTS.map(lambda text: f"x/{text.replace(chr(0), '')}"), st.just(1), st.just(1), TEXTS),
        max_size=2,
    ).map(tuple),
)
REPORTS = st.builds(
    lambda diagnostics, failing: Report(diagnostics, 3, failing),
    st.lists(DIAGNOSTICS, max_size=4),
    st.sampled_from([frozenset({Severity.ERROR}), frozenset({Severity.ERROR, Severity.WARNING})]),
)


def report(*diagnostics: Diagnostic, **others: object) -> Report:
    found: Sequence[Diagnostic] = diagnostics
    return Report(found, 3, **others)  # type: ignore[arg-type]
