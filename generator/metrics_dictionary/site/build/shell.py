"""The theme's shell: built once by MkDocs with the hand-written pages, then cut open to take any content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from markupsafe import escape

from metrics_dictionary.site.parts.html import fill
from metrics_dictionary.site.parts.urls import root_from
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import resource
from metrics_dictionary.tools.security_headers import content_security_policy, inline_scripts

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.site.parts.page import Page

ICONS = "icons"
"""Where the icons of the theme's style sheets are, beside these."""

SHELL_FOLDER = "shell"
"""Where the shell page is built, one folder below this one; not part of the published site."""

_MARKER = re.compile(r"\[\[shell:(title|head|content)\]\]")
_ROOT = re.compile(r"(?<=[\"'])\.\./\.\.(?=[/\"'])")
_SCOPE = re.compile(r"""(__md_scope=)new URL\("[^"]*",location\)""")
_IMAGE = re.compile(r"""url\((["'])data:image/svg\+xml(?:;charset=utf-8)?,(.*?)\1\)""")
_CSS_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{1,6}) ?")
_NOT_OURS = ("404.html", "sitemap.xml", "sitemap.xml.gz", "assets/javascripts/lunr", "assets/javascripts/workers")


@dataclass(frozen=True)
class Shell:
    """The built shell page, as text between its markers. ``site_url`` is where the site is going to be, if known.

    ``scripts`` are the sources that allow the inline scripts of all pages, those of the guides too.
    """

    text: str
    site_url: str | None = None
    scripts: frozenset[str] = frozenset()
    _cut: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """Bytes that the shell adds to the content of a page."""
        return len(self.text.encode())

    def render(self, page: Page) -> str:
        """Return the whole HTML of a page. Without a template: it runs for each of thousands of pages."""
        root = root_from(page.url)
        pieces = self._cut.get((root, page.section))
        if pieces is None:
            pieces = self._cut[root, page.section] = self._open(root, page.section)
        title = escape(page.title)
        head = fill('<meta property="og:title" content="%s">', page.title)
        if page.description:
            # One element for search engines and for the cards that messengers show.
            head += fill('<meta name="description" property="og:description" content="%s">', page.description)
        if self.site_url:
            address = self.site_url + page.url
            head += fill('<link rel="canonical" href="%s"><meta property="og:url" content="%s">', address, address)
        if page.twin:
            # The theme's script takes a link that is nothing but `alternate` for another language of the site.
            head += fill('<link rel="alternate describedby" type="application/json" href="%s/%s">', root, page.twin)
        if page.offline:
            policy = content_security_policy(self.scripts, offline=True)
            head += fill('<meta http-equiv="Content-Security-Policy" content="%s">', policy)
        for style in page.styles:
            head += fill('<link rel="stylesheet" href="%s/assets/%s">', root, style)
        for script in page.scripts:
            head += fill('<script type="module" src="%s/assets/%s"></script>', root, script)
        parts = {"title": title, "head": head, "content": page.content}
        # The pieces alternate between the shell's text and the names of its markers.
        return "".join(parts[piece] if position % 2 else piece for position, piece in enumerate(pieces))

    def _open(self, root: str, section: str) -> list[str]:
        text = _ROOT.sub(root, self.text)
        if section:
            tab = re.compile(rf'md-tabs__item(?=">\s*<a href="{re.escape(root)}/{re.escape(section)}")')
            text = tab.sub("md-tabs__item md-tabs__item--active", text)
        return _MARKER.split(text)


def mkdocs_command(folder: Path) -> list[str]:
    """Return the command that builds the hand-written pages and the shell into a folder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", str(resource("mkdocs.yml"))]
    return [*command, "--site-dir", str(folder)]


class ShellBuild:
    """A running MkDocs, which builds the hand-written pages and the shell into a folder."""

    def __init__(self, folder: Path) -> None:
        """Start it; ``folder`` is emptied. Raises OperationalError when this installation lacks its files."""
        self._folder = folder
        environment = {
            **os.environ,
            "NO_MKDOCS_2_WARNING": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SOURCE_DATE_EPOCH": "0",
        }
        self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            mkdocs_command(folder),
            env=environment,
            stdin=subprocess.DEVNULL,
            close_fds=False,  # the lock of the folder is to last as long as somebody writes into it
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def __enter__(self) -> ShellBuild:
        return self

    def __exit__(self, *_: object) -> None:
        # Left before its end when the definitions cannot be read: then nobody waits for the guides.
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def finish(self, site_url: str | None = None) -> Shell:
        """Wait for its end and return the shell, for a site at ``site_url``.

        Raises OperationalError with MkDocs' last line when it failed.
        """
        output, _ = self._process.communicate()
        if self._process.returncode:
            lines = output.strip().splitlines() or [f"exit status {self._process.returncode}"]
            raise OperationalError(f"mkdocs could not build the guides: {lines[-1]}")
        text = (self._folder / SHELL_FOLDER / "page" / "index.html").read_text(encoding="utf-8")
        self._drop_what_is_not_served()
        text = re.sub(r"\s*\n\s*", "\n", _with_equal_scripts(text))
        scripts = set(inline_scripts(text))
        for path in self._folder.rglob("*.html"):
            guide = _with_equal_scripts(path.read_text(encoding="utf-8"))
            scripts.update(inline_scripts(guide))
            path.write_text(guide, encoding="utf-8")
        for path in self._folder.rglob("*.css"):
            _move_images_out(path)
        return Shell(text, site_url, frozenset(scripts))

    def _drop_what_is_not_served(self) -> None:
        shutil.rmtree(self._folder / SHELL_FOLDER)
        for name in _NOT_OURS:
            path = self._folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for path in (self._folder / "assets").rglob("*.map"):
            path.unlink()


def _with_equal_scripts(html: str) -> str:
    """Return a page whose inline scripts are the same as every other page's, so that few hashes allow all of them.

    The theme writes the way from the page to the site's root into one. The way from the icon is always the same.
    """
    return _SCOPE.sub(r'\1new URL("..",document.querySelector("link[rel=icon]").href)', html)


def _move_images_out(style_sheet: Path) -> None:
    """Make files of the images that a style sheet of the theme holds as data: the site's policy allows no others."""
    folder = style_sheet.parent / ICONS

    def move(match: re.Match[str]) -> str:
        image = unquote(_CSS_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), match[2])).encode()
        name = f"{hashlib.sha256(image).hexdigest()[:12]}.svg"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(image)
        return f'url("{ICONS}/{name}")'

    text = style_sheet.read_text(encoding="utf-8")
    moved = _IMAGE.sub(move, text)
    if moved != text:
        style_sheet.write_text(moved, encoding="utf-8")
