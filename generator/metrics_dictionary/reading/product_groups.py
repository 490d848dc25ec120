"""Product groups: from the root's ``product_groups.yml``, or from a file that takes its place.

Such a file may also be a JSON Schema that lists the groups in an ``enum``, which is how GitLab publishes its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.dictionary.definition import Fields, mapping, string, strings
from metrics_dictionary.dictionary.dictionary import ProductGroup
from metrics_dictionary.reading.document import Kind
from metrics_dictionary.reading.parse import max_bytes, parse
from metrics_dictionary.reading.root import SourceFile, shown
from metrics_dictionary.tools.errors import OperationalError
from metrics_dictionary.tools.files import file_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from metrics_dictionary.dictionary.diagnostic import Diagnostic


def read_product_groups(path: Path) -> dict[str, ProductGroup]:
    """Return identifier -> group of a file; raises OperationalError as ``named_product_groups`` does."""
    groups, _ = named_product_groups(path)
    return groups


def named_product_groups(path: Path) -> tuple[dict[str, ProductGroup], tuple[Diagnostic, ...]]:
    """Return identifier -> group of a file that was named for them, and what else is wrong with its text.

    Raises OperationalError when the file cannot be read, is not YAML, or names no group.
    """
    source = SourceFile(path, shown(path), path.name, Kind.PRODUCT_GROUPS)
    parsed = parse(source, file_bytes(path, max_bytes(source.kind)))
    if parsed.document is None:
        problem = parsed.diagnostics[0]
        raise OperationalError(f"{problem.location}: {problem.message}")
    groups = product_groups_of(parsed.document.data)
    if not groups or not _holds_groups(mapping(parsed.document.data)):
        raise OperationalError(
            f"{shown(path)}: no product group in it; expected a mapping of identifiers to groups, a list of "
            "identifiers, or a JSON Schema whose enum is one"
        )
    return groups, parsed.diagnostics


def product_groups_of(data: object) -> dict[str, ProductGroup]:
    """Return identifier -> group, in the order of the file."""
    fields = mapping(data)
    names = strings(data) or strings(fields.get("enum"))
    if names:
        return {name: ProductGroup(name, name) for name in names}
    return {identifier: _group(identifier, entry) for identifier, entry in fields.items()}


def _holds_groups(fields: Fields) -> bool:
    """Return whether a mapping is one of groups or lists them, and is not a JSON Schema of something else."""
    return bool(strings(fields.get("enum"))) or all(
        entry is None or (isinstance(entry, dict) and not any(isinstance(value, dict) for value in entry.values()))
        for entry in fields.values()
    )


def _group(identifier: str, entry: object) -> ProductGroup:
    fields = mapping(entry)
    return ProductGroup(
        identifier=identifier,
        name=string(fields.get("name")) or identifier,
        stage=string(fields.get("stage")),
        section=string(fields.get("section")),
        description=string(fields.get("description")),
        contact=string(fields.get("contact")),
    )
