"""An occurrence of an event, as a client reported it and as far as it can be trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from metrics_dictionary.dictionary.definition import MAX_NAME_LENGTH
from metrics_dictionary.dictionary.selection_rule import BUILT_IN_PROPERTIES
from metrics_dictionary.events.event_errors import InvalidEventsError, described, quoted
from metrics_dictionary.tools.near_misses import near_misses

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from metrics_dictionary.events.event_errors import EventErrors

MAX_STRING_LENGTH = 1_000
"""How many characters a string may have: what the collector keeps of a label."""

MAX_NUMBER = 10**18
"""How far from zero a number may be: sums of such numbers stay finite, and nothing that is counted comes near."""

MAX_IDENTIFIER = 2**63 - 1

NO_PROPERTIES = frozenset(BUILT_IN_PROPERTIES)
"""What every event may have, without a declaration."""

MAX_UNDECLARED = 50
"""Different names in a request that are unknown: properties that its events do not declare, and keys that no call has.

With more of them nothing is read.
"""

EVENT_KEYS = frozenset(
    (
        *("event", "id", "send_to_snowplow", "namespace_id", "project_id", "project_path", "occurred_at"),
        "additional_properties",
    )
)
"""What an event may say."""

UNDECLARED = "undeclared"
UNKNOWN_KEY = "unknown_key"
REPEATED_KEY = "repeated_key"
UNKNOWN_PROJECT = "unknown_project"
"""Why something that a client said does not count."""

_LONGEST_MOMENT = 40

_DIGITS = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")

UUID_PATTERN = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-8][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$"
"""As RFC 9562 writes a UUID. The nil UUID is a client's mistake: its events would be taken for one."""

_UUID = re.compile(UUID_PATTERN)

_BOOLEANS: Mapping[object, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event that happened. Identifiers are positive; ``properties`` holds strings and finite numbers.

    ``id`` is the 16 bytes of the UUID that its client gave it: with it the event can be reported again. ``occurred_at``
    is when it happened, with a zone, where its client says that; otherwise it happens when it is reported.
    """

    event: str
    user: int | None
    namespace: int | None
    project: int | None
    properties: Mapping[str, str | float]
    to_collector: bool
    id: bytes | None = None
    occurred_at: datetime | None = None


class LeftOut(NamedTuple):
    """What a client said and what does not count.

    ``path`` is where it stands in the body, as a JSON path; ``name`` is its last key, ``reason`` one of those above.
    """

    path: str
    event: str
    name: str
    reason: str = UNDECLARED


class BodyReader:
    """Reads the bodies of a request and notes all that is wrong with them in ``errors``.

    ``declared`` maps each event that has a definition to its properties, built-in ones included, and ``protected`` to
    those that are dropped unseen: only extra trackers, which we have none of, may see them. Any other property is left
    out and listed in ``left_out``, or an error with ``reject_undeclared``; so are keys that no event has, which are
    never an error. ``project_ids`` maps a project's path in lower case to its id. In a ``form`` every value is a
    string, from which numbers are read. Raises InvalidEventsError when there is too much to look at.
    """

    def __init__(
        self,
        declared: Mapping[str, frozenset[str]],
        errors: EventErrors,
        *,
        form: bool,
        reject_undeclared: bool = False,
        protected: Mapping[str, frozenset[str]] = MappingProxyType({}),
        project_ids: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.left_out: list[LeftOut] = []
        self._project_ids = project_ids
        self._declared = declared
        self._protected = protected
        self._errors = errors
        self._form = form
        self._reject_undeclared = reject_undeclared
        self._unknown_names: set[str] = set()

    def occurrence(self, body: object, place: str, user: int | None) -> Occurrence | None:
        """Read a body; ``place`` is what stands before its keys in an error. None when it does not name an event."""
        if not isinstance(body, dict):
            subject = place.removesuffix(".") or "the body"
            self._errors.invalid(f'{subject}: must be an object with the key "event", found {described(body)}')
            return None
        event = self._event(body.get("event"), place)
        if not body.keys() <= EVENT_KEYS:
            self.note_unknown_keys(body.keys(), EVENT_KEYS, place, event)
        namespace = self._identifier(body.get("namespace_id"), place, "namespace_id")
        project = self._identifier(body.get("project_id"), place, "project_id")
        if "project_path" in body:
            named = self._project(body["project_path"], place, event, is_needed=project is None)
            project = named if project is None else project
        occurrence = Occurrence(
            event=event or "",
            user=user,
            namespace=namespace,
            project=project,
            properties=self._properties(body.get("additional_properties"), place, event),
            to_collector=self._boolean(body.get("send_to_snowplow"), place, "send_to_snowplow"),
            id=self.id(body.get("id"), place),
            occurred_at=self._moment(body.get("occurred_at"), place),
        )
        return None if event is None else occurrence

    def id(self, value: object, place: str = "") -> bytes | None:
        """Read the id of an event."""
        if value is None:
            return None
        if isinstance(value, str) and _UUID.fullmatch(value):
            return bytes.fromhex(value.replace("-", ""))
        self._errors.invalid(f"{place}id: must be a UUID of version 1 to 8, found {described(value)}")
        return None

    def _moment(self, value: object, place: str) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str) and len(value) <= _LONGEST_MOMENT and "T" in value:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                moment = None
            if moment is not None and moment.tzinfo is not None:
                return moment
        example = "a time in ISO 8601 with a zone, such as 2026-01-31T09:30:00Z"
        self._errors.invalid(f"{place}occurred_at: must be {example}, found {described(value)}")
        return None

    def _event(self, value: object, place: str) -> str | None:
        if isinstance(value, str) and value:
            return value
        if value is None:
            self._errors.invalid(f"{place}event is missing")
        else:
            self._errors.invalid(f"{place}event: must be the name of an event, found {described(value)}")
        return None

    def _identifier(self, value: object, place: str, key: str) -> int | None:
        if value is None:
            return None
        number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MAX_IDENTIFIER:
            return number or None  # 0 is what clients in Go send for none
        limit = f" up to {MAX_IDENTIFIER}" if isinstance(number, int) and number > MAX_IDENTIFIER else ""
        self._errors.invalid(f"{place}{key}: must be a whole number{limit}, 0 for none, found {described(value)}")
        return None

    def _project(self, value: object, place: str, event: str | None, *, is_needed: bool) -> int | None:
        """Return the id of the project with this path, which GitLab compares without case."""
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self._errors.invalid(f"{place}project_path: must be a string, found {described(value)}")
            return None
        found = self._project_ids.get(value.lower())
        if found is None and is_needed:
            self.left_out.append(LeftOut(f"{place}project_path", event or "", "project_path", UNKNOWN_PROJECT))
        return found

    def _boolean(self, value: object, place: str, key: str) -> bool:
        if isinstance(value, bool):
            return value
        if value is None:
            return False
        if isinstance(value, str) and value in _BOOLEANS:
            return _BOOLEANS[value]
        self._errors.invalid(f"{place}{key}: must be true or false, found {described(value)}")
        return False

    def _properties(self, value: object, place: str, event: str | None) -> dict[str, str | float]:
        if value is None:
            return {}
        place = f"{place}additional_properties"
        if not isinstance(value, dict):
            self._errors.invalid(f"{place}: must be an object, found {described(value)}")
            return {}
        declared = self._declared.get(event or "")
        known = NO_PROPERTIES if declared is None else declared
        protected: frozenset[str] = frozenset()
        if not value.keys() <= known:
            protected = self._protected.get(event or "", protected)
            self._count_unknown(value.keys() - protected, known)
        properties: dict[str, str | float] = {}
        for name, given in value.items():
            if name in known:
                if given is not None and (read := self._property(name, given, place)) is not None:
                    properties[name] = read
            elif name in protected:
                continue
            elif len(name) > MAX_NAME_LENGTH:
                self._note_long_name(name, f"{place}.")
            elif event is not None and declared is not None:
                self._note_undeclared(name, place, event, known)
        return properties

    def note_unknown_keys(self, keys: Collection[str], known: frozenset[str], place: str, event: str | None) -> None:
        """Note the keys of an object that are not known."""
        self._count_unknown(keys, known)
        for name in keys:
            if name in known:
                continue
            if len(name) > MAX_NAME_LENGTH:
                self._note_long_name(name, place)
            else:
                self.left_out.append(LeftOut(f"{place}{name}", event or "", name, UNKNOWN_KEY))

    def _note_long_name(self, name: str, place: str) -> None:
        found = f"the name has {len(name):,} characters; at most {MAX_NAME_LENGTH} are allowed"
        self._errors.invalid(f"{place}{_bare(name)}: {found}")

    def _count_unknown(self, names: Collection[str], known: frozenset[str]) -> None:
        """Refuse a request with many names that nobody knows, before any of them is looked at."""
        if len(names) <= MAX_UNDECLARED + len(known):
            self._unknown_names.update(set(names) - known)
            if len(self._unknown_names) <= MAX_UNDECLARED:
                return
        raise InvalidEventsError(
            (f"a request may have at most {MAX_UNDECLARED} names of properties and keys that are unknown",)
        )

    def _note_undeclared(self, name: str, place: str, event: str, known: frozenset[str]) -> None:
        if not self._reject_undeclared:
            self.left_out.append(LeftOut(f"{place}.{name}", event, name))
            return
        ordered = (*BUILT_IN_PROPERTIES, *sorted(known.difference(BUILT_IN_PROPERTIES)))
        close = self._errors.suggestion(name, event, partial(near_misses, candidates=ordered))
        others = close or f"; its properties are {', '.join(ordered)}"
        self._errors.invalid(f"{place}.{_bare(name)}: is not a property of the event {quoted(event)}{others}")

    def _property(self, name: str, value: object, place: str) -> str | float | None:
        """Return the value when the property may have it."""
        if name == "value" and self._form and isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = _number(value)
        if isinstance(value, str) and name != "value":
            wrong = None if len(value) <= MAX_STRING_LENGTH and _is_unicode(value) else _string_error(value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and name not in ("label", "property"):
            within = -MAX_NUMBER <= value <= MAX_NUMBER
            wrong = None if within else f"must be a number from -1e18 to 1e18, found {described(value)}"
        else:
            wrong = f"must be {_EXPECTED.get(name, 'a string or a number')}, found {described(value)}"
        if wrong is None:
            return value  # type: ignore[return-value] # one of the first two cases
        self._errors.invalid(f"{place}.{_bare(name)}: {wrong}")
        return None


_EXPECTED = {"label": "a string", "property": "a string", "value": "a number"}


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _is_unicode(text: str) -> bool:
    """Whether a string can be stored: JSON may escape half of a surrogate pair, which is not a character."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _string_error(text: str) -> str:
    if len(text) > MAX_STRING_LENGTH:
        return f"must be a string of at most {MAX_STRING_LENGTH:,} characters, found {len(text):,}"
    return f"must be Unicode text, found half of a surrogate pair in {described(text)}"


def _bare(name: str) -> str:
    """Show a property's name without quotes, since it continues a path."""
    return quoted(name)[1:-1]
