"""Why a metric has no value, and what stands in its place."""

from __future__ import annotations

from metrics_dictionary.tools.errors import UnavailableError

FAILED = -1
"""Stands for a value that could not be computed: a timeout, a failure, nothing that could be asked."""

COUNTER_FAILED = -2
"""Stands for the value of a counter that could not be read."""

SQL_LEFT_OUT = -3
"""Stands for every value that takes SQL, where only the others are listed."""

MAX_REASON_LENGTH = 500


class MetricFailed(Exception):  # noqa: N818 - it says what happened, and no caller sees it
    """One metric could not be computed. The message says why and what to do, in one line."""


class SourceUnavailableError(MetricFailed, UnavailableError):
    """What was asked does not answer, and would not answer for the next metric either."""


def reason(error: BaseException) -> str:
    """Return why a metric failed, in one line: the message of an error of ours, with the kind of any other."""
    try:
        message = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the error is anybody's, and so is what makes its message
        message = ""
    if not isinstance(error, MetricFailed) and not _ours(error):
        message = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return message[:MAX_REASON_LENGTH]


def _ours(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] == __name__.split(".", maxsplit=1)[0]
