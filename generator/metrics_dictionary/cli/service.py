"""One `serve`, from listening to leaving: it loads, builds, serves, reloads and drains, by its signals.

The main thread waits for signals and does what they ask for. The server's loop runs beside it, from the start: while
the definitions are loaded, liveness is answered and everything else is told to come back.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.console import error_lines
from metrics_dictionary.cli.options import opened_store
from metrics_dictionary.cli.site_build import AbandonedError, RefusedError, SiteBuild
from metrics_dictionary.server.api.starting import StartingRouter
from metrics_dictionary.server.lifecycle import Lifecycle, Phase
from metrics_dictionary.server.transport.access_log import log_notice, logging_as_lines
from metrics_dictionary.server.transport.server import Server, ServerOptions
from metrics_dictionary.settings import NEEDS_RESTART, unknown_variables
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.garbage import collect_seldom
from metrics_dictionary.tools.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import FrameType

    from metrics_dictionary.dictionary.diagnostic import Diagnostic
    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.server.api.router import Router
    from metrics_dictionary.server.application import Application
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import Store

SWITCH_SECONDS = 0.0005
"""How long a thread that computes may keep the others from running."""

MAX_DRAIN_SECONDS = 3_600.0

SIGHUP = getattr(signal, "SIGHUP", None)
"""None where there is no such signal."""


@dataclass(frozen=True)
class Plan:
    """What to serve: read when the server starts, and again whenever it is told to reload.

    ``site`` is the folder that the site is built into.
    """

    settings: Callable[[], Settings]
    roots: Callable[[], tuple[Path, ...]]
    site: Path
    product_groups: Path | None


class Service:
    """One server process at work. ``prepare`` gets the application and the server's address before it is served."""

    def __init__(self, plan: Plan, prepare: Callable[[Application, str], None] | None = None) -> None:
        self._plan = plan
        self._prepare = prepare
        self._lifecycle = Lifecycle(Phase.LOADING)
        self._signals: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._stop_signal: int | None = None
        self._second_signal: int | None = None
        self._had_terminal = sys.stdin is not None and sys.stdin.isatty()
        self._background = ExitStack()
        self._failure: Exception | None = None

    def run(self) -> None:
        """Serve until a signal ends it. Raises OperationalError for what keeps it from starting."""
        try:
            with logging_as_lines():
                self._run()
        except KeyboardInterrupt:
            if self._second_signal is None:
                raise
            log_notice("warning", "stopped at once by a second signal: calls that had begun may be without an answer")
            raise click.exceptions.Exit(128 + self._second_signal) from None
        if self._stop_signal == signal.SIGTERM:
            log_notice("info", "stopped")

    def _run(self) -> None:
        if SIGHUP is not None:
            signal.signal(SIGHUP, self._hear)  # its default would end a server that is not ready yet
        # Answers must not wait for five milliseconds, time and again, while a payload is being computed.
        sys.setswitchinterval(SWITCH_SECONDS)
        settings = self._plan.settings()
        drain_seconds(settings)
        for text in unknown_variables():
            log_notice("warning", text)
        with Server(ServerOptions.of(settings)) as server, ExitStack() as stack:
            server.router = StartingRouter(settings)
            loop = threading.Thread(target=self._run_loop, args=(server,), name="loop", daemon=True)
            loop.start()
            stack.callback(_end, server, loop)
            site_build = stack.enter_context(self._site_build(settings))
            store = stack.enter_context(closing(opened_store(settings, announce=False)))
            store.check()
            stack.enter_context(self._background)
            self._start(server, store, settings, site_build)
            settings = self._serve(server, store, settings)
            self._drain(settings)
            server.request_stop()
            loop.join()
        if self._failure is not None:
            raise self._failure

    def _start(self, server: Server, store: Store, settings: Settings, site_build: SiteBuild) -> None:
        """Take the definitions that a build reads, wait for the site, and say where it is."""
        with site_build:
            dictionary = site_build.dictionary()
            application, router = self._application(settings, dictionary, store)
            if self._prepare is not None:
                self._prepare(application, server.url)
            self._background.enter_context(application.background_threads())
            self._lifecycle.enter(Phase.BUILDING)
            server.router = router
            built = site_build.finish()
        _log_errors(built.diagnostics)
        if built.loss:
            log_notice("warning", built.loss)
        self._lifecycle.enter(Phase.SERVING)
        collect_seldom()
        # Before anybody is told how to stop the server: until then, Ctrl-C ends the command with an error.
        signal.signal(signal.SIGINT, self._hear)
        signal.signal(signal.SIGTERM, self._hear)
        click.echo(f"Serving {_counts(dictionary)} on {server.url}")
        click.echo(f"Combined definitions: {server.url}api/v4/usage_data/metric_definitions")
        if sys.stdout.isatty():
            click.echo("Press Ctrl-C to stop.")

    def _serve(self, server: Server, store: Store, settings: Settings) -> Settings:
        """Reload at each SIGHUP, until a signal says to stop; return the settings in force then."""
        while (signal_number := self._signals.get()) is not None and self._stop_signal is None:
            if signal_number == SIGHUP and not self._terminal_is_gone():
                settings = self._reload(server, store, settings)
            else:
                break
        return settings

    def _reload(self, server: Server, store: Store, settings: Settings) -> Settings:
        """Take over what has changed, all of it or nothing; return the settings in force."""
        log_notice("info", "reloading the definitions, the settings and the certificate")
        with ExitStack() as background:
            try:
                new = self._plan.settings()
                drain_seconds(new)
                options = ServerOptions.of(new)
                with self._site_build(new, refuse_errors=True) as site_build:
                    dictionary = site_build.dictionary()
                    application, router = self._application(new, dictionary, store)
                    background.enter_context(application.background_threads())
                    site_build.finish()
            except AbandonedError:
                return settings
            except (RefusedError, OperationalError) as error:
                why = str(error)
                if isinstance(error, RefusedError):
                    _log_errors(error.diagnostics)
                    why = "the definitions have errors; correct them and reload again"
                self._lifecycle.reloaded(is_successful=False)
                log_notice("error", f"nothing is reloaded: {why}")
                return settings
            server.reconfigure(options)
            server.router = router
            collect_seldom()
            self._background.close()
            self._background.push(background.pop_all())
        late = sorted(name for name in NEEDS_RESTART if new.values[name] != settings.values[name])
        if late:
            log_notice(
                "warning", f"a restart is needed for {listed(late, 'and')}: the old value is in force until then"
            )
        self._lifecycle.reloaded(is_successful=True)
        log_notice("info", f"reloaded: {_counts(dictionary)}")
        return replace(new, values={**new.values, **{name: settings.values[name] for name in NEEDS_RESTART}})

    def _drain(self, settings: Settings) -> None:
        """Say that this server is not ready any more, and serve on until balancers have noticed."""
        self._lifecycle.enter(Phase.DRAINING)
        if self._stop_signal == signal.SIGTERM:
            seconds = drain_seconds(settings)
            log_notice("info", f"SIGTERM: readiness answers 503; requests are served for {seconds:g} more seconds")
            try:
                self._signals.get(timeout=seconds)
            except queue.Empty:
                return

    def _application(self, settings: Settings, dictionary: Dictionary, store: Store) -> tuple[Application, Router]:
        # Imported while the definitions are being read: liveness is answered before that.
        from metrics_dictionary.server.api.router import Router
        from metrics_dictionary.server.application import Application

        application = Application.opened(settings, dictionary, store, self._plan.site, self._lifecycle)
        return application, Router(application)

    def _site_build(self, settings: Settings, *, refuse_errors: bool = False) -> SiteBuild:
        return SiteBuild(
            self._plan.roots(),
            self._plan.site,
            product_groups=self._plan.product_groups,
            repository_url=settings.string("repository_url"),
            refuse_errors=refuse_errors,
            abandoned=lambda: self._stop_signal is not None,
        )

    def _hear(self, signal_number: int, _frame: FrameType | None) -> None:
        """Hand a signal to the main thread's turn. A second one to stop does not wait for requests that have begun."""
        if signal_number != SIGHUP:
            self._stop_signal = signal_number
            signal.signal(signal.SIGINT, self._stop_at_once)
            signal.signal(signal.SIGTERM, self._stop_at_once)
        self._signals.put(signal_number)

    def _stop_at_once(self, signal_number: int, frame: FrameType | None) -> None:
        self._second_signal = signal_number
        interrupt(signal_number, frame)

    def _terminal_is_gone(self) -> bool:
        """Whether SIGHUP means what it meant first: the terminal, in which the command runs, was closed."""
        return self._had_terminal and not os.isatty(0)

    def _run_loop(self, server: Server) -> None:
        try:
            server.serve_forever()
        except Exception as bug:  # noqa: BLE001 - the main thread raises it
            self._failure = bug
        self._signals.put(None)


def drain_seconds(settings: Settings) -> float:
    """Return the setting `server.drain_seconds`. Raises OperationalError for a value that it cannot have."""
    seconds = settings.number("server.drain_seconds")
    if not 0 <= seconds <= MAX_DRAIN_SECONDS:
        raise OperationalError(
            f"server.drain_seconds must be a number from 0 to {MAX_DRAIN_SECONDS:g}, not {seconds:g}"
        )
    return seconds


def interrupt(_signum: int, _frame: FrameType | None) -> None:
    """End the command as Ctrl-C does: what has to be cleaned up is."""
    raise KeyboardInterrupt


def _end(server: Server, loop: threading.Thread) -> None:
    """End the loop of a server that is left early: nothing is waited for."""
    server.request_stop(seconds=0)
    loop.join(1.0)


def _log_errors(diagnostics: Iterable[Diagnostic]) -> None:
    for line in error_lines(diagnostics):
        log_notice("error", line)


def _counts(dictionary: Dictionary) -> str:
    return f"{counted(len(dictionary.expanded), 'metric')} and {counted(len(dictionary.events), 'event')}"
