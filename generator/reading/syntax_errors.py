"""The parser's errors in the words of somebody who writes definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from generator.reading.positions import Position, position_of

if TYPE_CHECKING:
    from yaml import YAMLError

_QUOTE_IT = "Put the whole text in quotes."


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """What is wrong with a text and where; ``help`` is empty where the rule's own help is good enough."""

    rule: str
    message: str
    position: Position
    help: str = ""


def syntax_problem(error: YAMLError, text: str) -> SyntaxProblem:
    """Explain why a text could not be parsed."""
    if isinstance(error, ReaderError):
        return _control_character(error, text)
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return _explained(error, text)
    return SyntaxProblem("yaml-syntax", str(error).splitlines()[0], (1, 1))


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
    if "tab character" in problem:
        return SyntaxProblem("yaml-syntax", "a tab is used for indentation", place, "Indent with spaces.")
    if "mapping values are not allowed" in problem:
        message = "a `:` makes a key of what stands before it, and no key is possible here"
        return SyntaxProblem("yaml-syntax", message, place, f"{_QUOTE_IT} If a key is meant, check the indentation.")
    if "quoted scalar" in context and "end of" in problem:
        return SyntaxProblem("yaml-syntax", "the quote that opens here is never closed", begin, "Close the quote.")
    if "flow" in context:
        message = f"a list or mapping in brackets opens on line {begin[0]}, and a comma or its end is missing here"
        return SyntaxProblem("yaml-syntax", message, place, "Close the bracket, or put quotes around the text.")
    if "expected key" in problem or "<block end>" in problem:
        help_text = "Check the indentation, and put quotes around a text that has more after a closing quote."
        return SyntaxProblem("yaml-syntax", "a key is expected here", place, help_text)
    if "'-' indicator" in problem:
        message = f"the list that starts on line {begin[0]} has an item without `- `"
        return SyntaxProblem("yaml-syntax", message, place, "Start each item with `- `, all indented alike.")
    return SyntaxProblem("yaml-syntax", f"{context}: {problem}" if context else problem, place)


def _in_text(position: Position, text: str) -> Position:
    """Return the position, or the end of the text where the parser means a line after the last one."""
    lines = text.split("\n")
    return position if position[0] <= len(lines) else (len(lines), len(lines[-1]) + 1)


def _wrong_start(text: str, place: Position) -> SyntaxProblem:
    lines = text.split("\n")
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    character = line[place[1] - 1 : place[1]]
    if character == "\t":
        return SyntaxProblem("yaml-syntax", "a tab is used for indentation", place, "Indent with spaces.")
    return SyntaxProblem("yaml-syntax", f"a text without quotes cannot start with `{character}`", place, _QUOTE_IT)
