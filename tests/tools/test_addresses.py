"""Addresses taken apart, and that nothing which is shown of them is a name or a password."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_dictionary.tools.addresses import (
    anonymous_web_address,
    is_address,
    read_address,
    shown_address,
    web_address,
    without_credentials,
)
from metrics_dictionary.tools.errors import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics_dictionary.tools.addresses import Address

SCHEMES = st.sampled_from(["http", "https", "redis", "rediss", "postgresql"])
HOSTS = st.sampled_from(["127.0.0.1", "localhost", "[::1]", "example.com"])
SECRETS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=12)
RAW_SECRETS = st.text(st.sampled_from("/#?@%:[]&=;+ é"), max_size=4)


@given(
    scheme=SCHEMES,
    host=HOSTS,
    port=st.none() | st.integers(1, 65535),
    path=st.sampled_from(["", "/", "/0", "/a/b"]),
    name=SECRETS,
    password=st.none() | SECRETS,
)
def test_what_an_address_is_made_of_is_read_again(
    scheme: str, host: str, port: int | None, path: str, name: str, password: str | None
) -> None:
    credentials = quote(name, safe="") + ("" if password is None else f":{quote(password, safe='')}")
    server = host + ("" if port is None else f":{port}") + path
    address = read_address(f"{scheme}://{credentials}@{server}")
    assert (address.name, address.password) == (name, password)
    assert (address.scheme, address.host, address.port) == (scheme, host.strip("[]"), port)
    assert address.url == address.shown == f"{scheme}://{server}"
    header = base64.b64encode(f"{name}:{password or ''}".encode()).decode()
    assert address.authorization == {"Authorization": f"Basic {header}"}


@given(
    scheme=SCHEMES,
    first=RAW_SECRETS,
    second=RAW_SECRETS,
    server=st.sampled_from(["h:1/db", "h/db?x=1", "h", "[::1]:2/"]),
)
def test_no_part_of_a_password_that_is_not_encoded_is_shown(scheme: str, first: str, second: str, server: str) -> None:
    text = f"{scheme}://QQalice:QQs3{first}QQcr{second}QQet@{server}"
    assert "QQ" not in shown_address(text)
    assert "QQ" not in without_credentials(f"fatal: unable to access '{text}': no route") or " " in first + second
    for read in (read_address, web_address, anonymous_web_address):
        assert "QQ" not in told_by(read, text)


def told_by(read: Callable[[str], Address], text: str) -> str:
    try:
        return read(text).shown
    except OperationalError as error:
        return str(error)


@pytest.mark.parametrize("character", "/#?@%")
def test_what_has_to_be_encoded_is_named(character: str) -> None:
    with pytest.raises(OperationalError) as caught:
        read_address(f"redis://u:s3cr{character}zt@h:6379/0")
    assert str(caught.value) == (
        "the address cannot be read: write / # ? @ % in a name or a password as %2F %23 %3F %40 %25, "
        "and an @ elsewhere as %40"
    )


@pytest.mark.parametrize("url", ["https://cdn.example/package@1.2.3/metrics.yml", "https://host/x?by=a@b.example"])
def test_an_at_sign_further_on_is_no_password(url: str) -> None:
    assert anonymous_web_address(url).url == url
    assert shown_address(url) == "https://…"  # nobody can tell, so nothing is shown


def test_parameters_are_not_shown() -> None:
    assert shown_address("https://host:8443/x.yml?private_token=abc#def") == "https://host:8443/x.yml"


def test_several_hosts_are_an_address_of_postgresql_and_of_nothing_else() -> None:
    address = read_address("postgresql://u:p@one:5432,two:5433/db")
    assert (address.shown, address.password) == ("postgresql://one:5432,two:5433/db", "p")
    with pytest.raises(OperationalError, match="the host or the port"):
        read_address("http://one:5432,two:5433/db")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://h/x", True),
        ("HTTP://h", True),
        ("https:/typing-error/x", True),
        ("ftp://h/x", True),
        ("HEAD~1", False),
        ("HEAD:definitions", False),
        ("a/b.yml", False),
        ("origin/https", False),
    ],
)
def test_an_address_is_told_from_a_file_and_a_revision(text: str, *, expected: bool) -> None:
    assert is_address(text) is expected
