"""Writing the files of a site, with few system calls a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.site.build.shell import Page, Shell


class SiteFolder:
    """A folder that a site is written into."""

    def __init__(self, folder: Path, shell: Shell) -> None:
        self._folder = str(folder)
        self._shell = shell

    def page(self, page: Page) -> None:
        """Write a page as the ``index.html`` of its address. Raises OSError."""
        self._make(page.url)
        # Half of a surrogate pair, which a definition can hold as an escape, has no UTF-8 form.
        self._write(f"{page.url}index.html", self._shell.render(page).encode("utf-8", "replace"))

    def file(self, path: str, content: bytes) -> None:
        """Write another file; its folder is made where no page made it. Raises OSError."""
        try:
            self._write(path, content)
        except FileNotFoundError:
            self._make(path.rpartition("/")[0])
            self._write(path, content)

    def _make(self, url: str) -> None:
        path = f"{self._folder}/{url}"
        try:
            os.mkdir(path)  # noqa: PTH102 - this and the calls below run for each of thousands of pages
        except FileExistsError:
            return
        except FileNotFoundError:
            os.makedirs(path, exist_ok=True)  # noqa: PTH103

    def _write(self, path: str, content: bytes) -> None:
        file = os.open(f"{self._folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            while content:
                content = content[os.write(file, content) :]
        finally:
            os.close(file)
