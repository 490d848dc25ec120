"""Descriptions: there to tell a reader what the key path does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.validation.engine.message_parts import code
from metrics_dictionary.validation.rules.rule import Finding, definition_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics_dictionary.reading.document import Document

_MIN_WORDS = 4

_REMINDERS = ("TODO", "TBD", "FIXME", "XXX")
# "TODO" in the middle of a sentence may be a to-do item: only one that opens the text, or is set off, is a reminder.
_REMINDER = re.compile(r"^\W*(TODO|TBD|FIXME|XXX)\b|\b(TODO|TBD|FIXME|XXX)\b\s*([:)\]]|\.?$)")
_FILLER = re.compile(
    r"\W*(todo|tbd|fixme|xxx|n/?a|placeholder( text)?|description( here)?|lorem ipsum\b.*|<[^>]*>)\W*",
    re.IGNORECASE | re.DOTALL,
)
_MAX_FILLER_LENGTH = 200

_ARTICLES = {"a", "an", "the", "of"}
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Characters of Thai, Lao, Burmese, Khmer, Japanese and Chinese."""
_CHARACTERS_A_WORD = 2
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
    number = len(words) if description.isascii() else sum(map(_words_in, words))
    if number < _MIN_WORDS:
        return f"the description has {number} {'word' if number == 1 else 'words'}"
    return None


def _words_in(piece: str) -> int:
    """Return how many words stand between two blanks: one, except in scripts that put no blanks between words."""
    unspaced = len(_UNSPACED.findall(piece))
    return max(1, round(unspaced / _CHARACTERS_A_WORD))


def _is_placeholder(description: str) -> bool:
    if any(reminder in description for reminder in _REMINDERS) and _REMINDER.search(description):
        return True
    return len(description) <= _MAX_FILLER_LENGTH and _FILLER.fullmatch(description) is not None


def _repeats(words: list[str], description: str, name: str) -> bool:
    """Return whether the words are those that the name ends in, give or take articles and plurals."""
    if len(words) > name.count("_") + name.count(".") + 1 + len(_ARTICLES):
        return False
    said = _plain(description)
    return bool(said) and _plain(name)[-len(said) :] == said


def _plain(words: str) -> list[str]:
    return [word.rstrip("s") for word in _WORD.findall(words.lower()) if word not in _ARTICLES]
