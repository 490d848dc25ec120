"""The application: everything that answers requests, and what works beside it in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from metrics_dictionary.events.snowplow import Origin, StructuredEvents
from metrics_dictionary.events.tracking import EventTracker
from metrics_dictionary.ping.sources.open_sources import open_sources
from metrics_dictionary.server.api.authentication import Authentication
from metrics_dictionary.server.api.definitions import MetricDefinitions
from metrics_dictionary.server.api.event_intake import EventIntake
from metrics_dictionary.server.api.exports import ServicePingExports
from metrics_dictionary.server.api.monitoring import Health, Monitor
from metrics_dictionary.server.api.openapi import OpenApi
from metrics_dictionary.server.api.route import Answer, Route
from metrics_dictionary.server.api.router import Router
from metrics_dictionary.server.api.routes import routes
from metrics_dictionary.server.api.site_files import SiteFiles
from metrics_dictionary.server.joint_recording import JointRecording
from metrics_dictionary.tools.clock import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.ping.sources.evaluation import Sources
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Store
    from metrics_dictionary.tools.clock import Clock


@dataclass(frozen=True)
class Application:
    """What the runtime is made of. ``site`` is the folder of the built site."""

    dictionary: Dictionary
    store: Store
    tracker: EventTracker
    recordings: JointRecording
    sources: Sources
    settings: Settings
    site: Path
    clock: Clock = utc_now

    def router(self) -> Router:
        """Return what answers this application's requests.

        Renders the combined definitions, so that no client waits for that. Raises OperationalError for a wrong setting.
        """
        monitor = Monitor()
        openapi = OpenApi()
        table = routes(
            MetricDefinitions(self.dictionary),
            ServicePingExports(self.dictionary, self.sources, self.store, clock=self.clock),
            EventIntake(self.tracker),
            Health(monitor, self.store, self.dictionary),
            openapi.get,
        )
        openapi.describe(table)
        trusted = self.settings.texts("server.trusted_networks")
        return Router(
            table,
            Route("GET", "/", "The site", SiteFiles(self.site).get, {200: Answer("A page.", "text/html")}),
            Authentication(self.store, trusted, clock=self.clock),
            self.is_enabled,
            monitor,
            self.recordings,
        )

    @classmethod
    def opened(cls, settings: Settings, dictionary: Dictionary, store: Store, site: Path) -> Application:
        """Put together what the settings name. Raises OperationalError for what they cannot mean."""
        structured = StructuredEvents(Origin.of(settings.facts)) if settings.text("collector") else None
        unknown: Literal["reject", "ignore"] = "ignore" if settings.text("events.unknown") == "ignore" else "reject"
        recordings = JointRecording(store)
        tracker = EventTracker(dictionary, recordings, unknown=unknown, structured=structured)
        return cls(dictionary, store, tracker, recordings, open_sources(settings, store), settings, site)

    def is_enabled(self, flag: str) -> bool:
        """Whether a feature flag is on: the settings may force it, else the store says.

        Raises StoreUnavailableError.
        """
        forced = self.settings.forced_flags.get(flag)
        return self.store.flags().get(flag, False) if forced is None else forced
