"""The measurement of one metric: its value, or why it has none."""

from __future__ import annotations

from dataclasses import dataclass

from metrics_dictionary.tools.errors import UnavailableError

MAX_REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Measurement:
    """``value`` is plain JSON data; ``elapsed`` is in seconds.

    ``failure`` is None, or why there is no value: ``value`` is then the fallback of the metric's data source.
    ``incomplete`` is None, or what the value lacks.
    """

    key_path: str
    value: object
    elapsed: float
    failure: str | None = None
    incomplete: str | None = None


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A value that does not hold all that it should, and the sentence that says what it lacks."""

    value: object
    lacks: str


class MetricFailed(Exception):  # noqa: N818 - it says what happened, and no caller sees it
    """One metric could not be computed. The message says why and what to do, in one line."""


class SourceUnavailableError(MetricFailed, UnavailableError):
    """The source of the metric does not answer, and would not answer for the next metric either."""


class TimeLimitReached(MetricFailed):
    """The time of the whole collection is over, before or while the metric was computed."""


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
