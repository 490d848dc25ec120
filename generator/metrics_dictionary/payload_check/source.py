"""Where a payload to be checked comes from: a file, standard input, or an instance."""

from __future__ import annotations

import json
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from metrics_dictionary.reading.root import shown
from metrics_dictionary.tools.addresses import is_address, refuse_secret, shown_address
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes
from metrics_dictionary.tools.web_document import fetch

MAX_PAYLOAD_SIZE = 200_000_000
"""Bytes, as many as the site's payload reader takes. Real payloads have less than one million."""

STANDARD_INPUT = "-"


def read_payload(meant: str, token: str | None = None) -> dict[str, object]:
    """Return the payload of a file, of standard input for ``-``, or of a URL, to which alone the token is sent.

    Raises OperationalError when it cannot be read or is not a JSON object.
    """
    raw = _bytes(meant, token)
    name = shown_address(meant) if is_address(meant) else shown(meant)
    if len(raw) > MAX_PAYLOAD_SIZE:
        raise OperationalError(f"{name}: more than {MAX_PAYLOAD_SIZE // 1_000_000} MB; is it a payload?")
    try:
        payload = json.loads(_decoded(raw), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise OperationalError(f"{name}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise OperationalError(
            f"{name}: not valid JSON: it is neither UTF-8 nor UTF-16 with a byte order mark"
        ) from error
    except RecursionError as error:
        raise OperationalError(f"{name}: not valid JSON for a payload: it is nested too deeply") from error
    except ValueError as error:
        raise OperationalError(f"{name}: not valid JSON: {' '.join(str(error).split())}") from error
    if not isinstance(payload, dict):
        raise OperationalError(f"{name}: not a payload: expected a JSON object with a key for each metric")
    return payload


def _bytes(meant: str, token: str | None) -> bytes:
    if meant == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_PAYLOAD_SIZE + 1)
    if is_address(meant):
        return fetch(meant, MAX_PAYLOAD_SIZE, {"PRIVATE-TOKEN": token} if token else None)
    refuse_secret(meant, "a file, a URL, or - for standard input")
    return file_bytes(Path(meant), MAX_PAYLOAD_SIZE)


def _decoded(raw: bytes) -> str:
    """Return the text of UTF-8, or of UTF-16 with a byte order mark, which PowerShell writes.

    Raises UnicodeDecodeError. The site's payload reader does the same.
    """
    return raw.decode("utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON value")
