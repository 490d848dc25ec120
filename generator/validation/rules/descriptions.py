"""Descriptions: there to tell a reader what the key path does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.validation.rule import Finding
from generator.validation.rules.definitions import definition_fields
from generator.validation.wording import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.reading.document import Document

_FEWEST_WORDS = 4

_REMINDERS = ("TODO", "TBD", "FIXME", "XXX")
# "TODO" in the middle of a sentence may be a to-do item: only one that opens the text, or is set off, is a reminder.
_REMINDER = re.compile(r"^\W*(TODO|TBD|FIXME|XXX)\b|\b(TODO|TBD|FIXME|XXX)\b\s*([:)\]]|\.?$)")
_FILLER = re.compile(
    r"\W*(todo|tbd|fixme|xxx|n/?a|placeholder( text)?|description( here)?|lorem ipsum\b.*|<[^>]*>)\W*",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_FILLER = 200

_ARTICLES = {"a", "an", "the", "of"}
_WORD = re.compile(r"[^\W_]+")


def description_quality(document: Document) -> Iterator[Finding]:
    """Find a description that tells nothing."""
    fields = definition_fields(document)
    if "description" not in fields:
        return
    description = fields["description"]
    if description is None:
        description = ""
    if not isinstance(description, str):
        return
    name = fields.get("key_path" if "key_path" in fields else "action")
    problem = _problem(description, name if isinstance(name, str) else "")
    if problem:
        yield Finding(document, ("description",), problem)


def _problem(description: str, name: str) -> str | None:
    words = description.split()
    if not words:
        return "the description is empty"
    if _is_placeholder(description):
        return "the description is a placeholder"
    if _repeats(words, description, name):
        return f"the description repeats {code(name)}"
    if len(words) < _FEWEST_WORDS:
        return f"the description has {len(words)} {'word' if len(words) == 1 else 'words'}"
    return None


def _is_placeholder(description: str) -> bool:
    if any(reminder in description for reminder in _REMINDERS) and _REMINDER.search(description):
        return True
    return len(description) <= _LONGEST_FILLER and _FILLER.fullmatch(description) is not None


def _repeats(words: list[str], description: str, name: str) -> bool:
    """Return whether the words are those that the name ends in, give or take articles and plurals."""
    if len(words) > name.count("_") + name.count(".") + 1 + len(_ARTICLES):
        return False
    said = _plain(description)
    return bool(said) and _plain(name)[-len(said) :] == said


def _plain(words: str) -> list[str]:
    return [word.rstrip("s") for word in _WORD.findall(words.lower()) if word not in _ARTICLES]
