"""The questions that metrics and events share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.new import dialogue_wording as wording
from metrics_dictionary.tools.near_misses import near_misses

if TYPE_CHECKING:
    from metrics_dictionary.authoring.new.interview import Interview
    from metrics_dictionary.dictionary.dictionary import Dictionary

TIERS = ("free", "premium", "ultimate")

_MILESTONE = re.compile(r"[0-9]+\.[0-9]+")
_URL = re.compile(r"https?://[^\s/]+\S*")


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
