"""Where the files are that the package carries beside its code."""

from __future__ import annotations

from pathlib import Path

from metrics_dictionary.tools.errors import OperationalError

PACKAGE = Path(__file__).parent.parent


def resource(name: str) -> Path:
    """Return the path of ``templates``, ``site_src``, ``mkdocs.yml`` or ``definitions``.

    A wheel carries them in ``metrics_dictionary/bundled``; in a checkout they stand at the top level.
    Raises OperationalError when the installation lacks them.
    """
    for folder in (PACKAGE / "bundled", PACKAGE.parent.parent):
        path = folder / name
        if path.exists():
            return path
    raise OperationalError(f"{PACKAGE}: this installation lacks {name!r}; install metrics-dictionary again")
