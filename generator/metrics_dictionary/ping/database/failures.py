"""What can go wrong with the database. Each message is one line that names the database and never a password."""

from __future__ import annotations

from metrics_dictionary.ping.failure import MetricFailed, SourceUnavailableError
from metrics_dictionary.tools.errors import OperationalError


class DatabaseError(MetricFailed, OperationalError):
    """The database refuses a statement or answers with something that is no number."""


class StatementTimeout(DatabaseError):  # noqa: N818 - it says what happened
    """A statement took longer than it may, and cannot be split into shorter ones."""


class DatabaseUnavailableError(DatabaseError, SourceUnavailableError):
    """The database is away: not there, not reachable, locked, damaged, shutting down."""
