"""Lifecycle: what a status says must agree with the fields about removal and repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Kind
from metrics_dictionary.tools.text import listed
from metrics_dictionary.validation.rules.rule import Finding, Place, definition_fields
from metrics_dictionary.validation.rules.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.dictionary.definition import Fields
    from metrics_dictionary.reading.document import Document

_REMOVAL_FIELDS = ("milestone_removed", "removed_by_url")


def lifecycle_fields(document: Document) -> Iterator[Finding]:
    """Find a status that its companion fields contradict or do not complete.

    A field that is present but empty counts as present: old definitions write ``removed_by_url:`` for a removal
    that nobody can trace, and the schema says where that is allowed.
    """
    fields = definition_fields(document)
    status = fields.get("status")
    if status == "removed":
        yield from _missing(document, fields, "removed", _REMOVAL_FIELDS)
    elif status == "broken":
        yield from _missing(document, fields, "broken", ("repair_issue_url",))
    elif status == "active" or ("status" not in fields and document.kind is Kind.EVENT):
        yield from _removal_of_active(document, fields)
    if "milestone_removed" in fields:
        yield from _removed_before_introduced(document, fields)


def _missing(document: Document, fields: Fields, status: str, names: tuple[str, ...]) -> Iterator[Finding]:
    missing = [name for name in names if name not in fields]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        message = f"the status is `{status}`, but {listed(f'`{name}`' for name in missing)} {verb} missing"
        yield Finding(document, ("status",), message, missing=tuple((name,) for name in missing))


def _removal_of_active(document: Document, fields: Fields) -> Iterator[Finding]:
    for name in _REMOVAL_FIELDS:
        if fields.get(name) is not None:
            message = f"`{name}` is set, but the status is `active`"
            related = (Place(document, ("status",), "the status"),) if "status" in fields else ()
            yield Finding(document, (name,), message, at_key=True, related=related)


def _removed_before_introduced(document: Document, fields: Fields) -> Iterator[Finding]:
    introduced = Version.of(fields.get("milestone"))
    removed = Version.of(fields["milestone_removed"])
    if introduced and removed and removed.surely_before(introduced):
        yield Finding(
            document,
            ("milestone_removed",),
            f"the removal in {fields['milestone_removed']} comes before the introduction in {fields['milestone']}",
            related=(Place(document, ("milestone",), "introduced here"),),
        )
