"""``track_event``, ``track_events`` and the two older calls: events that clients report."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from metrics_dictionary.events.event_errors import MAX_ERRORS, InvalidEventsError, UncountableEventsError
from metrics_dictionary.events.occurrence import (
    MAX_UNDECLARED,
    REPEATED_KEY,
    UNDECLARED,
    UNKNOWN_KEY,
    UNKNOWN_PROJECT,
    UUID_PATTERN,
    LeftOut,
)
from metrics_dictionary.events.tracking import MAX_EVENTS
from metrics_dictionary.server.api.body import MAX_LEVELS, Fields, read_fields, read_json
from metrics_dictionary.server.api.body import MAX_VALUES as MAX_JSON_VALUES
from metrics_dictionary.server.api.form import MAX_FIELDS
from metrics_dictionary.server.api.route import (
    ERROR,
    MESSAGE,
    USAGE_DATA,
    WITH_TOKEN,
    Access,
    Parameter,
    RequestBody,
    Route,
    RouteResponse,
)
from metrics_dictionary.server.transport.access_log import log_info
from metrics_dictionary.server.transport.response import Response, Uncommitted, error_response, message_response
from metrics_dictionary.stores.store import Outcome, OutcomeUnknownError, StoreUnavailableError, request_name
from metrics_dictionary.tools.instruments import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from metrics_dictionary.events.tracking import EventTracker, Tracked
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.server.transport.request import Request
    from metrics_dictionary.stores.store import Verdict

    Answer = Response | Uncommitted

MAX_VALUES = 1_000
"""How many users one call may add."""

MAX_USER_ID = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")
_KEY = re.compile(r"[ -~]{1,128}")

EVENTS = Counter("events_total", "Events that were reported, by what became of them.", ("outcome",))
for _outcome in (
    "accepted",
    "repeated",
    "ignored",
    "invalid",
    "uncountable",
    "conflict",
    "outbox_full",
    "bad_key",
    "store_unavailable",
    "outcome_unknown",
    "failed",
):
    EVENTS.add(_outcome, amount=0)

OUTCOMES = {
    Outcome.RECORDED: "accepted",
    Outcome.DUPLICATE: "repeated",
    Outcome.CONFLICT: "conflict",
    Outcome.REFUSED: "bad_key",
    Outcome.OUTBOX_FULL: "outbox_full",
}
"""What became of a recording -> what became of its events, apart from those whose ids were known: `repeated`."""

LEFT_OUT = Counter(
    "left_out_properties_total",
    "What clients said and what does not count, such as properties that their events do not declare.",
    ("reason", "event"),
)

SENTENCES = {
    UNDECLARED: "is not a property of the event {event}",
    UNKNOWN_KEY: "is not a parameter of this call",
    REPEATED_KEY: "stands there more than once; the last one counts",
    UNKNOWN_PROJECT: "is not a path in the table [project_ids] of the settings",
}
"""What the log says of a name that was left out."""

UNKNOWN_PROPERTIES = "X-Unknown-Properties"
MAX_HEADER = 4_096
MAX_REMEMBERED = 1_000

ACCEPTED = message_response(200, "OK")

TRACKS = Access(frozenset({"api", "ai_workflows"}))
INCREMENTS = Access(frozenset({"api"}))

IDENTIFIER = {"type": "integer", "minimum": 1, "maximum": MAX_USER_ID}
IDENTIFIER_OR_NONE = {
    "type": "integer",
    "minimum": 0,
    "maximum": MAX_USER_ID,
    "description": "0 means none.",
}

ID = {
    "type": "string",
    "format": "uuid",
    "pattern": UUID_PATTERN,
    "description": "A UUID, best of version 7. An event with an id that is known is not counted again; an id is known "
    "for 24 hours at least.",
}

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
    "Names this request among those of the token's user, so that it can be repeated: it is counted once, and each "
    "repetition gets the same answer. Only a request that was counted is remembered, for 24 hours at least.",
    place="header",
)

EVENT = {
    "title": "Event",
    "type": "object",
    # Other keys are left out, not refused; a client made from this document should not offer them.
    "additionalProperties": False,
    "required": ["event"],
    "properties": {
        "event": {"type": "string", "minLength": 1, "description": "The event's `action`."},
        "id": ID,
        "send_to_snowplow": {
            "type": "boolean",
            "description": "Whether the event also goes to the Snowplow collector; it does not unless this says so.",
        },
        "namespace_id": IDENTIFIER_OR_NONE,
        "project_id": IDENTIFIER_OR_NONE,
        "project_path": {
            "type": "string",
            "description": "The project by its path, in place of `project_id`: as in the table `[project_ids]` of the "
            "settings. A path that is not in it is left out.",
        },
        "occurred_at": {
            "type": "string",
            "format": "date-time",
            "description": "When the event happened, if not now: ISO 8601 with a zone. It counts in its own week. At "
            "most 28 days ago, unless the setting `events.max_age_days` says otherwise, and at most one hour ahead.",
        },
        "additional_properties": {
            "type": "object",
            "description": "`label` and `property` are strings, `value` is a number; the event's definition declares "
            "all others, which are strings or numbers. Names have at most 200 characters. A property that the "
            "definition does not declare is left out, or refused where the setting `events.undeclared_properties` "
            f"says so; a request with more than {MAX_UNDECLARED} names of such properties is always refused.",
            "properties": {"label": {"type": "string"}, "property": {"type": "string"}, "value": {"type": "number"}},
            "additionalProperties": {"type": ["string", "number"]},
        },
    },
}

EXAMPLE_EVENT = {
    "event": "mr_name_changed",
    "send_to_snowplow": True,
    "namespace_id": 1,
    "project_id": 1,
    "additional_properties": {"lang": "eng"},
}

UNAVAILABLE_OR_UNKNOWN = {
    "title": "UnavailableOrUnknown",
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}, "outcome": {"const": "unknown"}, "error": {"type": "string"}},
}

WITH_BODY = {
    **WITH_TOKEN,
    200: RouteResponse(
        "Everything is counted, durably; the header `X-Unknown-Properties` names what was left out, as JSON paths with "
        "commas between them: properties and keys that are unknown, and keys that stand there more than once.",
        schema=MESSAGE,
        name="Counted",
    ),
    400: RouteResponse(
        f"The body cannot be read, a value is wrong, or there is too much of something: {MAX_JSON_VALUES:,} values or "
        f"{MAX_LEVELS} levels of JSON, {MAX_FIELDS:,} fields of a form. The answer names up to {MAX_ERRORS} errors.",
        schema=ERROR,
        name="Invalid",
    ),
    411: RouteResponse("The body is chunked: it has no `Content-Length`.", schema=ERROR, name="Chunked"),
    413: RouteResponse("The body is longer than 1 MiB.", schema=ERROR, name="TooLong"),
    415: RouteResponse("The body is neither JSON nor a form.", schema=ERROR, name="UnsupportedType"),
    422: RouteResponse(
        "An event has no definition, no metric reads it, or it happened too long ago; the answer suggests similar "
        "names. Or the `Idempotency-Key` belongs to another request.",
        schema=ERROR,
        name="Uncountable",
    ),
    503: RouteResponse(
        "The store is unavailable, or the outbox has no room; `Retry-After` says when to try again. Nothing is "
        "counted, unless `outcome` is `unknown`: then the store broke off, and everything may have been counted or "
        "nothing. A request with an `Idempotency-Key`, or with an `id` in each event, can be repeated safely.",
        schema=UNAVAILABLE_OR_UNKNOWN,
        name="UnavailableOrUnknown",
    ),
}


def routes(application: Application) -> tuple[Route, ...]:
    """Return the four rows."""
    intake = EventIntake(application.tracker)
    events = {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": EVENT}
    name = {"type": "string", "minLength": 1}
    values = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_VALUES,
        "items": IDENTIFIER,
        "description": "The users' ids, in place of the token's user. Only an administrator's token may name them.",
    }
    example = {key: value for key, value in EXAMPLE_EVENT.items() if key != "send_to_snowplow"}
    return (
        Route(
            "POST",
            f"{USAGE_DATA}/track_event",
            "Track an event",
            intake.track_event,
            WITH_BODY,
            description="An array `events` in place of `event` is also accepted, as in `track_events`.",
            access=TRACKS,
            blocking=False,
            cross_origin=True,
            parameters=(IDEMPOTENCY_KEY,),
            body=RequestBody(EVENT, EXAMPLE_EVENT),
        ),
        Route(
            "POST",
            f"{USAGE_DATA}/track_events",
            f"Track up to {MAX_EVENTS} events, all or none",
            intake.track_events,
            WITH_BODY,
            access=TRACKS,
            blocking=False,
            cross_origin=True,
            parameters=(IDEMPOTENCY_KEY,),
            body=RequestBody(_object(events=events), {"events": [example, {**example, "project_id": 2}]}),
        ),
        Route(
            "POST",
            f"{USAGE_DATA}/increment_counter",
            "Count an event by its name",
            intake.increment_counter,
            WITH_BODY,
            access=INCREMENTS,
            blocking=False,
            parameters=(IDEMPOTENCY_KEY,),
            body=RequestBody(_object(event=name, optional={"id": ID}), {"event": "mr_name_changed"}),
        ),
        Route(
            "POST",
            f"{USAGE_DATA}/increment_unique_users",
            "Add the token's user to the distinct users of an event",
            intake.increment_unique_users,
            WITH_BODY,
            access=INCREMENTS,
            blocking=False,
            parameters=(IDEMPOTENCY_KEY,),
            body=RequestBody(
                _object(event=name, optional={"id": ID, "values": values}),
                {"event": "mr_name_changed"},
            ),
        ),
    )


class NotAllowedError(Exception):
    """The token is not one of an administrator."""


class EventIntake:
    """The four endpoints. A request is counted whole, in one transaction, or not at all."""

    def __init__(self, tracker: EventTracker) -> None:
        self._tracker = tracker
        self._logged: set[tuple[str, str, str]] = set()

    def track_event(self, request: Request) -> Answer:
        """Count one event; or several, which the API document's readers send here, too."""
        return self._counted(request, "track_event", self._track_one)

    def track_events(self, request: Request) -> Answer:
        """Count up to 50 events."""
        return self._counted(request, "track_events", self._track_several)

    def increment_counter(self, request: Request) -> Answer:
        """Count an event by its name."""

        def count(fields: Fields, _: Request) -> Tracked:
            return self._tracker.increment_counter(fields.values)

        return self._counted(request, "increment_counter", count)

    def increment_unique_users(self, request: Request) -> Answer:
        """Add the token's user to those who did something; an administrator may name others."""

        def count(fields: Fields, request: Request) -> Tracked:
            named = fields.values.get("values")
            if named is not None and not request.is_admin:
                raise NotAllowedError
            users = _users(named) if named is not None else [] if request.user is None else [request.user]
            return self._tracker.increment_unique_users(fields.values, users)

        return self._counted(request, "increment_unique_users", count)

    def _counted(self, request: Request, call: str, count: Callable[[Fields, Request], Tracked]) -> Answer:
        key = request.headers.get("idempotency-key")
        if key is not None and _KEY.fullmatch(key) is None:
            return error_response(400, "Idempotency-Key: must have 1 to 128 printable ASCII characters")
        fields = read_fields(request)
        if isinstance(fields, Response):
            return fields
        events = fields.values.get("events")
        if isinstance(events, str):
            fields = _with_list(fields, events)
            events = fields.values.get("events")
        request.events = len(events) if isinstance(events, list) and "event" not in fields.values else 1
        try:
            tracked = count(fields, request)
        except (InvalidEventsError, UncountableEventsError, NotAllowedError) as error:
            return _refused(request, error)
        if tracked.ignored:
            EVENTS.add("ignored", amount=len(tracked.ignored))
            request.events -= len(tracked.ignored)
        for sentence in tracked.ignored:
            log_info(request, f"ignored: {sentence}")
        left_out = tracked.left_out
        if fields.repeated:
            left_out += tuple(LeftOut(path, "", path.rpartition(".")[2], REPEATED_KEY) for path in fields.repeated)
        response = self._with_left_out(request, left_out) if left_out else ACCEPTED
        recording = tracked.recording
        if key is not None:
            name, digest = request_name(str(request.user), key), _digest(call, fields)
            recording = replace(recording, request=name, digest=digest)
        if recording.is_empty:
            EVENTS.add("accepted", amount=request.events)
            return response
        return Uncommitted(response, recording)

    def _with_left_out(self, request: Request, left_out: Sequence[LeftOut]) -> Response:
        """Return the answer with the paths of what was left out; the log names each name of an event once."""
        for _, event, name, reason in left_out:
            # An event that a client made up is no label: there may be any number of them.
            LEFT_OUT.add(reason, event if self._tracker.knows(event) else "")
            if (event, name, reason) not in self._logged and len(self._logged) < MAX_REMEMBERED:
                self._logged.add((event, name, reason))
                sentence = SENTENCES[reason].format(event=_encoded(event))
                log_info(request, f"left out: {_encoded(name)} {sentence}")
        return replace(ACCEPTED, headers={UNKNOWN_PROPERTIES: _unknown_properties(left_out)})

    def _track_one(self, fields: Fields, request: Request) -> Tracked:
        if "event" not in fields.values and "events" in fields.values:
            return self._track_several(fields, request)
        return self._tracker.track([fields.values], request.user, batch=False, form=fields.form)

    def _track_several(self, fields: Fields, request: Request) -> Tracked:
        events = fields.values.get("events")
        beside = fields.values.keys() if len(fields.values) > 1 else ()
        return self._tracker.track(events, request.user, batch=True, form=fields.form, beside=beside)


def _with_list(fields: Fields, text: str) -> Fields:
    """Read the events of a form, which has no good way to write a list of objects, from JSON, as GitLab does."""
    repeated: list[str] = []
    events = read_json(text.encode("utf-8", "surrogatepass"), repeated)
    if not isinstance(events, list):
        return fields  # and it is refused as a list that is none
    paths = (f"events{path}" for path in repeated)
    return fields._replace(values={**fields.values, "events": events}, repeated=(*fields.repeated, *paths))


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, UncountableEventsError):
        EVENTS.add("uncountable", amount=request.events)
        return error_response(422, str(error))
    EVENTS.add("invalid", amount=request.events)
    return (
        error_response(400, str(error)) if isinstance(error, InvalidEventsError) else message_response(403, "Forbidden")
    )


def count_events(request: Request, result: Verdict | Exception) -> None:
    """Count the events of a request by what became of their recording."""
    known = 0
    if isinstance(result, OutcomeUnknownError):
        outcome = "outcome_unknown"
    elif isinstance(result, StoreUnavailableError):
        outcome = "store_unavailable"
    elif isinstance(result, Exception):
        outcome = "failed"
    else:
        outcome, known = OUTCOMES[result.outcome], result.known
    if known:
        EVENTS.add("repeated", amount=known)
    EVENTS.add(outcome, amount=request.events - known)


def _unknown_properties(left_out: Iterable[LeftOut]) -> str:
    """Return the header: JSON paths with commas between them, and `...` where there are more than fit."""
    paths: list[str] = []
    length = len("...")
    for one in left_out:
        path = _encoded(one.path)
        length += len(path) + len(", ")
        if len(paths) == MAX_UNDECLARED or length > MAX_HEADER:
            paths.append("...")
            break
        paths.append(path)
    return ", ".join(paths)


def _encoded(name: str) -> str:
    """Return a name or a path percent-encoded, apart from ASCII letters, digits and `_.[]-`."""
    return quote(name, safe="[]", errors="surrogatepass").replace("~", "%7E")


def _digest(call: str, fields: Fields) -> bytes:
    """Return 8 bytes of what is asked: how its JSON is written makes no difference."""
    canonical = json.dumps(fields.values, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(f"{call}\0{canonical}".encode(), digest_size=8).digest()


def _object(optional: Mapping[str, object] | None = None, **required: object) -> dict[str, object]:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def _users(given: object) -> list[int]:
    """Return the ids in ``values``, which may be strings. Raises InvalidEventsError."""
    if not isinstance(given, list) or not 0 < len(given) <= MAX_VALUES:
        raise InvalidEventsError((f"values: must be a list of 1 to {MAX_VALUES} user ids",))
    users = [int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value for value in given]
    wrong = [
        f"values[{position}]: must be a user id, a positive whole number"
        for position, user in enumerate(users)
        if not isinstance(user, int) or isinstance(user, bool) or not 0 < user <= MAX_USER_ID
    ]
    if wrong:
        more = [f"and {len(wrong) - 10} more"] if len(wrong) > 10 else []
        raise InvalidEventsError((*wrong[:10], *more))
    return users
