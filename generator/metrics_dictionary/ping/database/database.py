"""What every database can do, and how it can fail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from metrics_dictionary.ping.measurement import MetricFailed, SourceUnavailableError, TimeLimitReached
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.sketch import Sketch
    from metrics_dictionary.ping.query.relation import Relation

Number = int | float


class Database(Protocol):
    """A database that is only read. It connects when it is first asked, and again after it has lost the connection.

    Every method may be called from any thread; one statement runs at a time. All but ``close`` raise
    DatabaseUnavailableError, StatementTimeout, DatabaseError and TimeLimitReached.

    ``deadline`` is a moment of ``time.monotonic``, which ends a statement that still runs and refuses every later one;
    it is infinite until a collection sets it.
    """

    deadline: float

    @property
    def adapter(self) -> str:
        """The name of the product, in small letters: ``sqlite`` or ``postgresql``."""

    @property
    def statement_timeout(self) -> float:
        """The seconds that a single statement may take."""

    def version(self) -> str:
        """Return the version of the product, such as ``15.8``."""

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return all rows of a single statement."""

    def sketch(self, relation: Relation) -> Sketch:
        """Return the sketch of the values of the relation's column, read with one statement."""

    def compute(self, relation: Relation) -> Number | None:
        """Return the value of a relation whose time window is settled; a sum of nothing is 0, an average None.

        It is that of the relation's own statement, though large tables are read in batches, whose ends are kept for
        the next metric. An estimate of a large table is within 5 % of it.
        """

    def close(self) -> None:
        """Close the connection; the next statement opens it again."""


def allowed_seconds(database: Database) -> float:
    """Return how long a statement may take that begins now. Raises TimeLimitReached after the deadline."""
    left = database.deadline - time.monotonic()
    if left <= 0:
        raise TimeLimitReached
    return min(database.statement_timeout, left)


class DatabaseError(MetricFailed, OperationalError):
    """The database refuses a statement or answers with something that is not a number.

    Each message is one line that names the database and never a password.
    """


class TableLocked(DatabaseError):  # noqa: N818 - it says what happened
    """Another session has locked the table for longer than a statement waits; smaller batches do not help."""


class StatementTimeout(DatabaseError):  # noqa: N818 - it says what happened
    """A statement took longer than it may, and cannot be split into shorter ones."""


class SumOverflow(DatabaseError):  # noqa: N818 - it says what happened
    """A sum exceeds the 64 bits that the database calculates with."""


class DatabaseUnavailableError(DatabaseError, SourceUnavailableError):
    """The database is not there, not reachable, locked, damaged, or shutting down."""
