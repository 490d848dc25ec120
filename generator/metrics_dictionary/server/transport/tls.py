"""The certificate of a server that speaks TLS itself, without a proxy in front of it."""

from __future__ import annotations

import ssl

from metrics_dictionary.tools.errors import OperationalError


def tls_context(certificate: str, key: str | None) -> ssl.SSLContext:
    """Return the settings of a server that speaks TLS 1.2 or newer. Raises OperationalError for unusable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        files = certificate if key is None else f"{certificate}, {key}"
        what = "give PEM files, the key without a password, as server.tls_certificate and server.tls_key"
        raise OperationalError(f"{files}: no usable certificate and key: {error.strerror or error}; {what}") from None
    return context
