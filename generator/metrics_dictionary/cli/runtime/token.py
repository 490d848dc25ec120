"""``metrics-dictionary token``: who may call the API."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from metrics_dictionary.cli.audit import audited
from metrics_dictionary.cli.console import render_table
from metrics_dictionary.cli.options import has_store, kept_store, opened_store, setting_options, settings_of
from metrics_dictionary.stores.tokens import SCOPES, new_token

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.settings import Settings


@click.group("token")
def command() -> None:
    """Create, list and revoke access tokens. Only their digests are stored.

    \b
    Examples:
      metrics-dictionary token create --user 7 --scopes api,read_service_ping --expires 2027-01-01
      metrics-dictionary token list
      metrics-dictionary token revoke 1f2e3d4c
    """


@command.command("create")
@click.option("--user", type=click.IntRange(min=1), required=True, help="Id of the user that the token acts for.")
@click.option("--scopes", required=True, metavar="LIST", help=f"Comma-separated, of: {', '.join(SCOPES)}.")
@click.option("--admin", is_flag=True, help="The user is an administrator: may read queries and non-SQL metrics.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="First day on which the token is refused, such as 2027-01-01; without it the token lasts.",
)
@setting_options("store")
def create(
    *, user: int, scopes: str, admin: bool, expires: datetime | None, settings_file: Path | None, store: str | None
) -> None:
    """Create a token and print it. It is shown only once."""
    now = datetime.now(UTC)
    last = expires.date() if expires else None
    settings = settings_of(settings_file, store=store)
    if last and last <= _today(settings):
        raise click.BadParameter(f"{last} is not in the future", param_hint="--expires")
    secret, token = new_token(user, _scopes(scopes), now, admin=admin, expires=last)
    details = {"token": token.identifier, "for_user": user, "scopes": sorted(token.scopes), "admin": admin}
    details["expires"] = None if last is None else last.isoformat()
    with closing(opened_store(settings)) as opened, audited(settings, "token create", **details):
        opened.add_token(token)
    click.echo(secret)


@command.command("list")
@setting_options("store")
def show(*, settings_file: Path | None, store: str | None) -> None:
    """List the tokens that are not revoked."""
    with kept_store(settings_of(settings_file, store=store)) as opened:
        tokens = [] if opened is None else opened.tokens()
        today = (datetime.now(UTC) if opened is None else opened.estimated_now()).date()
    rows = [
        (
            token.identifier,
            str(token.user),
            ",".join(sorted(token.scopes)),
            "yes" if token.admin else "no",
            f"{token.created:%Y-%m-%d}",
            _expiry(token.expires, today),
        )
        for token in tokens
    ]
    click.echo(render_table(("id", "user", "scopes", "admin", "created", "expires"), rows), nl=False)


@command.command("revoke")
@click.argument("identifier")
@setting_options("store")
def revoke(*, identifier: str, settings_file: Path | None, store: str | None) -> None:
    """Revoke the token with this id; running servers refuse it within five seconds."""
    settings = settings_of(settings_file, store=store)
    with (
        closing(opened_store(settings, create=False)) as opened,
        audited(settings, "token revoke", token=identifier),
    ):
        if not opened.revoke_token(identifier):
            raise click.BadParameter(f"no token has the id {identifier}; `token list` shows the ids")
    click.echo(f"Revoked {identifier}.")


def _today(settings: Settings) -> date:
    """Return the day by the store's time, by which tokens expire; by the clock where there is no store yet."""
    if not has_store(settings):
        return datetime.now(UTC).date()
    with closing(opened_store(settings, create=False)) as opened:
        return opened.trusted_now().date()


def _scopes(text: str) -> frozenset[str]:
    scopes = frozenset(scope.strip() for scope in text.split(",") if scope.strip())
    unknown = sorted(scopes - set(SCOPES))
    if unknown or not scopes:
        problem = f"there is no scope {unknown[0]!r}" if unknown else "at least one is needed"
        raise click.BadParameter(f"{problem}; the scopes are {', '.join(SCOPES)}", param_hint="--scopes")
    return scopes


def _expiry(expires: date | None, today: date) -> str:
    if expires is None:
        return "never"
    return f"{expires}{' (expired)' if expires <= today else ''}"
