"""What ``validate --fix`` does before the check, and says on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from metrics_dictionary.authoring.edit.fixing import fix_paths
from metrics_dictionary.tools.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def apply_fixes(paths: Sequence[Path], product_groups: Path | None) -> None:
    """Mend the files; raises OperationalError when a file cannot be read or written."""
    fixing = fix_paths(paths, product_groups=product_groups)
    for fix in fixing.fixes:
        click.echo(f"fixed: {printable(f'{fix.file}:{fix.line}: {fix.what}')}", err=True)
    for file, reason in fixing.left_alone:
        click.echo(f"left alone: {printable(f'{file}: {reason}')}", err=True)
