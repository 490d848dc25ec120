"""The publication of a payload: it is collected and replaces the last one, unless an outage would empty a good one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping
from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.collect.payload import AWAY, GIVES_NOTHING, NOT_CONFIGURED, cached, outages
from metrics_dictionary.stores.store import UnreadableError, made_uuid
from metrics_dictionary.tools.clock import iso
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.collect.collection import Progress
    from metrics_dictionary.ping.collect.payload import Outage, Payload
    from metrics_dictionary.ping.sources.evaluation import Sources
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import CachedPayload, Store

STATE = "service_ping_hold"
"""The name under which the store keeps the hold."""

MAX_HOLD_HOURS = 8_760
MAX_TIME_LIMIT = 86_400


@dataclass(frozen=True, slots=True)
class Hold:
    """A payload that stays because the collections after it found a service away.

    ``payload`` is when that payload was recorded. ``since`` is when the first of ``attempts`` collections began and
    ``last`` when the last one did, both in the store's trusted time.
    """

    payload: datetime
    since: datetime
    last: datetime
    attempts: int

    @classmethod
    def of(cls, store: Store, payload: CachedPayload) -> Hold | None:
        """Return the hold of this payload, None when no outage followed it. Raises StoreUnavailableError."""
        text = store.state(STATE)
        try:
            entry = json.loads(text) if text else {}
            if entry.get("payload") != payload.recorded_at.isoformat():
                return None
            moments = {name: datetime.fromisoformat(entry[name]) for name in ("payload", "since", "last")}
            return cls(**moments, attempts=int(entry["attempts"]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None  # not written by this program: a hold that begins anew replaces it

    def keep(self, store: Store) -> None:
        """Write the hold to the store. Raises StoreUnavailableError."""
        entry = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }
        store.set_state(STATE, json.dumps(entry))


class PayloadHeldError(OperationalError):
    """An outage of a service would have replaced a good payload, which stays. ``attempts`` counts the collections."""

    def __init__(self, message: str, attempts: int) -> None:
        super().__init__(message)
        self.attempts = attempts


def publish(
    dictionary: Dictionary,
    sources: Sources,
    store: Store,
    settings: Settings,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> Payload:
    """Collect a payload and keep it in the store, from where ``service_ping`` answers.

    The first collection also makes the UUID of an instance whose settings name none.

    Raises PayloadHeldError, for at most `ping.hold_hours`, while a service gives nothing that the last payload has;
    StoreUnavailableError when nothing can be kept; OperationalError for a setting that makes no sense.
    """
    hold_time, time_limit = limits(settings)
    began = store.trusted_now()  # before the database is put to work for a payload that nobody could keep
    former = former_payload(store)
    if mapping(settings.facts.get("instance")).get("uuid") is None:
        made_uuid(store)
    payload = collect(
        dictionary, sources, categories=settings.data_categories, now=now, time_limit=time_limit, progress=progress
    )
    if former is not None and payload.outages:
        payload = _after_attempt(payload, former, store, hold_time, began)
    store.save_payload(cached(payload))
    return payload


def limits(settings: Settings) -> tuple[timedelta, float]:
    """Return how long a payload is held, and how many seconds a collection may take.

    Raises OperationalError for a setting out of its range.
    """
    hours, seconds = settings.number("ping.hold_hours"), settings.number("ping.time_limit")
    if not 0 <= hours <= MAX_HOLD_HOURS:
        raise OperationalError(f"ping.hold_hours must be a number from 0 to {MAX_HOLD_HOURS}, not {hours:g}")
    if not 0 < seconds <= MAX_TIME_LIMIT:
        raise OperationalError(
            f"ping.time_limit must be a number of seconds above 0, at most {MAX_TIME_LIMIT}, not {seconds:g}"
        )
    return timedelta(hours=hours), seconds


def former_payload(store: Store) -> CachedPayload | None:
    """Return the payload that a new one replaces; None where there is none, or one that nobody can read.

    Raises StoreUnavailableError.
    """
    try:
        payload = store.payload()
        if payload is not None:
            outages(payload)
    except UnreadableError:
        return None
    return payload


def _after_attempt(
    payload: Payload, former: CachedPayload, store: Store, hold_time: timedelta, now: datetime
) -> Payload:
    """Return the payload to publish in spite of its outages, or note the attempt and raise PayloadHeldError."""
    hold = Hold.of(store, former) or Hold(former.recorded_at, since=now, last=now, attempts=0)
    hold = replace(hold, last=now, attempts=hold.attempts + 1)
    known = {outage.service for outage in outages(former)}  # what the former payload lacks cannot be lost
    lost = [outage for outage in payload.outages if outage.service not in known]
    if lost and now < hold.since + hold_time:
        hold.keep(store)
        reasons = "; ".join(f"the {outage.service} {outage.problem} ({outage.reason})" for outage in lost)
        raise PayloadHeldError(
            f"{reasons}: the payload of {iso(former.recorded_at)} stays in the store. {_advice(lost)}; from "
            f"{iso(hold.since + hold_time)} on, a payload replaces it in any case",
            hold.attempts,
        )
    return replace(
        payload,
        outages=tuple(replace(outage, since=hold.since, attempts=hold.attempts) for outage in payload.outages),
    )


def _advice(lost: Sequence[Outage]) -> str:
    """Return what to do before the next collection, as a sentence without its full stop."""
    problems = {outage.problem for outage in lost}
    steps = []
    if NOT_CONFIGURED in problems:
        steps.append("give --database URL, or name the database in the setting `database`")
    if GIVES_NOTHING in problems:
        steps.append("check that the setting `database` names the right database and that it can compute the metrics")
    away = [outage.service for outage in lost if outage.problem == AWAY]
    again = f"collect again when the {listed(away, 'and')} can be reached" if away else "collect again"
    advice = listed([*steps, again], "and")
    return advice[0].upper() + advice[1:]
