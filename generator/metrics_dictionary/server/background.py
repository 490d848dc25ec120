"""What works beside the server: events on their way to the collector, and a payload every week."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics_dictionary.events.collector import Collector
from metrics_dictionary.events.sender import Sender
from metrics_dictionary.ping.collect.collection import collect
from metrics_dictionary.ping.collect.payload import cached
from metrics_dictionary.ping.collect.scheduler import Scheduler
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from metrics_dictionary.ping.collect.payload import Payload
    from metrics_dictionary.server.application import Application

LONGEST_INTERVAL_DAYS = 3_650


@contextmanager
def in_background(application: Application) -> Iterator[None]:
    """Send and collect as the settings say, for as long as the context lasts.

    Then the scheduler ends first, so that nothing new begins, and the sender sends what is there. Raises
    OperationalError for a collector's address that is none.
    """
    sender = _sender(application)
    scheduler = _scheduler(application)
    if sender is not None:
        sender.start()
    if scheduler is not None:
        scheduler.start()
    try:
        yield
    finally:
        if scheduler is not None:
            scheduler.stop()
        if sender is not None:
            sender.stop()


def generate_payload(application: Application, progress: Callable[[int, int], None] | None = None) -> Payload:
    """Collect a payload and keep it in the store, from where ``service_ping`` answers. Raises StoreUnavailableError."""
    payload = collect(
        application.dictionary,
        application.sources,
        categories=application.settings.data_categories,
        now=application.clock(),
        progress=progress,
    )
    application.store.save_payload(cached(payload))
    return payload


def _sender(application: Application) -> Sender | None:
    collector = application.settings.text("collector")
    if not collector:
        return None
    return Sender(application.store, Collector(collector), clock=application.clock)


def _scheduler(application: Application) -> Scheduler | None:
    if not application.settings.flag("ping.enabled"):
        return None

    def generate(progress: Callable[[int, int], None]) -> None:
        generate_payload(application, progress)

    days = application.settings.number("ping.interval_days")
    if not 0 < days <= LONGEST_INTERVAL_DAYS:
        raise OperationalError(f"ping.interval_days has to be more than 0 and at most {LONGEST_INTERVAL_DAYS}")
    return Scheduler(
        generate,
        application.store,
        log=_log,
        interval=timedelta(days=days),
        clock=application.clock,
    )


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
