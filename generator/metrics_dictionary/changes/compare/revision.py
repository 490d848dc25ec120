"""The edition of a git revision, read from the repository without a checkout."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from metrics_dictionary.changes.compare.edition import Edition, inside_root, nameless, unread_schemas
from metrics_dictionary.dictionary.diagnostic import Diagnostic, Severity
from metrics_dictionary.dictionary.dictionary import Dictionary
from metrics_dictionary.reading.document import Document, Kind
from metrics_dictionary.reading.parse import ParsedFile, max_bytes, parse
from metrics_dictionary.reading.read import assemble, read_object_schemas
from metrics_dictionary.reading.root import SourceFile, kind_of, root_paths, shown
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.git import GitRefusedError, blobs, commit_id, git, git_line, is_shallow
from metrics_dictionary.tools.in_parts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics_dictionary.reading.root import Roots

KnownData = dict[str, object]
"""Git's name of a file's content -> the data in it. What is known need not be fetched and parsed again."""

_SHORT = 9
_ANCESTOR = re.compile(r"(?P<base>.+?)(?:[~^]\d*)+")
_OBJECT_NAME = re.compile(r"[0-9a-f]{7,64}")
_BLOB_MODES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class _Commit:
    """``called`` is what it is called where it is not the commit of the revision that was asked for."""

    name: str
    remarks: tuple[str, ...] = ()
    called: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of a tree. ``size`` counts bytes; ``regular`` is false for links."""

    source: SourceFile
    blob: str
    size: int
    regular: bool


def read_revision(revision: str, roots: Roots, known: KnownData | None = None, *, merge_base: bool = False) -> Edition:
    """Read definitions roots as they were in a revision of the repository that they lie in.

    ``known`` spares work, and learns what is read here. ``merge_base`` asks for the commit at which the present
    branch left the revision, so that what others did there since is not taken for ours. In a shallow clone the oldest
    commit stands for an ancestor that is not there, with a remark.

    Raises OperationalError when the roots are not in one git repository, or the repository lacks the revision.
    """
    places = {root_path: _place_in_repository(root, revision) for root, root_path in root_paths(roots).items()}
    top = next(iter(places.values()))[0]
    if any(other != top for other, _ in places.values()):
        raise OperationalError(f"{shown(revision)}: the definitions roots are in several git repositories")
    commit = _commit(top, revision, merge_base=merge_base)
    name = f"{commit.called or revision} ({commit.name[:_SHORT]})"
    found: list[_Entry] = []
    remarks = list(commit.remarks)
    for root_path, (_, prefix) in places.items():
        try:
            listing = git(top, "ls-tree", "-r", "-l", "-z", f"{commit.name}:{prefix}")
        except GitRefusedError:
            remarks.append(f"{name} has no folder {prefix}, so there is nothing to compare with")
            continue
        found += _entries(listing, f"{revision}:{prefix}/" if prefix else f"{revision}:", top / prefix, root_path)
    if len(remarks) - len(commit.remarks) == len(places):
        return Edition(name, Dictionary(()), remarks=tuple(remarks))
    entries = [entry for entry in found if entry.source.kind is not Kind.OBJECT_SCHEMA]
    schemas = _schema_sources(top, [entry for entry in found if entry.source.kind is Kind.OBJECT_SCHEMA])
    return _edition(name, entries, schemas, _parsed(top, entries, {} if known is None else known), tuple(remarks))


def data_of(documents: Iterable[Document], root: Path) -> KnownData:
    """Return the data of files of the working tree by the names that git gives to their contents."""
    length = len(git_line(root, "rev-parse", "--verify", "--quiet", "HEAD") or "")
    algorithm = "sha256" if length == 64 else "sha1"
    known: KnownData = {}
    for document in documents:
        try:
            raw = Path(document.file).read_bytes()
        except OSError:
            continue
        known[hashlib.new(algorithm, b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()] = document.data
    return known


def _place_in_repository(root: Path, revision: str) -> tuple[Path, str]:
    """Return the top folder of the repository and the root's path in it, empty for the top itself."""
    try:
        output = git(root, "rev-parse", "--show-toplevel", "--show-prefix").decode("utf-8", "surrogateescape")
    except GitRefusedError as error:
        raise OperationalError(
            f"{shown(revision)}: this is not a URL, a file or a definitions root, "
            f"and git cannot read a revision of {shown(root)}: {error}"
        ) from error
    top, prefix, *_ = output.split("\n")
    return Path(top), prefix.rstrip("/")


def _commit(top: Path, revision: str, *, merge_base: bool) -> _Commit:
    shallow = is_shallow(top)
    found = commit_id(top, revision)
    if found is None:
        return _oldest_instead(top, revision) if shallow else _unknown(top, revision)
    if not merge_base:
        return _Commit(found)
    base = git_line(top, "merge-base", found, "HEAD")
    if base is None and shallow:
        remark = f"this shallow clone does not reach back to where {revision} and HEAD part; {_DEEPEN}"
        return _Commit(found, (remark,))
    return _Commit(base or found)


_DEEPEN = "`git fetch --unshallow` brings the rest"


def _oldest_instead(top: Path, revision: str) -> _Commit:
    """Return the oldest commit of a shallow clone in place of one that lies before it."""
    ancestor = _ANCESTOR.fullmatch(revision)
    if (ancestor is None or commit_id(top, ancestor["base"]) is None) and not _OBJECT_NAME.fullmatch(revision):
        raise OperationalError(
            f"{shown(revision)}: not in this shallow clone; fetch it first: git fetch origin {shown(revision)}"
        )
    oldest = git_line(top, "rev-list", "--first-parent", "--max-parents=0", "-1", "HEAD")
    if oldest is None:
        return _unknown(top, revision)
    remark = f"{revision} is not in this shallow clone, its oldest commit {oldest[:_SHORT]} is used instead; {_DEEPEN}"
    return _Commit(oldest, (remark,), "the oldest commit here")


def _unknown(top: Path, revision: str) -> _Commit:
    raise OperationalError(
        f"{shown(revision)}: this is not a URL, a file, a definitions root or a revision of the repository {shown(top)}"
    )


def _entries(listing: bytes, place: str, root: Path, root_path: str) -> list[_Entry]:
    """Read a listing of git: ``MODE TYPE NAME SIZE<tab>PATH`` between NULs, paths relative to the root."""
    entries = []
    for row in filter(None, listing.split(b"\0")):
        columns, _, path = row.partition(b"\t")
        mode, kind, blob, size = columns.decode().split()
        relative = path.decode("utf-8", "backslashreplace")
        what = kind_of(relative) if kind == "blob" else None
        if what is not None:
            file, file_path = shown(place + relative), f"{root_path}/{relative}"
            source = SourceFile(root / relative, file, file_path, what, root_path=root_path)
            entries.append(_Entry(source, blob, int(size), mode in _BLOB_MODES))
    return sorted(entries, key=lambda entry: entry.source.file_path)


def _parsed(top: Path, entries: list[_Entry], known: KnownData) -> list[ParsedFile]:
    """Return the documents of the entries that become one, in their order; each content is parsed once."""
    wanted = {
        entry.blob: entry.source
        for entry in entries
        if entry.regular and entry.size <= max_bytes(entry.source.kind) and entry.blob not in known
    }
    contents = blobs(top, wanted)
    found = [(blob, source) for blob, source in wanted.items() if blob in contents]
    parsed = in_parts(_parse_all, [(source, contents[blob]) for blob, source in found])
    fresh = {blob: file for (blob, _), file in zip(found, parsed, strict=True)}
    known.update((blob, file.document.data) for blob, file in fresh.items() if file.document and not file.diagnostics)
    return [_as_parsed(entry, fresh.get(entry.blob), known) for entry in entries]


def _schema_sources(top: Path, entries: list[_Entry]) -> list[SourceFile]:
    """Return the files of object schemas with their contents; what is not there, or a link, is not valid JSON."""
    contents = blobs(top, [entry.blob for entry in entries], max_bytes(Kind.OBJECT_SCHEMA))
    return [replace(entry.source, unsaved=contents.get(entry.blob, b"") if entry.regular else b"") for entry in entries]


def _parse_all(sources: Iterable[tuple[SourceFile, bytes]]) -> list[ParsedFile]:
    return [parse(source, raw) for source, raw in sources]


def _as_parsed(entry: _Entry, fresh: ParsedFile | None, known: KnownData) -> ParsedFile:
    source = entry.source
    if entry.blob in known and entry.regular:
        return ParsedFile(Document(source.file, source.file_path, source.kind, known[entry.blob]), ())
    if fresh is not None:
        document = fresh.document and Document(source.file, source.file_path, source.kind, fresh.document.data)
        return ParsedFile(document, fresh.diagnostics)
    problem = "the file is too long, or its content is not in this clone" if entry.regular else "the file is a link"
    return ParsedFile(None, (Diagnostic("yaml-too-large", Severity.ERROR, problem, source.file, 1, 1),))


def _edition(
    name: str,
    entries: list[_Entry],
    schema_sources: list[SourceFile],
    parsed: list[ParsedFile],
    remarks: tuple[str, ...],
) -> Edition:
    sources = [entry.source for entry in entries]
    documents = [file.document for file in parsed if file.document is not None]
    read = {document.file_path for document in documents}
    lacking = nameless(documents)
    schemas, problems = read_object_schemas(schema_sources)
    places = (inside_root(source.file_path) for source in sources if source.file_path not in read)
    return Edition(
        name=name,
        dictionary=assemble(sources, documents, schemas),
        diagnostics=(*problems, *(problem for file in parsed for problem in file.diagnostics), *lacking.values()),
        unread=frozenset({*lacking, *unread_schemas(schema_sources, schemas), *places}),
        remarks=remarks,
    )
