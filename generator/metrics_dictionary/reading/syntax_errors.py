"""The parser's errors in the words of somebody who writes definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from metrics_dictionary.reading.events import MAX_DEPTH, events_of
from metrics_dictionary.reading.positions import Position, position_of
from metrics_dictionary.tools.text import abridged, deceptive

if TYPE_CHECKING:
    from yaml import YAMLError

_QUOTE_IT = "Put the whole string in quotes."
_MAX_SHOWN_LENGTH = 40
_SURROGATE = re.compile(
    r"\\u(?:(?P<high>d[89ab][0-9a-f]{2})(?:\\u(?P<low>d[c-f][0-9a-f]{2}))?|(?P<lone>d[c-f][0-9a-f]{2}))", re.IGNORECASE
)
_CONFLICT_MARKER = re.compile(r"^(?:(?:<{7}|\|{7}|>{7})(?: .*)?|={7})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """What is wrong with a text and where; ``help`` is empty where the rule's own help is good enough."""

    rule: str
    message: str
    position: Position
    help: str = ""


def syntax_problem(error: YAMLError, text: str) -> SyntaxProblem:
    """Explain why a text could not be parsed."""
    if conflict := merge_conflict(text, readable=False):
        return conflict
    if isinstance(error, ReaderError):
        return _control_character(error, text)
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        if "nesting depth" in (error.problem or ""):
            return too_deep(position_of(error.problem_mark))
        return _with_unseen(_explained(error, text), text)
    return SyntaxProblem("yaml-syntax", str(error).splitlines()[0], (1, 1))


def _with_unseen(problem: SyntaxProblem, text: str) -> SyntaxProblem:
    """Name the characters of the line that are not what they seem: they are its most likely mistake."""
    unseen = deceptive(_line(text, problem.position))
    if not unseen:
        return problem
    help_text = "Replace each with the character on the keyboard that it looks like, a blank, or nothing."
    return replace(problem, message=f"{problem.message}; the line has {abridged(unseen, 3)} in it", help=help_text)


def too_deep(position: Position) -> SyntaxProblem:
    """Return what to say of nesting beyond the limit."""
    message = f"the nesting is more than {MAX_DEPTH} levels deep"
    return SyntaxProblem("yaml-too-large", message, position, "Take levels out; a definition needs 12 at most.")


def merge_conflict(text: str, *, readable: bool) -> SyntaxProblem | None:
    """Return what to say of the markers that git leaves where a merge has a conflict; None where there are none.

    In a ``readable`` text, a line of seven ``=`` or ``|`` alone may be a part of a string in quotes.
    """
    if readable and "<<<<<<<" not in text and ">>>>>>>" not in text:
        return None
    markers = list(_CONFLICT_MARKER.finditer(text))
    if not markers or (readable and all(marker[0][0] in "=|" for marker in markers)):
        return None
    first, more = markers[0], len(markers) - 1
    line = text.count("\n", 0, first.start()) + 1
    message = f"the file has the merge-conflict marker `{_shown(first[0].rstrip())}`"
    return SyntaxProblem("merge-conflict", message + (f" and {more} more" if more else ""), (line, 1))


def _shown(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[: _MAX_SHOWN_LENGTH - 1]}…"


def _control_character(error: ReaderError, text: str) -> SyntaxProblem:
    character = chr(error.character) if isinstance(error.character, int) else str(error.character)
    before = text[: max(text.find(character), 0)]
    position = before.count("\n") + 1, len(before) - before.rfind("\n")
    return SyntaxProblem(
        "yaml-encoding",
        f"the control character U+{ord(character):04X} is not allowed",
        position,
        "Remove the character; it is invisible in most editors.",
    )


def _explained(error: MarkedYAMLError, text: str) -> SyntaxProblem:
    place = _in_text(position_of(error.problem_mark), text)
    begin = _in_text(position_of(error.context_mark), text) if error.context_mark is not None else place
    problem, context = error.problem or "not valid YAML", error.context or ""
    if "cannot start any token" in problem:
        return _wrong_start(text, place)
    if "escape" in problem or "hexdecimal" in problem:
        return _wrong_escape(text, place)
    if "expected ':'" in problem:
        return _stray_line(text, begin)
    if "quoted scalar" in context and "end of" in problem:
        return SyntaxProblem("yaml-syntax", "the quote that opens here is never closed", begin, "Close the quote.")
    if "flow" in context:
        return _open_bracket(text, place, _last_open_bracket(text) or begin)
    if "'-' indicator" in problem:
        message = f"the list that starts on line {begin[0]} has an item without `- `"
        return SyntaxProblem("yaml-syntax", message, place, "Start each item with `- `, all indented alike.")
    return _other_problem(problem, context, place)


def _other_problem(problem: str, context: str, place: Position) -> SyntaxProblem:
    for words, message, help_text in _OTHER_PROBLEMS:
        if words in problem or words in context:
            return SyntaxProblem("yaml-syntax", message, place, help_text)
    return SyntaxProblem("yaml-syntax", "the text is not valid YAML from here on", place, _QUOTE_IT)


_NO_DIRECTIVES = "Remove the line: a definition needs no directives."
_NO_NAMES = "Remove it, or put quotes around a string that starts with `&`, `*` or `!`."
_KEY = "Check the indentation, and put quotes around a string that goes on after a closing quote."
_OTHER_PROBLEMS = (
    ("tab character", "a tab is used for indentation", "Indent with spaces."),
    (
        "mapping values are not allowed",
        "a `:` makes a key of what stands before it, and no key is possible here",
        f"{_QUOTE_IT} If a key is meant, check the indentation.",
    ),
    ("expected key", "a key is expected here", _KEY),
    ("<block end>", "a key is expected here", _KEY),
    ("directive", "a line that starts with `%` is a directive of YAML, and this one is not valid", _NO_DIRECTIVES),
    ("incompatible YAML", "the `%YAML` directive asks for another version of YAML than 1.1", _NO_DIRECTIVES),
    (
        "<document start>",
        "the document has ended, and more follows without `---`",
        "Remove what does not belong there.",
    ),
    ("tag", "`!` starts a tag, and this one is not valid", _NO_NAMES),
    ("anchor", "`&` starts an anchor, and no name follows", _NO_NAMES),
    ("alias", "`*` starts an alias, and no name follows", _NO_NAMES),
    ("block scalar", "only a digit from 1 to 9, `+`, `-` or a comment can follow `|` or `>`", "Begin the text below."),
    ("sequence entries", "an item of a list is not possible here", "Put the list on the lines below its key."),
    (
        "mapping keys",
        "a key is not possible here",
        "Put the key on a line of its own, indented like the keys around it.",
    ),
    ("node content", "a value is expected here", f"Write the value. {_QUOTE_IT}"),
    ("multiple values", "a second value stands here", _QUOTE_IT),
    ("document separator", "`---` or `...` stands inside a string in quotes", "Close the quote, or indent the line."),
)
"""Words of the parser -> what to say instead, and what to do."""


def _in_text(position: Position, text: str) -> Position:
    """Return the position, or the end of the text where the parser means a line after the last one."""
    lines = text.split("\n")
    return position if position[0] <= len(lines) else (len(lines), len(lines[-1]) + 1)


def _wrong_start(text: str, place: Position) -> SyntaxProblem:
    character = _line(text, place)[place[1] - 1 : place[1]]
    if character == "\t":
        return SyntaxProblem("yaml-syntax", "a tab is used for indentation", place, "Indent with spaces.")
    return SyntaxProblem("yaml-syntax", f"a string without quotes cannot start with `{character}`", place, _QUOTE_IT)


def _wrong_escape(text: str, place: Position) -> SyntaxProblem:
    line = _line(text, place)
    # The parser means the backslash itself, or the digits that are missing behind it.
    start = max(line.rfind("\\", 0, place[1]), 0)
    if half := _SURROGATE.match(line, start):
        return _half_of_a_pair(half, (place[0], start + 1))
    message = f"`{line[start : start + 2]}` starts no escape that YAML knows, or one with too few digits"
    help_text = "Write `\\\\` for a backslash, or use single quotes: between them it is a character like any other."
    return SyntaxProblem("yaml-syntax", message, (place[0], start + 1), help_text)


def _half_of_a_pair(half: re.Match[str], place: Position) -> SyntaxProblem:
    """Explain ``\\ud83d\\ude00``: JSON writes a character beyond U+FFFF as two escapes, YAML as itself or as one."""
    instead = "the escape of the whole character, `\\U` and eight digits"
    if half["low"]:
        instead = f"`\\U{0x10000 + (int(half['high'], 16) - 0xD800) * 0x400 + int(half['low'], 16) - 0xDC00:08X}`"
    message = f"`\\u{half['high'] or half['lone']}` is half of a surrogate pair, which JSON knows and YAML does not"
    return SyntaxProblem("yaml-syntax", message, place, f"Write the character itself, or {instead}.")


def _stray_line(text: str, place: Position) -> SyntaxProblem:
    stray = _line(text, place)[place[1] - 1 :].rstrip()
    message = (
        f"`{_shown(stray)}` is neither a key, for no `: ` follows, nor a list's item, for no `- ` stands before it"
    )
    help_text = "Add what is missing, or indent the line if it goes on with the text above it."
    return SyntaxProblem("yaml-syntax", message, place, help_text)


def _open_bracket(text: str, place: Position, bracket: Position) -> SyntaxProblem:
    help_text = "Close the bracket, or put quotes around the string."
    if place >= _end(text):
        return SyntaxProblem("yaml-syntax", "the bracket that opens here is never closed", bracket, help_text)
    message = f"a list or mapping in brackets opens on line {bracket[0]}, and a comma or its end is missing here"
    return SyntaxProblem("yaml-syntax", message, place, help_text)


def _last_open_bracket(text: str) -> Position | None:
    """Return where the innermost bracket that is not closed stands: the parser says only where it gave up."""
    brackets: list[Position | None] = []
    try:
        for event in events_of(text):
            if isinstance(event, yaml.CollectionEndEvent):
                brackets.pop()
            elif isinstance(event, yaml.CollectionStartEvent) and event.start_mark is not None:
                # `[a: 1]` holds a mapping that has no bracket of its own.
                bracketed = text[event.start_mark.index : event.start_mark.index + 1] in ("[", "{")
                brackets.append(position_of(event.start_mark) if bracketed else None)
    except yaml.YAMLError:
        return next((bracket for bracket in reversed(brackets) if bracket), None)
    return None


def _end(text: str) -> Position:
    """Return where the last line that holds something ends."""
    lines = text.rstrip().split("\n")
    return len(lines), len(lines[-1]) + 1


def _line(text: str, place: Position) -> str:
    lines = text.split("\n")
    return lines[place[0] - 1] if place[0] <= len(lines) else ""
