"""The ``schema`` rule: what the JSON Schemas find in a document, each finding at the value that it is about."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.validation.engine import wording
from metrics_dictionary.validation.engine.keywords import about_key, missing_field, validator_of
from metrics_dictionary.validation.engine.schema_messages import words_for
from metrics_dictionary.validation.rules.rule import Finding
from metrics_dictionary.validation.schemas.definition_schemas import (
    EVENT,
    INSTRUMENTATIONS,
    METRIC,
    PRODUCT_GROUPS,
    schema,
)
from metrics_dictionary.validation.schemas.descriptions import description_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema.exceptions import ValidationError

    from metrics_dictionary.validation.engine.keywords import Validator

SCHEMAS = {
    Kind.METRIC: METRIC,
    Kind.EVENT: EVENT,
    Kind.INSTRUMENTATIONS: INSTRUMENTATIONS,
    Kind.PRODUCT_GROUPS: PRODUCT_GROUPS,
}

_SUBJECTS = {
    Kind.METRIC: "the metric",
    Kind.EVENT: "the event",
    Kind.INSTRUMENTATIONS: "the file",
    Kind.PRODUCT_GROUPS: "the file",
}


def schema_findings(document: Document) -> Iterator[Finding]:
    """Find each value of a document that its schema does not allow."""
    for error in _telling(_validator(document.kind).iter_errors(document.data)):
        yield _finding(document, error)


@cache
def _validator(kind: Kind) -> Validator:
    return validator_of(schema(SCHEMAS[kind]))


def _telling(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Leave out what is said already: the same error again, and what follows from a value's type being wrong."""
    found = list(errors)
    of_wrong_type = {tuple(error.path) for error in found if error.validator == "type"}
    told: dict[tuple[object, ...], ValidationError] = {}
    for error in found:
        path = tuple(error.path)
        if error.validator == "type" or path not in of_wrong_type:
            told.setdefault((path, error.validator, str(error.validator_value), missing_field(error)), error)
    return list(told.values())


def _finding(document: Document, error: ValidationError) -> Finding:
    path = tuple(error.path)
    words = words_for(error)
    missing = missing_field(error)
    subject = wording.field(path) if path else _SUBJECTS[document.kind]
    described = path if missing is None else (*path, missing)
    return Finding(
        document,
        path,
        f"{subject} {words.predicate}",
        help=words.help or description_of(SCHEMAS[document.kind], described),
        suggestion=words.suggestion,
        at_key=about_key(error),
    )
