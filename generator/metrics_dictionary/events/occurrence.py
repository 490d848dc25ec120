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
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from metrics_dictionary.events.event_errors import EventErrors

MAX_STRING_LENGTH = 1_000
"""How many characters a string may have: what the collector keeps of a label."""

MAX_NUMBER = 10**18
"""How far from zero a number may be: sums of such numbers stay finite, and nothing that is counted comes near."""

MAX_IDENTIFIER = 2**63 - 1

NO_PROPERTIES = frozenset(BUILT_IN_PROPERTIES)
"""What every event may have, without a declaration."""

MAX_UNDECLARED = 50
"""Different names of properties in a request that its events do not declare. With more of them nothing is read."""

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


class Undeclared(NamedTuple):
    """A property that its event does not declare; ``path`` is where it stands in the body."""

    path: str
    event: str
    name: str


class BodyReader:
    """Reads the bodies of a request and notes all that is wrong with them in ``errors``.

    ``declared`` maps each event that has a definition to its properties, built-in ones included, and ``protected`` to
    those that are dropped unseen: only extra trackers, which we have none of, may see them. Any other property is left
    out and listed in ``undeclared``, or an error with ``reject_undeclared``. In a ``form`` every value is a string,
    from which numbers are read. Raises InvalidEventsError when there is too much to look at.
    """

    def __init__(
        self,
        declared: Mapping[str, frozenset[str]],
        errors: EventErrors,
        *,
        form: bool,
        reject_undeclared: bool = False,
        protected: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.undeclared: list[Undeclared] = []
        self._declared = declared
        self._protected = protected
        self._errors = errors
        self._form = form
        self._reject_undeclared = reject_undeclared
        self._undeclared_names: set[str] = set()

    def occurrence(self, body: object, place: str, user: int | None) -> Occurrence | None:
        """Read a body; ``place`` is what stands before its keys in an error. None when it does not name an event."""
        if not isinstance(body, dict):
            subject = place.removesuffix(".") or "the body"
            self._errors.invalid(f'{subject}: must be an object with the key "event", found {described(body)}')
            return None
        event = self._event(body.get("event"), place)
        occurrence = Occurrence(
            event=event or "",
            user=user,
            namespace=self._identifier(body.get("namespace_id"), place, "namespace_id"),
            project=self._identifier(body.get("project_id"), place, "project_id"),
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
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= MAX_IDENTIFIER:
            return number
        limit = f" up to {MAX_IDENTIFIER}" if isinstance(number, int) and number > MAX_IDENTIFIER else ""
        self._errors.invalid(f"{place}{key}: must be a positive whole number{limit}, found {described(value)}")
        return None

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
            self._count_undeclared(value.keys() - protected, known)
        properties: dict[str, str | float] = {}
        for name, given in value.items():
            if name in known:
                if given is not None and (read := self._property(name, given, place)) is not None:
                    properties[name] = read
            elif name in protected:
                continue
            elif len(name) > MAX_NAME_LENGTH:
                found = f"the name has {len(name):,} characters; at most {MAX_NAME_LENGTH} are allowed"
                self._errors.invalid(f"{place}.{_bare(name)}: {found}")
            elif event is not None and declared is not None:
                self._note_undeclared(name, place, event, known)
        return properties

    def _count_undeclared(self, names: AbstractSet[str], known: frozenset[str]) -> None:
        """Refuse a request with many names that nobody declared, before any of them is looked at."""
        if len(names) <= MAX_UNDECLARED + len(known):
            self._undeclared_names |= names - known
            if len(self._undeclared_names) <= MAX_UNDECLARED:
                return
        sentence = f"a request may have at most {MAX_UNDECLARED} names that its events do not declare"
        raise InvalidEventsError((f"additional_properties: {sentence}",))

    def _note_undeclared(self, name: str, place: str, event: str, known: frozenset[str]) -> None:
        if not self._reject_undeclared:
            self.undeclared.append(Undeclared(f"{place}.{name}", event, name))
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
