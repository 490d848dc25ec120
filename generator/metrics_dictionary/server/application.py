"""The application: the services that the endpoints use, and the threads that work beside the server.

The threads bring events to the collector and collect a payload every week.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import Sender, outbox_warnings, show_outbox
from metrics_dictionary.events.snowplow import Instance, KnownUuid, StructuredEvents
from metrics_dictionary.events.tracking import EventTracker, IntakeRules
from metrics_dictionary.ping.collect.payload import show_payload
from metrics_dictionary.ping.collect.publication import limits, publish
from metrics_dictionary.ping.collect.scheduler import Scheduler, overdue
from metrics_dictionary.ping.sources.open_sources import open_sources
from metrics_dictionary.server.lifecycle import Lifecycle
from metrics_dictionary.server.store_probe import StoreProbe
from metrics_dictionary.server.transport.access_log import log_notice
from metrics_dictionary.tools.clock import utc_now
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.sources.evaluation import Sources
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.tools.clock import Clock

MAX_INTERVAL_DAYS = 3_650


@dataclass(frozen=True)
class Application:
    """The services of one server. ``site`` is the folder of the built site."""

    dictionary: Dictionary
    store: Store
    tracker: EventTracker
    sources: Sources
    settings: Settings
    site: Path
    probe: StoreProbe
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    clock: Clock = utc_now

    @classmethod
    def opened(
        cls,
        settings: Settings,
        dictionary: Dictionary,
        store: Store,
        site: Path,
        lifecycle: Lifecycle | None = None,
    ) -> Application:
        """Put together what the settings name. Raises OperationalError for what they cannot mean."""
        known_uuid = KnownUuid(store)
        structured = None
        if settings.string("collector"):
            structured = StructuredEvents(Instance.of(settings.facts, settings.user_key), known_uuid=known_uuid)
        tracker = EventTracker(
            dictionary,
            rules=IntakeRules.of(settings),
            trusted_clock=store.estimated_now,
            structured=structured,
        )
        sources, probe = open_sources(settings, store), _probe(settings, store, known_uuid)
        return cls(dictionary, store, tracker, sources, settings, site, probe, lifecycle or Lifecycle())

    def is_enabled(self, flag: str) -> bool:
        """Whether a feature flag is on: the settings may force it, else the store says.

        Raises StoreUnavailableError.
        """
        forced = self.settings.forced_flags.get(flag)
        return self.store.flags().get(flag, False) if forced is None else forced

    def generate_payload(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Collect a payload and keep it in the store, as `publish` does, and raise what it raises."""
        publish(self.dictionary, self.sources, self.store, self.settings, now=self.clock(), progress=progress)

    @contextmanager
    def background_threads(self) -> Iterator[None]:
        """Probe the store, and send and collect as the settings say, for as long as the context lasts.

        Then the scheduler ends first, so that nothing new begins, and the sender sends what is there. Raises
        OperationalError for a setting that means nothing.
        """
        sender, scheduler = self._sender(), self._scheduler()
        if sender is not None:
            sender.start()
        if scheduler is not None:
            scheduler.start()
        try:
            with self.probe.running():
                yield
        finally:
            if scheduler is not None:
                scheduler.stop()
            if sender is not None:
                sender.stop()

    def _sender(self) -> Sender | None:
        collector = self.settings.string("collector")
        return Sender(self.store, Collector(collector), clock=self.clock) if collector else None

    def _scheduler(self) -> Scheduler | None:
        if not self.settings.flag("ping.enabled"):
            return None
        days = self.settings.number("ping.interval_days")
        if not 0 < days <= MAX_INTERVAL_DAYS:
            raise OperationalError(f"ping.interval_days must be more than 0 and at most {MAX_INTERVAL_DAYS}")
        limits(self.settings)  # a setting that makes no sense ends the start, not the first collection
        return Scheduler(
            self.generate_payload,
            self.store,
            log=log_notice,
            interval=timedelta(days=days),
        )


def _probe(settings: Settings, store: Store, known_uuid: KnownUuid) -> StoreProbe:
    """Return the probe of a store, which also looks at the outbox, and whether payloads come as the settings say.

    It finds out in passing what the hot path must not wait for: the store's time and the instance's UUID.
    """
    limit = int(settings.number("events.outbox_limit"))
    looks = [
        lambda: _after(store.trusted_now),
        lambda: _after(known_uuid.look),
        lambda: _look_around(store, limit),
    ]
    if settings.flag("ping.enabled"):
        interval, started = timedelta(days=settings.number("ping.interval_days")), utc_now()
        looks.append(lambda: overdue(store, interval, started))
    return StoreProbe(store, looks)


def _after(find_out: Callable[[], object]) -> Iterator[str]:
    """Find something out; that is no warning. A clock that is wrong is among the store's own."""
    find_out()
    yield from ()


def _look_around(store: Store, outbox_limit: int) -> Iterator[str]:
    """Show in ``/-/metrics`` how the outbox and the payload stand, and yield what is wrong with the outbox.

    Raises StoreUnavailableError.
    """
    outbox, payload = store.outbox_state(), store.payload()
    show_outbox(outbox, store.trusted_now())
    yield from outbox_warnings(outbox, outbox_limit)
    if payload is not None:
        show_payload(payload)
