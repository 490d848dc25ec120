"""The walls of the house: who may import whom."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from metrics_dictionary.reports.report import FORMATS

SOURCE = Path(__file__).parent.parent / "generator"
PACKAGE = SOURCE / "metrics_dictionary"
NAME = PACKAGE.name

GROUND = {"tools", "dictionary", "ping.query", "stores.keys"}
"""What every room may import: `ping.query` and `stores.keys` are pure and know only `tools` and `dictionary`."""

MAY_IMPORT = {
    "tools": set[str](),
    "dictionary": {"tools"},
    "ping.query": {"tools", "dictionary"},
    "stores.keys": {"dictionary"},
    "settings": {"tools"},
    "reading": {*GROUND},
    "validation": {*GROUND, "reading"},
    "reports": {*GROUND, "reading", "validation"},
    "exports": {*GROUND, "reading", "validation"},
    "changes": {*GROUND, "reading", "validation", "reports", "exports"},
    "authoring": {*GROUND, "settings", "reading", "validation", "reports", "exports"},
    "payload_check": {*GROUND, "reading", "validation", "reports", "exports", "ping"},
    "site": {*GROUND, "settings", "reading", "validation", "reports", "exports", "changes"},
    "stores": {*GROUND},
    "events": {*GROUND, "stores", "settings"},
    "ping": {*GROUND, "stores", "settings"},
    "sample": {*GROUND},
    "server": {*GROUND, "settings", "exports", "stores", "events", "ping"},
    "cli": {
        *GROUND,
        *("settings", "reading", "validation", "reports", "exports", "changes", "authoring", "payload_check", "site"),
        *("stores", "events", "ping", "sample", "server"),
    },
}
"""Room -> the rooms that it may import, besides itself. The longest name that a module begins with is its room."""


def _room(module: str) -> str:
    """Return the room of a module, given without the package's name: ``ping.query.sql`` -> ``ping.query``."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in MAY_IMPORT), parts[0])


def _modules() -> dict[str, Path]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def _imported(module: Path) -> set[str]:
    """Every module that is imported, and every name that is imported from one, without the package's name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name.removeprefix(f"{NAME}.") for name in names if name.startswith(f"{NAME}.")}


MODULES = _modules()
REPORT_FORMATS = {f"reports.{module}" for module in FORMATS.values()}
IMPORTS = {module: _imported(path) for module, path in MODULES.items()}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room, "__version__"}
    wrong = {
        f"{module} imports {name}"
        for module, names in IMPORTS.items()
        if _room(module) == room
        for name in names
        if _room(name) not in allowed
    }
    assert not wrong


def test_every_room_is_known() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert rooms | modules == {room for room in MAY_IMPORT if "." not in room}


def test_every_module_is_imported_somewhere_or_is_a_command_or_a_format() -> None:
    imported = {part for names in IMPORTS.values() for name in names for part in (name, name.rpartition(".")[0])}
    needed = {module for module in MODULES if not module.endswith("__init__") and not module.startswith("cli.")}
    assert needed <= imported | REPORT_FORMATS


SMALL = {
    "dictionary.milestones": "the site, the commands and the feeds share it",
    "ping.sources.open_sources": "the only place that knows the settings and every client",
    "reports.xml_text": "two formats share it",
    "server.api.routes": "the table of endpoints, for whoever adds one",
    "tools.clock": "a tool is a module of its own",
    "tools.errors": "a tool is a module of its own",
    "tools.garbage": "a tool is a module of its own",
}
"""Modules of fewer than 40 lines, with the reason. A command and a report format are a module each, however short."""


def test_a_short_module_has_a_reason() -> None:
    short = {
        module
        for module, path in MODULES.items()
        if not module.endswith("__init__") and len(path.read_text(encoding="utf-8").splitlines()) < 40
    }
    commands = {module for module in short if module.startswith(("cli.commands.", "cli.runtime."))}
    assert short - commands - REPORT_FORMATS == SMALL.keys()


def test_a_reader_can_take_in_a_folder_at_a_glance() -> None:
    folders = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    assert max(folders.values()) <= 16


def test_the_house_is_not_divided_too_finely() -> None:
    # 27,700 lines stood in 249 modules when the walls were moved. New rooms may come; smaller ones may not.
    sizes = [len(path.read_text().splitlines()) for module, path in MODULES.items() if not module.endswith("__init__")]
    assert sum(sizes) / len(sizes) >= 111
