"""Scalars without quotes: what readers of YAML disagree on, and what a reader takes for a comment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from metrics_dictionary.reading.comments import line_starts
from metrics_dictionary.reading.other_readers import Foreign, in_words
from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.engine.schema_rule import accepts
from metrics_dictionary.validation.rules.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.comments import Comment
    from metrics_dictionary.reading.document import Document, Doubt


def ambiguous_scalars(document: Document) -> Iterator[Finding]:
    """Find scalars that another reader takes for something else, and that the schema allows to be either."""
    for doubt in document.doubts:
        if _undecided(document, doubt):
            message = f"{code(doubt.written)} is read as {in_words(doubt.value)} here and {doubt.other.words}"
            suggestion, help_text = _unambiguous(doubt)
            yield Finding(document, doubt.path, message, help=help_text, suggestion=suggestion)


def cut_off_text(document: Document) -> Iterator[Finding]:
    """Find what stands behind ` #` where it may be meant as a part of the string.

    Behind a single word `# ...` is a comment: `name: create_board # every sale`. Behind several words, or without a
    blank after the `#`, nobody can tell.
    """
    starts = line_starts(document.text) if document.trailing_comments else []
    for comment in document.trailing_comments:
        found = document.positions.plain_value_before(document.text, starts[comment.line] + comment.column)
        if found is not None and _may_be_meant(found[1], comment):
            path, _ = found
            message = f"{code(comment.text)} is cut off: without quotes, ` #` starts a comment"
            yield Finding(document, path, message)


def _undecided(document: Document, doubt: Doubt) -> bool:
    """Return whether both readings are possible; one that the schema refuses is a finding of the schema there."""
    theirs = doubt.other.value
    if isinstance(theirs, Foreign):
        return True
    return accepts(document, doubt.path, doubt.value) and accepts(document, doubt.path, theirs)


def _unambiguous(doubt: Doubt) -> tuple[str, str]:
    """Return the spelling that every reader takes for what we read, and what to do."""
    if isinstance(doubt.value, str):
        return f'"{doubt.written}"', "Put the value in quotes to keep it as a string."
    spelling = json.dumps(doubt.value)
    return spelling, f"Write `{spelling}`, or put the value in quotes if it is a string."


def _may_be_meant(value: str, comment: Comment) -> bool:
    return len(value.split()) > 1 or not comment.text.lstrip("#")[:1].isspace()
