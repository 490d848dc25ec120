"""How an author comes to a metric: the questions, in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.new import dialogue_wording as wording
from metrics_dictionary.authoring.new.drafts import MetricDraft, key_path_for
from metrics_dictionary.authoring.new.event_search import choose_events
from metrics_dictionary.authoring.new.interview import ask_milestone, ask_owner, ask_tiers, ask_url, pairs
from metrics_dictionary.dictionary.selection_rule import IDENTIFIERS
from metrics_dictionary.reading.scalars import UnsupportedScalarError, plain_scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics_dictionary.authoring.new.interview import Check, Interview
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition

    Filters = dict[str, str | int | float]

_KEY_PATH = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")


def metric_dialogue(interview: Interview, dictionary: Dictionary) -> MetricDraft:
    """Ask for a metric over events; raises click.UsageError when nobody can be asked and answers are missing."""
    events = choose_events(interview, dictionary)
    unique, operator = _choose_counting(interview, events)
    filters = _choose_filters(interview, events)
    time_frames = _choose_time_frames(interview, unique)
    draft = MetricDraft(
        key_path=_choose_key_path(interview, dictionary, _proposed(events, unique, operator, filters, time_frames)),
        description=interview.text("description", wording.METRIC_DESCRIPTION),
        product_group=ask_owner(interview, dictionary, events[0].product_group if events else None),
        data_category=interview.one_of("data_category", wording.CATEGORY, wording.CATEGORIES, default="optional"),
        tiers=ask_tiers(interview, events[0].tiers if events else ()),
        milestone=ask_milestone(interview),
        introduced_by_url=ask_url(interview),
        time_frames=time_frames,
        events=tuple(event.action for event in events),
        unique=unique,
        operator=operator,
        filters=filters,
    )
    interview.finish()
    _check_places(draft, dictionary)
    return draft


def _choose_counting(interview: Interview, events: Sequence[EventDefinition]) -> tuple[str | None, str | None]:
    """Return what is distinct and how values are put together; both None where every occurrence counts."""
    shared = _shared_properties(events)
    choices = {
        name: meaning
        for name, meaning in wording.COUNTINGS.items()
        if name == wording.COUNT_TOTAL
        or (name == wording.COUNT_SUM and "value" in shared)
        or (name in IDENTIFIERS and all(IDENTIFIERS[name] in event.identifiers for event in events))
    }
    choices |= {name: wording.COUNT_PROPERTY for name in shared if name in ("label", "property", "value")}
    given = interview.given("count")
    if isinstance(given, str) and given not in choices and events:
        raise click.BadParameter(f"{given!r} is not one of {', '.join(choices)}", param_hint="--count")
    chosen = interview.one_of("count", wording.COUNTING, choices, default=wording.COUNT_TOTAL)
    if chosen == wording.COUNT_TOTAL:
        return None, None
    return (None, chosen) if chosen == wording.COUNT_SUM else (chosen, None)


def _choose_filters(interview: Interview, events: Sequence[EventDefinition]) -> Filters:
    shared = _shared_properties(events)
    given = interview.given("filter")
    if isinstance(given, tuple) and given:
        return {name: _filter_value(name, text) for name, text in _given_filters(given, events, shared).items()}
    if not interview.on_terminal or not shared:
        return {}
    names = interview.several_of("filter", wording.FILTERS, shared, default=())
    return {
        name: _filter_value(
            name,
            interview.text(f"filter_{name}", wording.FILTER_VALUE.format(name=name), check=_number_check(name)),
        )
        for name in names
    }


def _given_filters(
    given: tuple[str, ...], events: Sequence[EventDefinition], shared: Mapping[str, str]
) -> dict[str, str]:
    filters = pairs(given, "--filter", wording.FILTER_FORM)
    for name, text in filters.items():
        if events and name not in shared:
            properties = ", ".join(shared) or "none"
            problem = wording.FILTER_UNKNOWN.format(event=events[0].action, name=name, properties=properties)
            raise click.BadParameter(problem, param_hint="--filter")
        check = _number_check(name)
        if check is not None and (wrong := check(text)) is not None:
            raise click.BadParameter(wrong, param_hint="--filter")
    return filters


def _choose_time_frames(interview: Interview, unique: str | None) -> tuple[str, ...]:
    choices = dict(wording.TIME_FRAME_CHOICES)
    if unique is not None:
        given = interview.given("time_frame")
        if isinstance(given, tuple) and "all" in given:
            raise click.BadParameter(wording.DISTINCT_NOT_OVER_ALL_TIME, param_hint="--time-frame")
        del choices["all"]
    while True:
        chosen = interview.several_of("time_frame", wording.TIME_FRAMES, choices, default=tuple(choices))
        if chosen:
            return chosen
        interview.say(wording.EMPTY)


def _proposed(
    events: Sequence[EventDefinition],
    unique: str | None,
    operator: str | None,
    filters: Filters,
    time_frames: tuple[str, ...],
) -> str:
    if not events:
        return ""
    name = "_or_".join(event.action for event in events)
    return key_path_for(name, unique, operator, filters, time_frames)


def _choose_key_path(interview: Interview, dictionary: Dictionary, proposed: str) -> str:
    def check(key_path: str) -> str | None:
        if not _KEY_PATH.fullmatch(key_path):
            return wording.KEY_PATH_FORM
        return _taken((key_path,), dictionary)

    return interview.text("key_path", wording.KEY_PATH, default=proposed, check=check)


def _check_places(draft: MetricDraft, dictionary: Dictionary) -> None:
    """Raise click.UsageError when the payload has something else at one of the key paths."""
    problem = _taken(draft.key_paths, dictionary)
    if problem is not None:
        raise click.UsageError(problem)


def _taken(key_paths: Sequence[str], dictionary: Dictionary) -> str | None:
    for key_path in key_paths:
        if key_path in dictionary.expanded:
            file = dictionary.expanded[key_path].file_path
            return wording.KEY_PATH_TAKEN.format(key_path=key_path, file=file)
        for other, metric in dictionary.expanded.items():
            if not metric.removed and (other.startswith(f"{key_path}.") or key_path.startswith(f"{other}.")):
                return wording.KEY_PATH_ABOVE.format(key_path=key_path, other=other)
    return None


def _shared_properties(events: Sequence[EventDefinition]) -> dict[str, str]:
    """Return property -> description, for the properties that every one of the events has."""
    if not events:
        return {}
    first, *others = events
    return {
        name: description
        for name, description in first.additional_properties.items()
        if all(name in event.additional_properties for event in others)
    }


def _filter_value(name: str, text: str) -> str | int | float:
    number = _number(text) if name == "value" else None
    return text if number is None else number


def _number_check(name: str) -> Check | None:
    if name != "value":
        return None
    return lambda text: wording.FILTER_NUMBER if _number(text) is None else None


def _number(text: str) -> int | float | None:
    try:
        value = plain_scalar(text)
    except UnsupportedScalarError:
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
