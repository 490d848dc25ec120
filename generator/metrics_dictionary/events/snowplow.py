"""An occurrence as the structured event that a Snowplow collector takes, with the two contexts that GitLab sends."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import mapping, string
from metrics_dictionary.dictionary.selection_rule import BUILT_IN_PROPERTIES
from metrics_dictionary.stores.store import kept_uuid
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from snowplow_tracker.self_describing_json import SelfDescribingJson
    from snowplow_tracker.tracker import Tracker
    from snowplow_tracker.typing import PayloadDict

    from metrics_dictionary.events.occurrence import Occurrence
    from metrics_dictionary.stores.store import Store

NAMESPACE = "gl"
CATEGORY = "InternalEventTracking"
STANDARD_CONTEXT = "iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7"
SERVICE_PING_CONTEXT = "iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-0"


@dataclass(frozen=True, slots=True)
class Instance:
    """The instance that events come from, as every event names it.

    ``user_key`` is the secret under which users' ids become pseudonyms. Without one an event does not say who: an id
    is a small number, and a hash that anybody can compute hides none.
    """

    host_name: str | None = None
    version: str | None = None
    instance_id: str | None = None
    unique_instance_id: str | None = None
    environment: str = "self-managed"
    source: str = "metrics-dictionary"
    user_key: str | None = None

    @classmethod
    def of(cls, facts: Mapping[str, object], user_key: str | None) -> Instance:
        """Read the table `[instance]` of the settings file."""
        instance = mapping(facts.get("instance"))
        return cls(
            host_name=string(instance.get("hostname")),
            version=string(instance.get("version")),
            instance_id=string(instance.get("uuid")),
            unique_instance_id=string(instance.get("unique_id")),
            environment=string(instance.get("environment")) or "self-managed",
            user_key=user_key,
        )

    def pseudonym(self, user: int | None) -> str | None:
        """Return what a user is called outside the instance, 64 hexadecimal digits, or None."""
        if user is None or not self.user_key:
            return None
        return hmac.new(self.user_key.encode(), str(user).encode(), hashlib.sha256).hexdigest()


class KnownUuid:
    """The UUID for a server's hot path, which must not wait for the store: what the last `look` found."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uuid: str | None = None

    def __call__(self) -> str | None:
        """Return the UUID; None as long as no look has found one."""
        return self._uuid

    def look(self) -> None:
        """Ask the store until it has a UUID: another server may make it. Raises StoreUnavailableError."""
        if self._uuid is None:
            self._uuid = kept_uuid(self._store)


class StructuredEvents:
    """Builds the outbox's events with the package snowplow-tracker.

    ``known_uuid`` returns the UUID of an instance whose settings name none, as far as it is known. Raises
    OperationalError when that package, an extra of ours, is not installed.
    """

    def __init__(
        self, instance: Instance, *, known_uuid: Callable[[], str | None] = lambda: None, app_id: str = "gitlab_sm"
    ) -> None:
        self._instance = instance
        self._known_uuid = known_uuid
        self._tracker = _tracker(app_id)

    def text(self, occurrence: Occurrence, now: datetime) -> str:
        """Return the event as a JSON object whose values are strings, as the tracker protocol wants them.

        `se_la`, `se_pr` and `se_va` are the properties label, property and value; `cx` holds the contexts in base64;
        `eid` is a new UUID; `dtm`, the time at which the event happened on the device, is ``now`` unless its client
        says another, in milliseconds. Only the time of sending, `stm`, is added later.
        """
        from snowplow_tracker.events.structured_event import StructuredEvent

        properties = occurrence.properties
        label, property_, value = (properties.get(name) for name in BUILT_IN_PROPERTIES)
        event = StructuredEvent(
            CATEGORY,
            occurrence.event,
            label=None if label is None else str(label),
            property_=None if property_ is None else str(property_),
            value=value if isinstance(value, int | float) else None,
            context=[self._standard_context(occurrence, now), _service_ping_context(occurrence)],
        )
        payload = self._tracker.complete_payload(event)
        payload.add("dtm", int((occurrence.occurred_at or now).timestamp() * 1000))
        return json.dumps({name: str(entry) for name, entry in payload.get().items()}, ensure_ascii=False)

    def _standard_context(self, occurrence: Occurrence, now: datetime) -> SelfDescribingJson:
        custom = {name: value for name, value in occurrence.properties.items() if name not in BUILT_IN_PROPERTIES}
        instance = self._instance
        fields = {
            "environment": instance.environment,
            "source": instance.source,
            "extra": custom,
            "user_id": instance.pseudonym(occurrence.user),
            "namespace_id": occurrence.namespace,
            "project_id": occurrence.project,
            "realm": "self-managed",
            "deployment_type": "self-managed",
            "instance_id": instance.instance_id or self._known_uuid(),
            "unique_instance_id": instance.unique_instance_id,
            "host_name": instance.host_name,
            "instance_version": instance.version,
            "context_generated_at": now.isoformat(timespec="milliseconds"),
        }
        return _context(STANDARD_CONTEXT, {name: value for name, value in fields.items() if value is not None})


def _service_ping_context(occurrence: Occurrence) -> SelfDescribingJson:
    return _context(SERVICE_PING_CONTEXT, {"data_source": "redis_hll", "event_name": occurrence.event})


def _context(schema: str, data: PayloadDict) -> SelfDescribingJson:
    from snowplow_tracker.self_describing_json import SelfDescribingJson

    return SelfDescribingJson(schema, data)


class _NoEmitter:
    """The tracker insists on an emitter. Ours only completes payloads; the outbox and the sender do the rest."""

    def input(self, payload: PayloadDict) -> None:
        raise RuntimeError(f"an event was tracked without the outbox: {payload}")

    def flush(self) -> None:
        """Hold nothing back: there is nothing."""

    sync_flush = async_flush = flush


def _tracker(app_id: str) -> Tracker:
    root = logging.getLogger()
    handlers = root.handlers[:]
    try:
        from snowplow_tracker.subject import Subject
        from snowplow_tracker.tracker import Tracker
    except ImportError:
        raise OperationalError(
            "a collector is set, but the package snowplow-tracker is missing: run `pip install 'snowplow-tracker>=1.0'`"
        ) from None
    finally:
        root.handlers[:] = handlers  # importing the package sets up logging for the whole process
    return Tracker(NAMESPACE, _NoEmitter(), subject=Subject().set_platform("srv"), app_id=app_id)
