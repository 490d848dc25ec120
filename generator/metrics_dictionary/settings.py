"""Every setting: its default, what it means, and where it can be given.

A setting comes from the command line, from the environment (``METRICS_DICTIONARY_`` and its name in capitals, dots as
underscores), from the TOML settings file, or from its default; the first of these that says anything wins. One that may
hold a password has a second variable, with ``_FILE`` at its end, which names a file with the value. Tables of
the file that hold no settings, such as ``[instance]`` and ``[license]``, are facts: instrumentations read them.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.near_misses import did_you_mean, near_misses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

PREFIX = "METRICS_DICTIONARY_"

Value = str | int | float | bool | tuple[str, ...] | None


class SettingsError(OperationalError):
    """Values or names that no setting has; ``problems`` says of each what is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``kind`` is the type of its value; a default of None means that nothing is set.

    One that is ``secret`` may have a password in it: no message shows its value.
    """

    name: str
    kind: type
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that gives it."""
        return PREFIX + self.name.upper().replace(".", "_")

    @property
    def file_variable(self) -> str:
        """The environment variable that names a file with the value of one that is secret."""
        return f"{self.variable}_FILE"


SETTINGS = (
    Setting("definitions", tuple, ("definitions",), "Definitions root: a folder with metrics/ and, if it has any, "
            "events/, instrumentations/ and product_groups.yml. Several roots form one dictionary; of two definitions "
            "of the same, that of the earlier root counts."),
    Setting("host", str, "127.0.0.1", "Address that the server listens on."),
    Setting("port", int, 8080, "Port that the server listens on; 0 takes a free one."),
    Setting("store", str, "sqlite:///var/store.db", "Where counters, tokens, flags, payloads and the outbox live: "
            "`sqlite:///FILE`, or `redis://HOST:PORT/NUMBER` for several servers.", secret=True),
    Setting("audit_log", str, "-", "File that gets one JSON line for each change that a command makes to tokens, "
            "flags, refused events or the whole store, with who made it; `-` is standard error."),
    Setting("database", str, None, "The application's database, which metrics are computed from, read-only: "
            "`sqlite:///FILE` or `postgresql://USER@HOST/NAME`.", secret=True),
    Setting("repository_url", str, None, "Where the definitions' repository is on the web, such as "
            "`https://gitlab.com/group/project`: pages of metrics then link to where they are edited. Branch main on "
            "GitLab or GitHub, or the address of any edit page with `{file_path}` in it."),
    Setting("collector", str, None, "Snowplow collector that events go to, such as `http://127.0.0.1:9090`; a name "
            "and a password in it are sent as Basic authentication.", secret=True),
    Setting("prometheus", str, None, "Prometheus server that is asked for metrics, such as `http://127.0.0.1:9091`; a "
            "name and a password in it are sent as Basic authentication.", secret=True),
    Setting("server.threads", int, 32, "Worker threads, for requests that wait for the store, a database or a file. "
            "One more thread holds all connections, so this does not limit how many clients are served."),
    Setting("server.idle_seconds", float, 15.0, "How long a connection may be silent, and a request take to arrive."),
    Setting("server.drain_seconds", float, 5.0, "How long a server that got SIGTERM still serves while "
            "`/-/readiness` already answers 503. A load balancer has to notice within this time."),
    Setting("server.tls_certificate", str, None, "PEM file of the certificate chain; makes the server speak TLS."),
    Setting("server.tls_key", str, None, "PEM file of the certificate's key."),
    Setting("server.trusted_networks", tuple, ("127.0.0.0/8", "::1/128"),
            "Networks that may read `/-/liveness`, `/-/readiness` and `/-/metrics`."),
    Setting("server.trusted_proxies", tuple, (), "Networks of the proxies in front, such as `10.0.0.0/8`. Whom they "
            "name in `X-Forwarded-For` or `Forwarded` is the caller: for limits, trusted networks and the access log."),
    Setting("server.address_rate", float, 0.0, "Calls of the API that an IPv4 address, or a /64 of IPv6, may make in a "
            "second; 0 is off. Pages of the site are not counted."),
    Setting("server.token_rate", float, 0.0, "Calls of the API that may be made in a second with one token; 0 is off."),
    Setting("server.rate_burst", int, 50, "Calls that may come at once within `server.address_rate` and "
            "`server.token_rate`."),
    Setting("server.cors_origins", tuple, (), "Origins, such as `https://app.example.com`, whose pages may call "
            "`track_event` and `track_events` from a browser."),
    Setting("server.access_log", str, None, "File that gets one JSON line a request; `-` is standard error."),
    Setting("events.unknown", str, "reject", "What becomes of an event without a definition: 422, or 200 and a line in "
            "the log.", choices=("reject", "ignore")),
    Setting("events.undeclared_properties", str, "accept", "What becomes of an event with a property that its "
            "definition does not declare: it is counted without the property, which the header "
            "`X-Unknown-Properties` of the answer names; or 400.", choices=("accept", "reject")),
    Setting("events.max_age_days", float, 28.0, "How many days ago an event may have happened, by its `occurred_at`."),
    Setting("events.outbox_limit", int, 1_000_000, "Events that the outbox keeps for the collector, and those that it "
            "has refused."),
    Setting("events.outbox_full", str, "refuse", "What becomes of a call with an event for the collector when the "
            "outbox is full: 503, and nothing is counted; or its events are counted and not sent.",
            choices=("refuse", "drop")),
    Setting("store.idempotency_limit", int, 5_000_000, "Ids of events and requests that the store keeps. When more "
            "come within 24 hours, the oldest are forgotten early, and a repeated event may be counted twice."),
    Setting("ping.enabled", bool, True, "Whether `serve` collects a payload regularly."),
    Setting("ping.interval_days", float, 7.0, "Days between two payloads."),
    Setting("ping.statement_timeout", float, 1.0, "Seconds that a single statement on the database may take."),
    Setting("ping.time_limit", float, 1800.0, "Seconds that a collection may take. Metrics that are not computed by "
            "then have the value -1."),
    Setting("ping.hold_hours", float, 24.0, "Hours that the last payload stays in place while collections get nothing "
            "from the database. Then a payload without the database's values replaces it."),
    Setting("ping.schema_snapshot", str, None, "File with the expected structure of the database, written by "
            "`database snapshot`."),
    Setting("ping.operational", bool, True, "Whether metrics of the category `operational` are collected."),
    Setting("ping.optional", bool, True, "Whether metrics of the category `optional` are collected."),
    Setting("ping.standard", bool, True, "Whether metrics of the category `standard` are collected."),
    Setting("ping.subscription", bool, True, "Whether metrics of the category `subscription` are collected."),
    Setting("flags.usage_data_queries_api", bool, None, "Forces the flag of `GET queries` on or off; otherwise "
            "`flag enable` decides."),
    Setting("flags.usage_data_non_sql_metrics", bool, None, "Forces the flag of `GET non_sql_metrics` on or off; "
            "otherwise `flag enable` decides."),
)  # fmt: skip

NEEDS_RESTART = frozenset(
    ("host", "port", "store", "server.threads", "store.idempotency_limit", "events.outbox_limit", "events.outbox_full")
)
"""What a server that is told to reload its settings cannot take over."""

USER_KEY = Setting("instance.user_key", str, None, "Key under which user ids are hashed before they go to the "
                   "collector. Without it no user id is sent.", secret=True)  # fmt: skip
"""A fact of the settings file that the environment may also give, and the only one that no instrumentation can read."""

BY_NAME = {setting.name: setting for setting in SETTINGS}
DEFAULT_SERVER = f"http://{BY_NAME['host'].default}:{BY_NAME['port'].default}"
"""Where `serve` listens unless it is told otherwise: what examples name."""

MAX_SECRET = 64 * 1024
"""Bytes of a file with a secret that are read."""

OF_OPTIONS = frozenset(f"{PREFIX}{name}" for name in ("SETTINGS", "SITE_URL", "SCHEMAS", "TOKEN"))
"""Environment variables of options that are not settings."""

TABLES = {name.split(".")[0] for name in BY_NAME if "." in name}


@dataclass(frozen=True)
class Settings:
    """The values in force, by the settings' names, and the facts of the settings file, without the ``user_key``."""

    values: Mapping[str, Value]
    facts: Mapping[str, object]
    user_key: str | None = None

    def string(self, name: str) -> str | None:
        """Return a string, or None where nothing is set."""
        value = self.values[name]
        return value if isinstance(value, str) else None

    def number(self, name: str) -> float:
        """Return a number."""
        value = self.values[name]
        return value if isinstance(value, int | float) else 0.0

    def flag(self, name: str) -> bool | None:
        """Return a truth value, or None where nothing is set."""
        value = self.values[name]
        return value if isinstance(value, bool) else None

    def strings(self, name: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self.values[name]
        return value if isinstance(value, tuple) else ()

    @property
    def data_categories(self) -> frozenset[str]:
        """The data categories that are collected."""
        names = ("operational", "optional", "standard", "subscription")
        return frozenset(name for name in names if self.flag(f"ping.{name}"))

    @property
    def forced_flags(self) -> dict[str, bool]:
        """The feature flags that the settings force."""
        forced = {name.removeprefix("flags."): self.flag(name) for name in BY_NAME if name.startswith("flags.")}
        return {name: value for name, value in forced.items() if value is not None}


def load_settings(
    file: Path | None, given: Mapping[str, Value] | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Return the settings in force; ``given`` is what the command line says.

    Raises OperationalError for a file that cannot be read, and its subclass SettingsError for values or names that no
    setting has.
    """
    document = _read(file) if file else {}
    values: dict[str, Value] = {setting.name: setting.default for setting in SETTINGS}
    wrong: list[str] = []
    values.update(_sound(_from_file(document, str(file)), wrong))
    values.update(_sound(_from_environment(environment), wrong))
    user_key = _sound(_from_environment(environment, (USER_KEY,)), wrong).get(USER_KEY.name)
    if wrong:
        raise SettingsError(wrong)
    values.update({name: value for name, value in (given or {}).items() if value is not None})
    facts = {name: value for name, value in document.items() if name not in TABLES and isinstance(value, dict)}
    if "instance" in facts:
        facts["instance"] = dict(facts["instance"])
        of_file = facts["instance"].pop("user_key", None)
        user_key = of_file if user_key is None else user_key
    return Settings(values, facts, user_key if isinstance(user_key, str) else None)


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return one sentence for each variable that looks like a setting's and is not read."""
    settings = (*SETTINGS, USER_KEY)
    known = {*OF_OPTIONS, *(setting.variable for setting in settings)}
    known.update(setting.file_variable for setting in settings if setting.secret)
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    return [_not_read(name, known) for name in unknown]


def _not_read(name: str, known: Iterable[str]) -> str:
    close = did_you_mean(near_misses(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known]),
                         f"{PREFIX}{{}}".format)  # fmt: skip
    hint = close or "the settings reference lists all settings"
    return f"{name}: no setting has this environment variable, and it is not read; {hint}"


def setting_in_force(name: str, file: Path | None, environment: Mapping[str, str] = os.environ) -> Value:
    """Return the value of one setting where the command line says nothing; the environment's others are not looked at.

    Raises OperationalError for a file that cannot be read and for a value or name in it that no setting has.
    """
    setting = BY_NAME[name]
    value = _of_variable(setting, environment)
    return load_settings(file, environment={}).values[name] if value is None else value


def _read(file: Path) -> dict[str, object]:
    import tomllib  # not before there is a file: most commands have none, and start without it

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperationalError(f"{file}: cannot read the settings: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if _names_store_twice(file):
            raise OperationalError(
                f"{file}: TOML takes `store` either as a value or as a table: "
                "beside other settings of `[store]`, write its address there, as `url`"
            ) from None
        raise OperationalError(f"{file}: not a TOML file: {error}") from None


def _names_store_twice(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    return all(
        re.search(pattern, text, re.MULTILINE) for pattern in (r"^\s*store\s*=", r"^\s*(\[\s*store\s*\]|store\.)")
    )


def _from_file(document: Mapping[str, object], file: str) -> Iterator[tuple[str, Callable[[], Value]]]:
    """Yield each setting with what reads and checks its value."""
    values = {}
    for name, value in document.items():
        if name in TABLES and isinstance(value, dict):
            # TOML cannot have `store = "URL"` and `[store]` in one file.
            values.update({name if (name, key) == ("store", "url") else f"{name}.{key}": value[key] for key in value})
        elif not isinstance(value, dict):
            values[name] = value
    return ((name, partial(_checked, name, value, file)) for name, value in values.items())


def _sound(found: Iterable[tuple[str, Callable[[], Value]]], wrong: list[str]) -> dict[str, Value]:
    """Return the values that make sense; what is wrong with the others is added to ``wrong``."""
    values: dict[str, Value] = {}
    for name, checked in found:
        try:
            value = checked()
        except OperationalError as error:
            wrong.append(str(error))
        else:
            if value is not None:
                values[name] = value
    return values


def _checked(name: str, value: object, source: str) -> Value:
    setting = USER_KEY if name == USER_KEY.name else BY_NAME.get(name)
    if setting is None:
        raise OperationalError(f"{source}: {name} is not a setting; the settings reference lists all settings")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    if setting.kind is tuple and isinstance(value, str):  # a list of one
        value = (value,)
    if setting.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not setting.kind:
        shown = KINDS.get(type(value), "that") if setting.secret else _shown(value)
        raise OperationalError(f"{source}: {name} must be {KINDS[setting.kind]}, not {shown}")
    if isinstance(value, float) and not math.isfinite(value):
        raise OperationalError(f"{source}: {name} must be a finite number, not {value}")
    if setting.choices and value not in setting.choices:
        raise OperationalError(f"{source}: {name} must be one of {', '.join(setting.choices)}, not {value!r}")
    return value  # type: ignore[return-value]  # the kind was just compared


KINDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list of strings"}
"""The type of a setting in words."""


def _shown(value: object) -> str:
    """Return a wrong value for a message; an address may hold a password."""
    return KINDS.get(type(value), "that") if "://" in str(value) else repr(value)


def _from_environment(
    environment: Mapping[str, str], settings: Iterable[Setting] = SETTINGS
) -> Iterator[tuple[str, Callable[[], Value]]]:
    return ((setting.name, partial(_of_variable, setting, environment)) for setting in settings)


def _of_variable(setting: Setting, environment: Mapping[str, str]) -> Value:
    """Return what the environment says of a setting, None where that is nothing."""
    text = _text(setting, environment)
    return _from_text(setting, text) if text else None


def _text(setting: Setting, environment: Mapping[str, str]) -> str | None:
    """Return what the environment says of a setting: itself or, if that may be secret, in a file that it names."""
    text, file = environment.get(setting.variable), environment.get(setting.file_variable)
    if not setting.secret or not file:
        return text
    if text:
        raise OperationalError(f"{setting.variable} and {setting.file_variable} are both set: unset one of them")
    return _secret_of(Path(file), setting.file_variable)


def _secret_of(file: Path, variable: str) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_SECRET + 1).decode()
    except OSError as error:
        raise OperationalError(f"{variable}: {file}: cannot read the file: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OperationalError(f"{variable}: {file}: the file is not UTF-8") from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret or "\n" in secret or len(text) > MAX_SECRET:
        raise OperationalError(f"{variable}: {file}: the file must hold one line, the value of the setting")
    return secret


def _from_text(setting: Setting, text: str) -> Value:
    return _checked(setting.name, _parsed(setting, text), setting.variable)


def _parsed(setting: Setting, text: str) -> object:
    """Return the text as the setting's kind, or as it is when it cannot be that; the check then says so."""
    if setting.kind is tuple:
        return [item.strip() for item in text.split(",")]
    if setting.kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if setting.kind is not str:
        try:
            return setting.kind(text)
        except ValueError:
            return text
    return text
