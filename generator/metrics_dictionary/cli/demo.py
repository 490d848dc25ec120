"""Everything that somebody who just tries the runtime needs: an application's database, a payload, tokens."""

from __future__ import annotations

import ipaddress
import json
import shlex
import socket
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from metrics_dictionary.sample.database import create_sample_database
from metrics_dictionary.settings import BY_NAME, setting_in_force
from metrics_dictionary.stores.tokens import digest, new_token
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from metrics_dictionary.dictionary.dictionary import Dictionary
    from metrics_dictionary.dictionary.event import EventDefinition
    from metrics_dictionary.stores.store import Store

ROLES = {
    "reads the payload": (frozenset({"read_service_ping"}), False),
    "tracks events": (frozenset({"api"}), False),
    "administrator": (frozenset({"api"}), True),
}
"""Who the tokens are for -> scopes, and whether the user is an administrator."""


@dataclass(frozen=True)
class Demo:
    """A folder that holds what a try needs, made once and used again."""

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """The settings under which the server uses it."""
        return {
            "store": f"sqlite:///{self.folder / 'store.db'}",
            "database": f"sqlite:///{self.folder / 'application.db'}",
        }

    def keep_to_this_machine(self, settings_file: Path | None, host: object) -> None:
        """Raise OperationalError where other machines could reach the server; ``host`` is what the command line says.

        Nothing is made yet. The demo's flags are on, and its tokens stand on the screen.
        """
        file = settings_file or (self._file if self._file.exists() else None)
        host = str(host or setting_in_force("host", file))
        if not _is_loopback(host):
            raise OperationalError(
                f"the server would listen on {host}, where other machines can reach the demo and whatever its tokens "
                "open: listen on 127.0.0.1, or add --yes"
            )

    @property
    def _file(self) -> Path:
        return self.folder / "settings.toml"

    def settings_file(self) -> Path:
        """Return the file with the facts of an invented instance, which is written when it is missing."""
        file = self._file
        if not file.exists():
            text = resource("templates/demo/settings.toml").read_text(encoding="utf-8")
            file.touch(mode=0o600)
            file.write_text(text.replace("{{ uuid }}", str(uuid.uuid4())), encoding="utf-8")
        return file

    def prepare(self, dictionary: Dictionary, store: Store, generate: Callable[[], None]) -> dict[str, str]:
        """Make what is missing, and return role -> token. ``generate`` collects the first payload."""
        create_sample_database(dictionary, self.folder / "application.db")
        tokens = self._tokens(store)
        if store.payload() is None:
            for name in BY_NAME:
                if name.startswith("flags."):
                    store.set_flag(name.removeprefix("flags."), enabled=True)
            generate()
        return tokens

    def _tokens(self, store: Store) -> dict[str, str]:
        """Return the tokens of the last time as long as the store knows them, otherwise new ones.

        They are kept in a file that only its owner reads: a store never shows a token again.
        """
        file = self.folder / "tokens.json"
        try:
            tokens = json.loads(file.read_text(encoding="utf-8"))
            if set(tokens) == set(ROLES) and all(store.token(digest(secret)) for secret in tokens.values()):
                return dict(tokens)
        except (OSError, ValueError, TypeError, AttributeError):
            pass  # not there, or not what this method wrote
        fresh = dict(_new_tokens(store))
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(fresh, indent=2) + "\n", encoding="utf-8")
        return fresh


def _is_loopback(host: str) -> bool:
    """Return whether a name or an address means this machine alone; one that nobody knows does not."""
    if not host:  # all addresses of the machine
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def _new_tokens(store: Store) -> Iterator[tuple[str, str]]:
    for user, (role, (scopes, admin)) in enumerate(ROLES.items(), start=1):
        secret, token = new_token(user, scopes, datetime.now(UTC), admin=admin)
        store.add_token(token)
        yield role, secret


def show_calls(tokens: dict[str, str], url: str, dictionary: Dictionary) -> None:
    """Print a token for each role and the calls to try, with an event that the definitions have, if any."""
    api = f"{url}api/v4/usage_data"
    reader, tracker, administrator = (tokens[role] for role in ROLES)
    click.echo("\nTokens:")
    for role, secret in tokens.items():
        (scope,) = ROLES[role][0]
        click.echo(f"  {secret}  {role} (scope {scope})")
    click.echo(f"""
Try:
  curl {api}/metric_definitions
  curl --header "PRIVATE-TOKEN: {reader}" {api}/service_ping
  curl --header "PRIVATE-TOKEN: {administrator}" {api}/queries""")
    if event := _event_to_try(dictionary):
        body = {"event": event.action} | {
            f"{one}_id": 1 for one in event.identifiers if one in ("namespace", "project")
        }
        click.echo(
            f'  curl --header "PRIVATE-TOKEN: {tracker}" --json {shlex.quote(json.dumps(body))} {api}/track_event'
        )
    click.echo()


def _event_to_try(dictionary: Dictionary) -> EventDefinition | None:
    """Return the guides' event, or one that can be recorded and that a metric counts, or one that no metric does."""
    active = {name: event for name, event in dictionary.named_events.items() if not event.removed}
    counted = (event for event in active.values() if dictionary.metrics_of(event))
    return active.get("mr_name_changed") or next(counted, None) or next(iter(active.values()), None)
