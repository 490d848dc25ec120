"""Where definitions can be read and edited in the browser: the pages of the forge that keeps their repository."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from metrics_dictionary.tools.addresses import anonymous_web_address, page_address
from metrics_dictionary.tools.errors import OperationalError

FILE_PATH = "{file_path}"

_ADDRESS = re.compile(r"https?://[^\s<>\"'\x00-\x20\x7f]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RepositoryLinks:
    """``edit_template`` has ``{file_path}`` where the path in the repository goes; ``commit_base`` ends in a slash.

    ``prefix`` is the path, in the repository, of the folder that holds the root. None means that there is no such page.
    """

    edit_template: str | None = None
    commit_base: str | None = None
    prefix: str = ""

    def below(self, prefix: str) -> RepositoryLinks:
        """Return the links for a root that another folder of the repository holds."""
        return replace(self, prefix=prefix)

    def edit(self, file_path: str) -> str | None:
        """Return the address at which a definition's file is edited."""
        if self.edit_template is None:
            return None
        # A lone surrogate stands for a byte of a file's name that is not UTF-8.
        path = quote(f"{self.prefix}{file_path}".encode("utf-8", "surrogateescape"))
        return self.edit_template.replace(FILE_PATH, path)

    def commit(self, commit: str) -> str | None:
        """Return the address that shows a commit."""
        return None if self.commit_base is None else f"{self.commit_base}{commit}"


def repository_links(address: str | None) -> RepositoryLinks:
    """Return the links for the address of a repository, or for one with ``{file_path}`` in it.

    The second form serves every forge and branch: ``https://host/group/project/-/edit/main/{file_path}``; the first
    one stands for branch ``main`` on GitHub, or else GitLab. Raises OperationalError for what is not a web address, and
    for one with parameters, unless the place of the file is one of them.
    """
    if not address:
        return RepositoryLinks()
    example = f"https://gitlab.com/group/project, or an edit page's with {FILE_PATH} in it"
    what = "the address of --repository-url"
    anonymous_web_address(address, example, what)
    parts = urlsplit(address)
    if FILE_PATH not in parts.query + parts.fragment:
        page_address(address, example, what)
    if not _ADDRESS.fullmatch(address):
        raise OperationalError("--repository-url: the address has a quotation mark or an angle bracket: encode it")
    if FILE_PATH in address:
        return RepositoryLinks(address)
    base = address.rstrip("/").removesuffix(".git")
    pages = base if urlsplit(base).hostname == "github.com" else f"{base}/-"
    return RepositoryLinks(f"{pages}/edit/main/{FILE_PATH}", f"{pages}/commit/")
