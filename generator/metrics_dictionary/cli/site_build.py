"""A build of the site in a process of its own: the server beside it goes on answering, and never forks its threads."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metrics_dictionary.cli.console import progress
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.validation.validate import Validation

LOOK_SECONDS = 0.1
"""How often it is looked whether somebody wants the waiting to end."""

CLEANUP_SECONDS = 5.0
"""How long a build that is ended may take to remove what it has written."""


class AbandonedError(Exception):
    """Nobody waits for the build any more."""


class RefusedError(Exception):
    """The definitions have errors, and the old site stays: ``diagnostics`` are the findings."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics


@dataclass(frozen=True)
class Built:
    """How a build ended: what is wrong with the definitions, and what of their history is missing, in one line."""

    diagnostics: Sequence[Diagnostic]
    loss: str


class SiteBuild:
    """A build that is under way. Leaving its context ends it, and may be done twice."""

    def __init__(
        self,
        roots: tuple[Path, ...],
        output: Path,
        *,
        product_groups: Path | None,
        repository_url: str | None,
        refuse_errors: bool = False,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start it. The options are those of BuildOptions; ``refuse_errors`` leaves the old site where there are any.

        ``abandoned`` says whether to stop waiting for it.
        """
        self._abandoned = abandoned
        context = multiprocessing.get_context("spawn")
        self._connection, sending = context.Pipe(duplex=False)
        arguments = (sending, roots, output, product_groups, repository_url, refuse_errors)
        # Not a daemon: it shares its own work out among processes.
        self._process = context.Process(target=_build, args=arguments, name="site build")
        with _no_interrupts():
            self._process.start()
        sending.close()

    def __enter__(self) -> SiteBuild:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join(CLEANUP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def dictionary(self) -> Dictionary:
        """Wait until the definitions are read and checked; to be called once.

        Raises RefusedError where errors are refused, and what `finish` raises.
        """
        dictionary: Dictionary = self._received()
        return dictionary

    def finish(self) -> Built:
        """Wait until the site is in its place; to be called after `dictionary`.

        Raises OperationalError when the build fails, AbandonedError when nobody waits for it any more.
        """
        built: Built = self._received()
        return built

    def _received(self) -> Any:
        while not self._connection.poll(LOOK_SECONDS):
            if self._abandoned():
                raise AbandonedError
        try:
            result = self._connection.recv()
        except (EOFError, OSError):
            raise OperationalError(
                "the process that builds the site was ended before it was done; is the machine short of memory?"
            ) from None
        if isinstance(result, Exception):
            raise result
        return result


def _build(
    connection: Connection,
    roots: tuple[Path, ...],
    output: Path,
    product_groups: Path | None,
    repository_url: str | None,
    refuse_errors: bool,
) -> None:
    from metrics_dictionary.site.build.build import BuildOptions, build

    def checked(validation: Validation) -> None:
        if refuse_errors and any(one.severity is Severity.ERROR for one in validation.diagnostics):
            raise RefusedError(validation.diagnostics)
        connection.send(validation.dictionary)

    # Ctrl-C goes to all processes of a terminal; the server ends this one. A build that is ended cleans up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            with progress("Building the site:") as draw:
                options = BuildOptions(product_groups=product_groups, repository_url=repository_url)
                report = build(roots, output, options, draw, checked)
                end: Built | Exception = Built(report.diagnostics, report.loss)
        except (OperationalError, RefusedError) as error:
            end = error
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself now
        connection.send(end)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from a process that is being started, until it says that it does not want it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
