"""The walls of the house: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "generator"

MAY_IMPORT = {
    "dictionary": set(),
    "reading": {"dictionary"},
    "history": {"dictionary", "reading"},
    "validation": {"dictionary", "reading"},
    "reports": {"dictionary", "reading", "validation"},
    "exports": {"dictionary", "reading", "validation"},
    "stores": {"dictionary"},
    "events": {"dictionary", "stores"},
    "ping": {"dictionary", "stores"},
    "site": {"dictionary", "reading", "validation", "exports", "ping", "history"},
    "server": {"dictionary", "exports", "stores", "events", "ping"},
    "sample": {"dictionary", "ping"},
    "lifecycle": {"dictionary", "reading", "validation", "reports", "exports", "ping"},
    "payload_check": {"dictionary", "reading", "reports", "exports", "ping"},
    "authoring": {"dictionary", "reading", "validation", "reports", "exports", "stores"},
    "cli": {
        *("dictionary", "reading", "validation", "reports", "exports", "stores", "events", "ping", "site"),
        *("server", "sample", "authoring", "lifecycle", "payload_check"),
    },
}
"""Room -> the rooms that it may import, besides itself and the modules that stand beside the rooms."""

BESIDE = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported_names(module: Path) -> set[str]:
    """Every module that is imported, and every name that is imported from one, with its full path."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.startswith("generator.")}


def imported_rooms(module: Path) -> set[str]:
    rooms = {name.split(".")[1] for name in imported_names(module)}
    return {room for room in rooms if not room.startswith("__")}


@pytest.mark.parametrize("module", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_the_rooms_below_it(module: Path) -> None:
    room = module.relative_to(PACKAGE).parts[0]
    allowed = MAY_IMPORT.get(room, set()) | BESIDE | {room}
    assert imported_rooms(module) <= allowed


def test_no_module_beside_the_rooms_imports_a_room() -> None:
    for module in PACKAGE.glob("*.py"):
        assert imported_rooms(module) <= BESIDE


def test_every_room_is_known() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(MAY_IMPORT)


def test_every_module_is_imported_somewhere_or_is_a_command() -> None:
    imported = {name for module in modules() for name in imported_names(module)}
    names = {".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts) for module in modules()}
    needed = {name for name in names if not name.endswith("__init__") and not name.startswith("generator.cli.")}
    assert needed <= imported
