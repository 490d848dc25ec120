"""Questions to an author, asked on a terminal and answered by options elsewhere; those that all dialogues share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.new import dialogue_wording as wording
from metrics_dictionary.tools.near_misses import near_misses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from metrics_dictionary.dictionary.dictionary import Dictionary

    Check = Callable[[str], str | None]
    """Takes an answer and returns what is wrong with it, None where nothing is."""

TIERS = ("free", "premium", "ultimate")

_MILESTONE = re.compile(r"[0-9]+\.[0-9]+")
_URL = re.compile(r"https?://[^\s/]+\S*")


class Interview:
    """Gives each answer once: from the options, from the person, or from what is assumed.

    ``given`` is option name (``product_group``) -> what was said. Without a terminal nothing is asked: what has no
    answer is collected, and ``finish`` names all of it.
    """

    def __init__(self, given: Mapping[str, object], *, on_terminal: bool, echo: Callable[[str], None]) -> None:
        self._given = given
        self.on_terminal = on_terminal
        self.say = echo
        self._missing: list[str] = []

    def text(self, option: str, question: str, *, default: str | None = None, check: Check | None = None) -> str:
        """Return one line of text; ``check`` returns what is wrong with an answer."""
        given = self._given.get(option)
        if isinstance(given, str):
            self._refuse(option, given, check)
            return given
        if not self.on_terminal:
            return self._assumed(option, default)
        while True:
            answer = str(click.prompt(question, default=default, type=str)).strip()
            problem = wording.EMPTY if not answer else check(answer) if check is not None else None
            if problem is None:
                return answer
            self.say(problem)

    def one_of(self, option: str, question: str, choices: Mapping[str, str], *, default: str) -> str:
        """Return one of the choices, which are value -> explanation."""
        given = self._given.get(option)
        if isinstance(given, str) or not self.on_terminal:
            return given if isinstance(given, str) else default
        self._list(choices)
        while True:
            answer = click.prompt(question, default=default, type=str).strip()
            chosen = _chosen(answer, list(choices))
            if chosen is not None:
                return chosen
            self.say(wording.NOT_A_CHOICE.format(answer=answer))

    def several_of(
        self, option: str, question: str, choices: Mapping[str, str], *, default: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return some of the choices in their own order; an empty answer on a terminal means the default."""
        given = self._given.get(option)
        if isinstance(given, tuple) and given:
            return tuple(choice for choice in choices if choice in given)
        if not self.on_terminal:
            return default
        self._list(choices)
        while True:
            answer = click.prompt(question, default=", ".join(default) or wording.NONE, type=str)
            words = [word.strip() for word in answer.split(",") if word.strip()]
            if words == [wording.NONE]:
                return ()
            chosen = [_chosen(word, list(choices)) for word in words]
            if chosen and None not in chosen:
                return tuple(choice for choice in choices if choice in chosen)
            self.say(wording.NOT_A_CHOICE.format(answer=answer))

    def yes(self, question: str) -> bool:
        """Return whether the person agrees; without a terminal nobody disagrees."""
        return not self.on_terminal or click.confirm(question, default=True)

    def given(self, option: str) -> object:
        """Return what an option says, None or empty where it was not used."""
        return self._given.get(option)

    def lacks(self, option: str) -> None:
        """Note that an option is needed, because there is nobody to ask."""
        self._missing.append(option)

    def finish(self) -> None:
        """Raise click.UsageError when answers are missing; it names all of them."""
        if self._missing:
            options = ", ".join(_flag(option) for option in dict.fromkeys(self._missing))
            raise click.UsageError(wording.MISSING.format(options=options))

    def _assumed(self, option: str, default: str | None) -> str:
        if default is None:
            self.lacks(option)
        return default or ""

    def _refuse(self, option: str, given: str, check: Check | None) -> None:
        problem = wording.EMPTY if not given.strip() else check(given) if check is not None else None
        if problem is not None:
            raise click.BadParameter(problem, param_hint=_flag(option))

    def _list(self, choices: Mapping[str, str]) -> None:
        for number, (value, explanation) in enumerate(choices.items(), start=1):
            self.say(f"  {number}. {value}" + (f"  {explanation}" if explanation else ""))


def ask_owner(interview: Interview, dictionary: Dictionary, default: str | None) -> str:
    """Return the product group; one that the root does not know is refused."""
    groups = dictionary.product_groups

    def check(name: str) -> str | None:
        if groups is None or name in groups:
            return None
        close = near_misses(name, groups)
        hint = f" Close: {', '.join(close)}." if close else ""
        return wording.OWNER_UNKNOWN.format(name=name, hint=hint)

    known = default if default is not None and check(default) is None else None
    return interview.text("product_group", wording.OWNER, default=known, check=check)


def ask_milestone(interview: Interview) -> str:
    """Return the version."""
    return interview.text(
        "milestone",
        wording.MILESTONE,
        check=lambda text: None if _MILESTONE.fullmatch(text) else wording.MILESTONE_FORM,
    )


def ask_url(interview: Interview) -> str:
    """Return the URL of the change."""
    return interview.text("url", wording.URL, check=lambda text: None if _URL.fullmatch(text) else wording.URL_FORM)


def ask_tiers(interview: Interview, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return the subscription tiers, at least one."""
    known = tuple(tier for tier in TIERS if tier in default) or TIERS
    while True:
        chosen = interview.several_of("tier", wording.TIERS, dict.fromkeys(TIERS, ""), default=known)
        if chosen:
            return chosen
        interview.say(wording.EMPTY)


def pairs(given: tuple[str, ...], option: str, form: str) -> dict[str, str]:
    """Return NAME=TEXT as a mapping; raises click.BadParameter for anything else."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.BadParameter(form.format(text=text), param_hint=option)
        found[name.strip()] = value.strip()
    return found


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")


def _chosen(answer: str, choices: Collection[str]) -> str | None:
    """Return the choice that an answer names by its number or by itself."""
    values = list(choices)
    if answer in values:
        return answer
    return values[int(answer) - 1] if answer.isdecimal() and 1 <= int(answer[:9]) <= len(values) else None
