"""The application's database, read-only: values counted in batches, and its structure."""

from metrics_dictionary.ping.database.database import Database
from metrics_dictionary.ping.database.failures import DatabaseError, DatabaseUnavailableError, StatementTimeout
from metrics_dictionary.ping.database.inconsistencies import inconsistencies
from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.database.snapshot import Snapshot, parse_snapshot, snapshot

__all__ = [
    "Database",
    "DatabaseError",
    "DatabaseUnavailableError",
    "Snapshot",
    "StatementTimeout",
    "inconsistencies",
    "open_database",
    "parse_snapshot",
    "snapshot",
]
