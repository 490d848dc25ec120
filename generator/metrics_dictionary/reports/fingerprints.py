"""Fingerprints: by which a service knows a finding again after the lines of its file have moved."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from metrics_dictionary.reports.repository_path import repository_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics_dictionary.dictionary.diagnostic import Diagnostic


def fingerprints(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Return a fingerprint for each diagnostic, unique among them: 64 hexadecimal digits.

    It depends on the rule, the file, the place in the definition and the message. Only where all of these are the
    same, as for two syntax errors of one kind, does the order within the file decide.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for diagnostic in diagnostics:
        identity = (diagnostic.rule, repository_path(diagnostic.file), diagnostic.path, _lasting(diagnostic))
        text = "\0".join((*identity, str(seen[identity])))
        made.append(hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest())
        seen[identity] += 1
    return made


def _lasting(diagnostic: Diagnostic) -> str:
    """Return the message without the lines of other places in it, which move as well."""
    message = diagnostic.message
    for related in diagnostic.related:
        message = message.replace(related.location, related.file)
    return message
