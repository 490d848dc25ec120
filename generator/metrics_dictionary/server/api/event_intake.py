"""``track_event``, ``track_events`` and the two older calls: events that clients report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metrics_dictionary.events.faults import InvalidEvents, UnknownEvents
from metrics_dictionary.server.api.body import Fields, read_fields
from metrics_dictionary.server.transport.access_log import report
from metrics_dictionary.server.transport.message import Response, error, message

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.events.tracking import EventTracker
    from metrics_dictionary.server.api.route import Call

MOST_VALUES = 1_000
"""How many users one call may add."""

LARGEST_USER = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")

ACCEPTED = message(200, "OK")


class EventIntake:
    """The handlers. A request is counted whole, in one transaction, or not at all."""

    def __init__(self, tracker: EventTracker) -> None:
        self._tracker = tracker

    def track_event(self, call: Call) -> Response:
        """Count one event; or several, which the API document's readers send here, too."""
        return self._counted(call, self._track_one)

    def track_events(self, call: Call) -> Response:
        """Count up to 50 events."""
        return self._counted(call, self._track_several)

    def increment_counter(self, call: Call) -> Response:
        """Count an event by its name."""
        return self._counted(call, lambda fields, _: self._tracker.increment_counter(fields.values.get("event")))

    def increment_unique_users(self, call: Call) -> Response:
        """Add users to those who did something."""
        return self._counted(
            call,
            lambda fields, _: self._tracker.increment_unique_users(fields.values.get("event"), _users(fields.values)),
        )

    def _counted(self, call: Call, count: Callable[[Fields, Call], tuple[str, ...]]) -> Response:
        fields = read_fields(call)
        if isinstance(fields, Response):
            return fields
        try:
            ignored = count(fields, call)
        except InvalidEvents as fault:
            return error(400, str(fault))
        except UnknownEvents as fault:
            return error(422, str(fault))
        for sentence in ignored:
            report(call.request, f"ignored: {sentence}")
        return ACCEPTED

    def _track_one(self, fields: Fields, call: Call) -> tuple[str, ...]:
        if "event" not in fields.values and "events" in fields.values:
            return self._track_several(fields, call)
        return self._tracker.track([fields.values], call.user, batch=False, form=fields.form)

    def _track_several(self, fields: Fields, call: Call) -> tuple[str, ...]:
        return self._tracker.track(fields.values.get("events"), call.user, batch=True, form=fields.form)


def _users(fields: object) -> list[int]:
    """Return the ids in ``values``, which may be texts. Raises InvalidEvents."""
    given = fields.get("values") if isinstance(fields, dict) else None
    if given is None:
        raise InvalidEvents(("values is missing",))
    if not isinstance(given, list) or not 0 < len(given) <= MOST_VALUES:
        raise InvalidEvents((f"values: must be a list of 1 to {MOST_VALUES} ids of users",))
    users = [int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value for value in given]
    wrong = [
        f"values[{position}]: must be the id of a user, a whole number from 1"
        for position, user in enumerate(users)
        if not isinstance(user, int) or isinstance(user, bool) or not 0 < user <= LARGEST_USER
    ]
    if wrong:
        more = [f"and {len(wrong) - 10} more"] if len(wrong) > 10 else []
        raise InvalidEvents((*wrong[:10], *more))
    return users
