"""Who owns a definition, and how to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.validation.engine import wording

if TYPE_CHECKING:
    from metrics_dictionary.changes.compare.comparison import Comparison
    from metrics_dictionary.dictionary.dictionary import ProductGroup


def group_of(comparison: Comparison, identifier: str) -> ProductGroup | None:
    """Return the group that either edition knows under an identifier, the newer one first."""
    for edition in (comparison.after, comparison.before):
        if found := (edition.dictionary.product_groups or {}).get(identifier):
            return found
    return None


def contact(comparison: Comparison, identifier: str) -> str:
    """Return a group's name and contact for a message: ``Code Review (`#g_code_review`)`` in backticks."""
    group = group_of(comparison, identifier)
    if group is None:
        return wording.code(identifier)
    return f"{wording.code(group.name)} ({wording.code(group.contact)})" if group.contact else wording.code(group.name)
