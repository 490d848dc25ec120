"""How an author comes to an event: the questions, in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.new import dialogue_wording as wording
from metrics_dictionary.authoring.new.drafts import EventDraft
from metrics_dictionary.authoring.new.event_search import found, show
from metrics_dictionary.authoring.new.interview import ask_milestone, ask_owner, ask_tiers, ask_url, pairs

if TYPE_CHECKING:
    from metrics_dictionary.authoring.new.interview import Interview
    from metrics_dictionary.dictionary.dictionary import Dictionary

_ACTION = re.compile(r"[a-z0-9_]+")
_BUILT_IN = ("label", "property", "value")


def event_dialogue(interview: Interview, dictionary: Dictionary) -> EventDraft:
    """Ask for an event; raises click.UsageError when nobody can be asked and answers are missing."""
    action = _choose_action(interview, dictionary)
    _show_similar(interview, dictionary, action)
    draft = EventDraft(
        action=action,
        description=interview.text("description", wording.EVENT_DESCRIPTION),
        identifiers=_choose_identifiers(interview),
        properties=_choose_properties(interview),
        product_group=ask_owner(interview, dictionary, None),
        milestone=ask_milestone(interview),
        introduced_by_url=ask_url(interview),
        tiers=ask_tiers(interview, ()),
    )
    interview.finish()
    return draft


def _choose_action(interview: Interview, dictionary: Dictionary) -> str:
    def check(action: str) -> str | None:
        if not _ACTION.fullmatch(action):
            return wording.ACTION_FORM
        taken = dictionary.named_events.get(action)
        if taken is not None and taken.is_internal:  # an event of another kind may have the action as well
            return wording.ACTION_TAKEN.format(action=action, file=taken.file_path)
        return None

    return interview.text("action", wording.ACTION, check=check)


def _show_similar(interview: Interview, dictionary: Dictionary, action: str) -> None:
    """Show events with a word of the name in common; the person may find that the event exists already."""
    if not interview.on_terminal:
        return
    words = sorted(action.split("_"), key=len, reverse=True)[:2]
    similar = found(dictionary, " ".join(words)) or (found(dictionary, words[0]) if len(words[0]) > 3 else [])
    if similar:
        interview.say(wording.SIMILAR_EVENTS)
        show(interview, similar)
        if not interview.yes(wording.STILL_NEW):
            raise click.Abort


def _choose_identifiers(interview: Interview) -> tuple[str, ...]:
    choices = wording.IDENTIFIER_CHOICES
    return interview.several_of("identifier", wording.IDENTIFIERS, choices, default=tuple(choices))


def _choose_properties(interview: Interview) -> dict[str, str]:
    given = interview.given("property")
    if isinstance(given, tuple) and given:
        return _in_order(pairs(given, "--property", wording.PROPERTY_FORM))
    properties: dict[str, str] = {}
    while interview.on_terminal:
        name = str(click.prompt(wording.PROPERTY_NAME, default=wording.NONE, type=str)).strip()
        if name == wording.NONE:
            break
        if not _ACTION.fullmatch(name):
            interview.say(wording.ACTION_FORM)
            continue
        question = wording.PROPERTY_DESCRIPTION.format(name=name)
        properties[name] = interview.text(f"property_{name}", question)
    return _in_order(properties)


def _in_order(properties: dict[str, str]) -> dict[str, str]:
    """Put the built-in properties first, as the guide does."""
    return {name: properties[name] for name in sorted(properties, key=_rank)}


def _rank(name: str) -> int:
    return _BUILT_IN.index(name) if name in _BUILT_IN else len(_BUILT_IN)
