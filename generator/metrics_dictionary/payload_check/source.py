"""Where a payload to be checked comes from: a file, standard input, or an instance."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from metrics_dictionary.reading.root import shown
from metrics_dictionary.tools.addresses import is_address, shown_address
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.tools.web_document import fetch

MAX_PAYLOAD_SIZE = 64 * 1024 * 1024
"""Bytes. Real payloads have less than one million."""

STANDARD_INPUT = "-"


def read_payload(meant: str, token: str | None = None) -> dict[str, object]:
    """Return the payload of a file, of standard input for ``-``, or of a URL, to which alone the token is sent.

    Raises OperationalError when it cannot be read or is not a JSON object.
    """
    raw = _bytes(meant, token)
    name = shown_address(meant) if is_address(meant) else shown(meant)
    if len(raw) > MAX_PAYLOAD_SIZE:
        raise OperationalError(f"{name}: more than {MAX_PAYLOAD_SIZE // 1024**2} MiB; is it a payload?")
    try:
        payload = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise OperationalError(f"{name}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())
        raise OperationalError(f"{name}: not valid JSON: {reason}") from error
    if not isinstance(payload, dict):
        raise OperationalError(f"{name}: not a payload: expected a JSON object with a key for each metric")
    return payload


def _bytes(meant: str, token: str | None) -> bytes:
    if meant == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_PAYLOAD_SIZE + 1)
    if is_address(meant):
        return fetch(meant, MAX_PAYLOAD_SIZE, {"PRIVATE-TOKEN": token} if token else None)
    return file_bytes(Path(meant), MAX_PAYLOAD_SIZE)


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON value")
