"""The smallest and the largest value of a column, and whether it has an index, cached for all metrics."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics_dictionary.ping.database.catalogs import select_is_indexed
from metrics_dictionary.ping.database.database import DatabaseError, DatabaseUnavailableError, TableLocked
from metrics_dictionary.ping.query.sql import select_any_value, select_bounds

if TYPE_CHECKING:
    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.ping.query.relation import Column

CACHE_SECONDS = 600.0
"""Bounds only say where to split a table: old ones make a batch too large, never a value wrong."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both belong to the range. ``finish`` is at least ``start``."""

    start: int
    finish: int

    @property
    def span(self) -> int:
        """How many whole numbers there are in the range."""
        return self.finish - self.start + 1


class BoundsCache:
    """The bounds of the columns of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[Column, tuple[float, Bounds | None]] = {}
        self._indexed: dict[Column, bool] = {}
        self._whole: dict[Column, bool] = {}
        self._lock = threading.Lock()

    def of(self, column: Column) -> Bounds | None:
        """Return the bounds of a column; None where there is nothing to split.

        That is: no whole numbers, no rows, no such column, or bounds that take too long to find. Raises
        DatabaseUnavailableError.
        """
        with self._lock:
            asked, bounds = self._cache.get(column, (-CACHE_SECONDS, None))
            if time.monotonic() - asked >= CACHE_SECONDS:
                bounds = self._ask(column)
                self._cache[column] = (time.monotonic(), bounds)
            return bounds

    def is_whole(self, column: Column) -> bool:
        """Return whether a row of the column holds a whole number. Raises DatabaseUnavailableError."""
        with self._lock:
            if column not in self._whole:
                try:
                    value = next(iter(self._database.rows(select_any_value(column))), (None,))[0]
                except (DatabaseUnavailableError, TableLocked):
                    raise
                except DatabaseError:
                    value = None
                self._whole[column] = type(value) is int
            return self._whole[column]

    def is_indexed(self, column: Column) -> bool:
        """Return whether an index finds the column's values in order. Raises DatabaseError and its kinds."""
        with self._lock:
            if column not in self._indexed:
                ((found,),) = self._database.rows(select_is_indexed(self._database.adapter, column))
                self._indexed[column] = bool(found)
            return self._indexed[column]

    def _ask(self, column: Column) -> Bounds | None:
        try:
            ((start, finish),) = self._database.rows(select_bounds(column))
        except (DatabaseUnavailableError, TableLocked):
            raise
        except DatabaseError:
            return None
        return Bounds(start, finish) if type(start) is type(finish) is int else None
