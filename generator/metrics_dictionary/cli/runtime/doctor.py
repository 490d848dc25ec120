"""``metrics-dictionary doctor``: what is wrong with an installation, and what to do about it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import sqlite3
import ssl
import stat
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.options import (
    definitions_roots,
    format_option,
    has_store,
    opened_store,
    setting_options,
    settings_of,
)
from metrics_dictionary.dictionary.diagnostic import Severity
from metrics_dictionary.settings import BY_NAME, SettingsError, unknown_variables
from metrics_dictionary.tools.addresses import SQLITE, shown_address, sqlite_path, web_address
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.text import abridged, counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from metrics_dictionary.ping.database.database import Database
    from metrics_dictionary.settings import Settings
    from metrics_dictionary.stores.store import OutboxState, Store
    from metrics_dictionary.validation.validate import Validation

CONNECT_SECONDS = 3.0
MIN_FREE_BYTES = 100 * 1024 * 1024
"""Room on the store's disk below which something has to be done before it is full."""

SHOWN_TABLES = 3

SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


@dataclass(frozen=True)
class Finding:
    """What a look at one thing found. ``status`` is a key of SIGNS; ``advice`` says what to do, empty for nothing."""

    check: str
    status: str
    text: str
    advice: str = ""


@dataclass(frozen=True)
class Installation:
    """What is looked at. ``validation`` and ``store`` are None where there is none, or none that can be read."""

    settings: Settings
    settings_file: Path | None
    roots: tuple[Path, ...]
    validation: Validation | None = None
    store: Store | None = None


@click.command("doctor")
@click.option(
    "--definitions",
    "roots",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="ROOT",
    help=BY_NAME["definitions"].help,
)
@setting_options("store", "database", "collector")
@format_option(("text", "json"), "How the findings are written.")
def command(*, roots: tuple[Path, ...], settings_file: Path | None, style: str, **given: str | int | None) -> None:
    """Look at the settings, definitions, database, store, collector, flags, clock and files, and say what to do.

    It makes no file and no store, sends no event, and shows no password and no token. Exit status 1: something is a
    problem.

    \b
    Examples:
      metrics-dictionary doctor --settings /etc/metrics-dictionary/settings.toml
      metrics-dictionary doctor --format json
    """
    findings = _examine(settings_file, roots, given)
    if style == "json":
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{SIGNS[finding.status]:8} {finding.check}: {printable(finding.text)}")
            if finding.advice:
                click.echo(f"{'':8} {printable(finding.advice)}")
    if any(finding.status == "problem" for finding in findings):
        raise click.exceptions.Exit(1)


def _examine(settings_file: Path | None, roots: tuple[Path, ...], given: dict[str, str | int | None]) -> list[Finding]:
    from metrics_dictionary.validation.validate import validate

    unknown = [Finding("settings", "warning", text) for text in unknown_variables()]
    try:
        settings, roots = settings_of(settings_file, **given), roots or definitions_roots(settings_file)
    except OperationalError as error:
        problems = error.problems if isinstance(error, SettingsError) else (str(error),)
        advice = "Nothing else can be looked at before this is right."
        return [*(Finding("settings", "problem", problem, advice) for problem in problems), *unknown]
    wrong = [Finding("settings", "problem", problem) for problem in _what_serve_refuses(settings)]
    findings = [*wrong, *unknown] or [Finding("settings", "ok", "every setting makes sense")]
    at = Installation(settings, settings_file, roots)
    try:
        at = replace(at, validation=validate(roots))
    except OperationalError as error:
        findings.append(Finding("definitions", "problem", str(error)))
    for name, look in LOOKS.items():
        findings += _looked(name, look, at)
    if not any(finding.check == "store" and finding.status == "problem" for finding in findings) and _is_kept(at):
        findings += _looked("store", _inside, at)
    findings += _looked("collector", _collector, at)
    return findings


def _looked(name: str, look: Callable[[Installation], Iterator[Finding]], at: Installation) -> list[Finding]:
    """Return what a look finds; what keeps it from looking is a problem as well."""
    try:
        return list(look(at))
    except OperationalError as error:
        return [Finding(name, "problem", str(error))]


def _what_serve_refuses(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with each setting with which a server does not start."""
    from metrics_dictionary.cli.service import drain_seconds
    from metrics_dictionary.events.tracking import IntakeRules
    from metrics_dictionary.ping.collect.publication import limits
    from metrics_dictionary.server.api.networks import Networks, TrustedProxies
    from metrics_dictionary.server.api.rate_limits import RateLimits
    from metrics_dictionary.server.transport.server import tls_context

    def networks(settings: Settings) -> object:
        return Networks(settings.strings("server.trusted_networks"), "server.trusted_networks")

    def proxies(settings: Settings) -> object:
        return TrustedProxies(settings.strings("server.trusted_proxies"))

    def certificate(settings: Settings) -> object:
        chain = settings.string("server.tls_certificate")
        return chain and tls_context(chain, settings.string("server.tls_key"))

    uses: tuple[Callable[[Settings], object], ...] = (
        *(drain_seconds, IntakeRules.of, limits, networks, proxies, RateLimits, certificate),
    )
    for use in uses:
        try:
            use(settings)
        except OperationalError as error:
            yield str(error)


def _definitions(at: Installation) -> Iterator[Finding]:
    if at.validation is None:
        return
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in at.validation.diagnostics)
    dictionary = at.validation.dictionary
    text = f"{counted(len(dictionary.expanded), 'metric')} and {counted(len(dictionary.events), 'event')}"
    if errors:
        command = shlex.join(["metrics-dictionary", "validate", *map(str, at.roots)])
        advice = f"Run `{command}`: it says where, and what to do."
        yield Finding("definitions", "problem", f"{text}, {counted(errors, 'error')}", advice)
    else:
        yield Finding("definitions", "ok", f"{text}, no errors")


def _database(at: Installation) -> Iterator[Finding]:
    """Ask the database for the tables that metrics read: a file that is not a database answers `SELECT 1`."""
    from metrics_dictionary.ping.database.catalogs import CATALOGS
    from metrics_dictionary.ping.database.database import DatabaseUnavailableError
    from metrics_dictionary.ping.database.open_database import open_database
    from metrics_dictionary.ping.measurement import MetricFailed

    url = at.settings.string("database")
    if not url:
        needing = _of_source(at, "database")
        if needing:
            text = f"none is configured: {counted(needing, 'metric')} will have the value -1"
            yield Finding("database", "warning", text, "Name it with the setting `database`.")
        elif at.validation is not None:
            yield Finding("database", "ok", "none is configured, and no metric needs one")
        return
    shown = shown_address(url)
    with closing(open_database(url, statement_timeout=at.settings.number("ping.statement_timeout"))) as database:
        try:
            # Also where no metric names a table: what is not a database has no catalog.
            is_empty = not database.rows(CATALOGS[database.adapter]["tables"])
            present, missing = _tables(database, _tables_read(at))
        except MetricFailed as error:
            file = url.startswith(SQLITE) and isinstance(error, DatabaseUnavailableError)
            advice = "Look whether it runs, and whether the setting `database` names the right one and its user."
            if file:
                advice = "Look whether the setting `database` names the application's file, and whether it is damaged."
            yield Finding("database", "problem", f"{shown}: {error}", advice)
            return
        about = f"{shown} answers: {database.adapter} {database.version()}"
    advice = "Look whether the setting `database` names the application's database, and what its user may read."
    if is_empty and not missing and not present:
        yield Finding("database", "warning", f"{about}; it has no table", advice)
    elif missing:
        few = abridged(missing, SHOWN_TABLES)
        of = f"{len(missing)} of the {counted(len(missing) + present, 'table')} that metrics read cannot be read: {few}"
        yield Finding("database", "warning" if present else "problem", f"{about}; {of}", advice)
    else:
        tables = (
            f"every table that metrics read is there ({present})"
            if present
            else "the definitions do not say which of its tables metrics read"
        )
        yield Finding("database", "ok", f"{about}; {tables}")


def _tables(database: Database, names: Iterable[str]) -> tuple[int, list[str]]:
    """Return how many of the tables can be read, and the names of the others.

    Raises DatabaseUnavailableError and StatementTimeout.
    """
    from metrics_dictionary.ping.database.database import DatabaseError, DatabaseUnavailableError, StatementTimeout
    from metrics_dictionary.ping.query.sql import quoted_table

    present, missing = 0, []
    for name in names:
        try:
            database.rows(f"SELECT 1 FROM {quoted_table(name)} LIMIT 0")  # noqa: S608 - quoted
            present += 1
        except (DatabaseUnavailableError, StatementTimeout):
            raise
        except DatabaseError:
            missing.append(name)
    return present, missing


def _tables_read(at: Installation) -> list[str]:
    """Return the names of the tables that live metrics begin with."""
    from metrics_dictionary.ping.query.entry import InstrumentationError
    from metrics_dictionary.ping.query.resolution import resolve

    if at.validation is None:
        return []
    dictionary, names = at.validation.dictionary, set()
    for metric in dictionary.expanded.values():
        instrumentation = dictionary.instrumentation_of(metric)
        if instrumentation is None or instrumentation.source != "database" or metric.removed:
            continue
        with suppress(InstrumentationError):  # a finding about the definitions
            names.add(resolve(instrumentation, metric).rows.table)
    return sorted(names)


def _of_source(at: Installation, source: str) -> int:
    metrics = () if at.validation is None else at.validation.dictionary.expanded.values()
    return sum(metric.data_source == source and not metric.removed for metric in metrics)


def _prometheus(at: Installation) -> Iterator[Finding]:
    from metrics_dictionary.ping.measurement import MetricFailed
    from metrics_dictionary.ping.sources.prometheus import Prometheus

    url, needing = at.settings.string("prometheus"), _of_source(at, "prometheus")
    if not url:
        if needing:
            text = f"none is configured: {counted(needing, 'metric')} will have the value -1"
            yield Finding("prometheus", "warning", text, "Name it with the setting `prometheus`.")
        elif at.validation is not None:
            yield Finding("prometheus", "ok", "none is configured, and no metric needs one")
        return
    try:
        Prometheus(url, CONNECT_SECONDS).first_value("vector(1)")
    except MetricFailed as error:
        advice = "Look whether it runs, and whether the setting `prometheus` names it."
        yield Finding("prometheus", "problem", f"{shown_address(url)}: {error}", advice)
    else:
        yield Finding("prometheus", "ok", f"{shown_address(url)} answers queries")


def _files(at: Installation) -> Iterator[Finding]:
    found = [*_logs(at.settings), *_secret_files(at)]
    yield from found or [Finding("files", "ok", "what is written can be written, and what is secret is the owner's")]


def _logs(settings: Settings) -> Iterator[Finding]:
    for name in ("server.access_log", "audit_log"):
        target = settings.string(name)
        if (
            target
            and target != "-"
            and not os.access(target if Path(target).exists() else Path(target).parent, os.W_OK)
        ):
            advice = f"Make its folder, give it to the user that runs the server, or set {name} differently."
            yield Finding("files", "problem", f"{target}: the file of {name} cannot be written", advice)


def _secret_files(at: Installation) -> Iterator[Finding]:
    """Name files with secrets in them that other users can read."""
    named = {"the key of the certificate": at.settings.string("server.tls_key")}
    url = at.settings.string("store") or ""
    if url.startswith(SQLITE):
        named["the store, which holds the tokens' digests"] = str(sqlite_path(url))
    if at.settings_file is not None:
        named["the settings, where passwords may stand"] = str(at.settings_file)
    for what, file in named.items():
        if file and Path(file).exists() and stat.S_IMODE(Path(file).stat().st_mode) & 0o044:
            yield Finding(
                "files", "warning", f"{file}: other users can read {what}", f"Run `chmod go-rwx {printable(file)}`."
            )


def _store(at: Installation) -> Iterator[Finding]:
    """Look at the store without a change to it: whether there is one, and of which release."""
    url = at.settings.string("store") or ""
    shown = shown_address(url)
    if not url.startswith(SQLITE):
        return
    path = sqlite_path(url)
    if not has_store(at.settings):
        folder = path.parent if path.parent.exists() else path.parent.parent
        if path.parent.exists() or path == sqlite_path("sqlite:///var/store.db"):
            status = "warning" if os.access(folder, os.W_OK) else "problem"
            advice = (
                "The first server makes it." if status == "warning" else "Let the server's user write to the folder."
            )
            yield Finding("store", status, f"{shown}: there is no store yet", advice)
        else:
            yield Finding("store", "problem", f"{shown}: its folder does not exist", f"Make the folder {path.parent}.")
        return
    yield from _schema(path)
    free = shutil.disk_usage(path.parent).free
    if free < MIN_FREE_BYTES:
        text = f"{path.parent}: {free // 1024**2} MiB are free; a full disk refuses every event"
        yield Finding("store", "problem", text, "Make room.")


def _schema(path: Path) -> Iterator[Finding]:
    from metrics_dictionary.stores.sqlite_schema import MIGRATIONS

    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        text = f"{path}: this user cannot write to the file and its folder"
        yield Finding("store", "problem", text, "Run this as the user that runs the server, or give that user both.")
        return
    try:
        version = _version(path)
    except sqlite3.Error as error:
        advice = "Restore a backup with `store restore`, or set the file aside: `metrics-dictionary store set-aside`."
        yield Finding("store", "problem", f"{path}: the file cannot be read: {error}", advice)
        return
    if version < len(MIGRATIONS):
        text = f"{path}: an earlier release wrote it; a server that starts brings it forward"
        yield Finding("store", "warning", text, "Keep a copy of the file until then.")


def _version(path: Path) -> int:
    """Return the version of a store's file, and leave nothing beside it; raises sqlite3.Error."""
    # One that is opened to be read only leaves its files for WAL mode behind.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _is_kept(at: Installation) -> bool:
    """Whether there is a store that can be opened without a change to it."""
    from metrics_dictionary.stores.sqlite_schema import MIGRATIONS

    url = at.settings.string("store") or ""
    return not url.startswith(SQLITE) or (has_store(at.settings) and _version(sqlite_path(url)) >= len(MIGRATIONS))


def _inside(at: Installation) -> Iterator[Finding]:
    """Open the store and look at what is in it, if a server has used it."""
    from metrics_dictionary.stores.store import IDENTIFIER

    with closing(opened_store(at.settings, create=False)) as store:
        opened = replace(at, store=store)
        store.check()
        yield from _writable(opened)
        if store.state(IDENTIFIER) is not None:
            for name, look in LOOKS_INTO_STORE.items():
                yield from _looked(name, look, opened)


def _writable(at: Installation) -> Iterator[Finding]:
    from metrics_dictionary.stores.store import IDENTIFIER

    if at.store is None:
        return
    shown = shown_address(at.settings.string("store") or "")
    if at.store.state(IDENTIFIER) is None:
        advice = "The first server prepares it. If another one is meant, name that one, or restore a backup."
        yield Finding("store", "warning", f"{shown}: it is empty", advice)
        return
    at.store.probe()
    yield Finding("store", "ok", f"{shown}: it can be read and written")
    for warning in at.store.warnings():
        if warning != at.store.clock_warning():
            yield Finding("store", "warning", warning)


def _outbox(at: Installation) -> Iterator[Finding]:
    from metrics_dictionary.events.sender import outbox_warnings

    if at.store is None:
        return
    state = at.store.outbox_state()
    if state.waiting and not at.settings.string("collector"):
        text = f"{counted(state.waiting, 'event')} for a collector, and none is configured"
        yield Finding("outbox", "warning", text, "Name it with the setting `collector`.")
    limit = int(at.settings.number("events.outbox_limit"))
    if state.depth >= limit:
        yield _full(at, state, limit)
        return
    warnings = list(outbox_warnings(state, limit))
    for warning in warnings:
        yield Finding("outbox", "warning", warning)
    if not warnings:
        yield Finding("outbox", "ok", f"{counted(state.depth, 'event')}, of which none is a dead letter")


def _full(at: Installation, state: OutboxState, limit: int) -> Finding:
    """Say what becomes of events for the collector while there is no room for them."""
    text = f"it is full, with {counted(limit, 'event')}, {state.dead_letters:,} of them dead letters"
    advice = "Look at the collector, and `metrics-dictionary outbox list`; `outbox drop` makes room."
    if at.settings.string("events.outbox_full") == "drop":
        return Finding("outbox", "problem", f"{text}: events are counted and never sent to the collector", advice)
    return Finding("outbox", "problem", f"{text}: calls with an event for the collector are refused with 503", advice)


def _payload(at: Installation) -> Iterator[Finding]:
    from metrics_dictionary.ping.collect.payload import failures
    from metrics_dictionary.tools.clock import iso

    if at.store is None:
        return
    payload = at.store.payload()
    if payload is None:
        advice = "A server collects the first one when it starts; so does `metrics-dictionary ping generate`."
        if not at.settings.flag("ping.enabled"):
            advice = "`ping.enabled` is false: `metrics-dictionary ping generate` collects one, and no server does."
        yield Finding("payload", "warning", "none was collected yet", advice)
        return
    failed = len(failures(payload))
    text = f"the last one is of {iso(payload.recorded_at)}"
    if failed:
        advice = "`metrics-dictionary ping show --failures` says why."
        yield Finding("payload", "warning", f"{text}; {counted(failed, 'metric')} failed", advice)
    else:
        yield Finding("payload", "ok", f"{text}; no metric failed")


def _flags(at: Installation) -> Iterator[Finding]:
    if at.store is None:
        return
    forced = at.settings.forced_flags
    flags = {**at.store.flags(), **forced}
    on = [f"{name} ({'settings' if name in forced else 'flag command'})" for name, is_on in flags.items() if is_on]
    yield Finding(
        "flags", "ok", f"on: {listed(on)}" if on else "all are off: GET queries and non_sql_metrics answer 404"
    )


def _tokens(at: Installation) -> Iterator[Finding]:
    if at.store is None:
        return
    tokens = at.store.tokens()
    today = at.store.estimated_now().date()
    valid = [token for token in tokens if token.expires is None or token.expires > today]
    if valid:
        yield Finding("tokens", "ok", f"{counted(len(valid), 'valid token')}")
    else:
        expired = f"; {counted(len(tokens), 'token')} expired" if tokens else ""
        advice = "Make one: `metrics-dictionary token create --user ID --scopes api`."
        yield Finding("tokens", "warning", f"there is no valid one{expired}: nobody can track events", advice)


def _clock(at: Installation) -> Iterator[Finding]:
    if at.store is None:
        return
    at.store.trusted_now()
    warning = at.store.clock_warning()
    if warning:
        yield Finding("clock", "warning", warning, "Compare the clock of this machine with a time server.")
    else:
        yield Finding("clock", "ok", "it agrees with the time that the store keeps")


def _collector(at: Installation) -> Iterator[Finding]:
    """Connect, and send nothing: an event that nobody reported must not be counted anywhere."""
    url = at.settings.string("collector")
    if not url:
        yield Finding("collector", "ok", "none is configured: no event is sent")
        return
    address = web_address(url, "http://127.0.0.1:9090", "the collector's address")
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.host, port), timeout=CONNECT_SECONDS) as connection:
            if address.scheme == "https":
                ssl.create_default_context().wrap_socket(connection, server_hostname=address.host).close()
    except (OSError, ValueError) as error:
        advice = "Look whether it runs, and whether the setting `collector` names it; events wait in the outbox."
        yield Finding("collector", "problem", f"{address.shown}: {getattr(error, 'strerror', None) or error}", advice)
        return
    yield Finding("collector", "ok", f"{address.shown} takes connections")


LOOKS = {
    "definitions": _definitions,
    "database": _database,
    "prometheus": _prometheus,
    "files": _files,
    "store": _store,
}
"""What can be looked at without a store."""

LOOKS_INTO_STORE = {"outbox": _outbox, "payload": _payload, "flags": _flags, "tokens": _tokens, "clock": _clock}
"""What can be looked at in a store that a server has used."""
