"""The words that people read: what `CONTRIBUTING.md` says under "Words", as far as a regular expression can tell."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "generator" / "metrics_dictionary"

WORDS = {
    r"\w*(?:col|behavi|fav|hon|neighb|lab|rum|flav)our(?!ce|se|n)\w*": "-or: color, behavior",
    r"licences?|centres?|metres?|fibres?|defences?|offences?|artefacts?|programmes?|catalogues?|judgements?|grey": (
        "the American spelling"
    ),
    r"\w*(?:organ|recogn|normal|initial|serial|summar|custom|optim|util|author|minim|maxim|categor|synchron|memor"
    r"|special|general|emphas|capital|visual|local|priorit|random|standard|token|anonym)is(?:e[sd]?|ing|ation)s?": (
        "-ize: normalize"
    ),
    r"(?:analys|paralys|catalys)(?:e|es|ed|ing)": "-yze: analyze",
    r"\w*(?:cancel|label|model|travel|signal|channel|level)l(?:ed|ing|ers?)": "one l: canceled, labeled",
    r"whilst|amongst|learnt|spelt|burnt|fulfil|enrol|skilful|towards|afterwards|backwards": "the American form",
    r"(?<!there )(?:is|are|was|were|be) no (?!(?:longer|more|fewer|less|later|earlier|such)\b)\w+": "'is not a ...'",
    r"(?<!there )(?:is|are|be) none": "'is not one of', 'does not exist'",
    r"(?:an?|empty) text|texts": "'a string', as JSON says",
    r"told|whoever|whomever|whatsoever|wherein|therein|thereof|thereby|whereby|hence|thus|shall|lest|whence|anew": (
        "plain words of today"
    ),
    r"for ever|all the same|from where|from which on|is to be|are to be|mend(?:s|ed|ing)?": "plain words of today",
    r"(?<!part )(?<!all )(?<!one )(?<!out )of it": "the noun",
}
"""Pattern of whole words, in any case -> what to write instead."""

PATTERNS = {re.compile(rf"\b(?:{words})\b", re.IGNORECASE): instead for words, instead in WORDS.items()}

CODE_BLOCK = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"``[^`]+``|`[^`]+`|\]\([^)]*\)")
JS_STRING = re.compile(r"""(["'`])((?:\\.|(?!\1)[^\\\n])* (?:\\.|(?!\1)[^\\\n])*)\1""")

PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


def messages(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string with a blank, and of the docstrings that `--help` prints.

    Placeholders of an f-string become ``{}``.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
            parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.FunctionDef) and any(map(_is_command, node.decorator_list)):
            yield node.lineno, ast.get_docstring(node) or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value if " " in node.value else ""


def _is_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")


def descriptions(file: Path) -> Iterator[tuple[int, str]]:
    """Yield what a schema says in words."""

    def words(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            for name, value in node.items():
                yield from (
                    [value] if name in ("description", "errorMessage", "title") and isinstance(value, str) else ()
                )
                yield from words(value)
        elif isinstance(node, list):
            for item in node:
                yield from words(item)

    yield from ((0, text) for text in words(json.loads(file.read_text(encoding="utf-8"))))


def prose(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page, without code."""
    text = file.read_text(encoding="utf-8")
    text = CODE_BLOCK.sub(lambda found: "\n" * found.group().count("\n"), text)
    yield from enumerate((CODE.sub("``", line) for line in text.split("\n")), start=1)


def lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a template as they are."""
    yield from enumerate(file.read_text(encoding="utf-8").split("\n"), start=1)


def script_strings(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a script that hold more than one word."""
    for number, line in lines(file):
        yield from (
            (number, PLACEHOLDER.sub("{}", found[2])) for found in JS_STRING.finditer(line) if "this." not in found[2]
        )


PLACES = [
    pytest.param(messages, PACKAGE, "*.py", id="messages, help and prompts"),
    pytest.param(descriptions, PACKAGE, "*.json", id="schemas"),
    pytest.param(prose, REPOSITORY / "site_src", "*.md", id="guides"),
    pytest.param(prose, REPOSITORY, "*.md", id="the project's own pages"),
    pytest.param(lines, REPOSITORY / "templates", "*.*", id="templates"),
    pytest.param(script_strings, REPOSITORY / "site_src", "*.js", id="scripts"),
]


@pytest.mark.parametrize(("strings", "folder", "names"), PLACES)
def test_every_word_is_plain_american_english(
    strings: Callable[[Path], Iterator[tuple[int, str]]], folder: Path, names: str
) -> None:
    files = sorted(folder.glob(names) if folder == REPOSITORY else folder.rglob(names))
    assert files
    wrong = [
        f"{file.relative_to(REPOSITORY)}:{number}: {instead}, in {text[max(0, found.start() - 40) :][:90]!r}"
        for file in files
        for number, text in strings(file)
        for pattern, instead in PATTERNS.items()
        for found in pattern.finditer(text)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *("the colour", "its behaviour", "a licence", "is normalised", "was cancelled", "analyse it", "labelled"),
        *("`x` is no number", "it must be a text", "two texts", "which nobody told", "5 is none of these", "mends it"),
    ],
)
def test_the_patterns_find_what_they_are_for(wrong: str) -> None:
    assert any(pattern.search(wrong) for pattern in PATTERNS)


@pytest.mark.parametrize(
    "right",
    [
        *(
            "four hours",
            "is no longer there",
            "there is no event `a`",
            "there is none",
            "an analysis",
            "is not a number",
        ),
        *("a promise", "excellent", "the text of a field", "its course", "exercise", "otherwise", "advised"),
    ],
)
def test_the_patterns_leave_good_words_alone(right: str) -> None:
    assert not [pattern.pattern for pattern in PATTERNS if pattern.search(right)]
