"""The application's database, read-only: values counted in batches, and its structure."""

from generator.ping.database.database import Database
from generator.ping.database.failures import DatabaseError, DatabaseUnavailable, StatementTimeout
from generator.ping.database.inconsistencies import inconsistencies
from generator.ping.database.opening import open_database
from generator.ping.database.snapshot import Snapshot, parse_snapshot, snapshot

__all__ = [
    "Database",
    "DatabaseError",
    "DatabaseUnavailable",
    "Snapshot",
    "StatementTimeout",
    "inconsistencies",
    "open_database",
    "parse_snapshot",
    "snapshot",
]
