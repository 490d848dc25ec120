"""From the settings to the sources that a payload is computed from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.sources.evaluation import Sources
from metrics_dictionary.ping.sources.facts import machine_facts
from metrics_dictionary.ping.sources.prometheus import Prometheus
from metrics_dictionary.ping.sources.python_classes import registered_classes

if TYPE_CHECKING:
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Store


def open_sources(settings: Settings, store: Store | None) -> Sources:
    """Return the sources that the settings name.

    Whether a database answers is found out metric by metric. Raises OperationalError for a URL that makes no sense.
    """
    url = settings.string("database")
    database = open_database(url, statement_timeout=settings.number("ping.statement_timeout")) if url else None
    prometheus = settings.string("prometheus")
    snapshot = settings.string("ping.schema_snapshot")
    return Sources(
        database=database,
        store=store,
        settings={**settings.facts, "service_ping": {"collected_data_categories": sorted(settings.data_categories)}},
        machine=machine_facts(database),
        prometheus=Prometheus(prometheus).first_value if prometheus else None,
        classes=registered_classes(),
        schema_snapshot=Path(snapshot) if snapshot else None,
    )
