"""Finding the event that is meant: by its name, by words of its name and description, by a near miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.new import dialogue_wording as wording
from metrics_dictionary.tools.near_misses import near_misses
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from metrics_dictionary.authoring.new.interview import Interview
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition

SHOWN = 10
"""How many events a search shows."""


def choose_events(interview: Interview, dictionary: Dictionary) -> tuple[EventDefinition, ...]:
    """Return the events that are counted; empty only where nobody can be asked and none is given."""
    given = interview.given("event")
    if isinstance(given, tuple) and given:
        return tuple(_known(str(name), dictionary) for name in dict.fromkeys(given))
    if not interview.on_terminal:
        interview.lacks("event")
        return ()
    return (_searched(interview, dictionary),)


def found(dictionary: Dictionary, words: str) -> list[EventDefinition]:
    """Return the live events whose name or description has all the words, those with a fitting name first."""
    wanted = words.lower().replace("_", " ").split()
    hits: list[tuple[bool, EventDefinition]] = []
    for event in dictionary.named_events.values():
        name = event.action.replace("_", " ")
        everything = f"{name} {event.description.lower()}"
        if not event.removed and wanted and all(word in everything for word in wanted):
            hits.append((not all(word in name for word in wanted), event))
    return [event for _, event in sorted(hits, key=lambda hit: (hit[0], hit[1].action))]


def show(interview: Interview, events: list[EventDefinition]) -> None:
    """List events with a number and the beginning of their description."""
    for number, event in enumerate(events[:SHOWN], start=1):
        gist = " ".join(printable(event.description).split())
        interview.say(f"  {number}. {event.action}  {gist[:70]}{'…' if len(gist) > 70 else ''}")
    if len(events) > SHOWN:
        interview.say(wording.EVENT_MORE.format(number=len(events) - SHOWN))


def _known(name: str, dictionary: Dictionary) -> EventDefinition:
    event = dictionary.named_events.get(name)
    if event is None:
        close = near_misses(name, dictionary.named_events)
        hint = f"; close: {', '.join(close)}" if close else ""
        raise click.BadParameter(wording.EVENT_MISSING.format(name=name) + hint, param_hint="--event")
    if event.removed:
        raise click.BadParameter(wording.EVENT_REMOVED.format(name=name), param_hint="--event")
    return event


def _searched(interview: Interview, dictionary: Dictionary) -> EventDefinition:
    hits: list[EventDefinition] = []
    while True:
        answer = str(click.prompt(wording.EVENT_FOUND if hits else wording.EVENT_SEARCH, type=str)).strip()
        exact = dictionary.named_events.get(answer)
        if exact is not None and not exact.removed:
            return exact
        if answer.isdecimal() and 1 <= int(answer[:9]) <= min(len(hits), SHOWN):
            return hits[int(answer) - 1]
        hits = found(dictionary, answer)
        show(interview, hits)
        if not hits:
            close = near_misses(answer, dictionary.named_events)
            interview.say(wording.EVENT_SIMILAR.format(names=", ".join(close)) if close else wording.EVENT_UNKNOWN)
