"""The structure of both databases, and how it differs from the expected one."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metrics_dictionary.ping.database.open_database import open_database
from metrics_dictionary.ping.database.structure import KINDS, Snapshot, inconsistencies, parse_snapshot, snapshot
from metrics_dictionary.tools.errors import OperationalError
from tests.ping.database.applications import SqliteApplication

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ping.database.applications import Application
    from tests.ping.database.conftest import Opener

TABLES = (
    "CREATE TABLE groups (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL DEFAULT 'none', parent INTEGER)",
    "CREATE TABLE projects (id INTEGER PRIMARY KEY, group_id INTEGER, path TEXT UNIQUE, stars INTEGER, "
    "CONSTRAINT fk_group FOREIGN KEY (group_id) REFERENCES groups (id))",
    "CREATE TABLE spare (id INTEGER PRIMARY KEY)",
    "CREATE INDEX groups_by_name ON groups (name)",
    "CREATE INDEX groups_by_parent ON groups (parent)",
)
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER stamp AFTER UPDATE ON groups BEGIN DELETE FROM spare; END",
        "CREATE TRIGGER sweep AFTER DELETE ON groups BEGIN DELETE FROM spare; END",
    ),
    "postgresql": (
        "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER stamp AFTER UPDATE ON groups EXECUTE FUNCTION tidy()",
        "CREATE TRIGGER sweep AFTER DELETE ON groups EXECUTE FUNCTION tidy()",
    ),
}


@pytest.fixture
def kind(application: Application) -> str:
    kind = application.url.split(":")[0]
    application.execute(*TABLES, *TRIGGERS[kind])
    return kind


@pytest.mark.usefixtures("application")
def test_a_snapshot_has_every_object_sorted_by_name(kind: str, opened: Opener) -> None:
    found = snapshot(opened())
    assert list(found) == list(KINDS)
    assert all(list(objects) == sorted(objects) for objects in found.values())
    assert list(found["tables"]) == ["groups", "projects", "spare"]
    assert list(found["table_columns"]) == [
        *("groups.id", "groups.name", "groups.parent"),
        *("projects.group_id", "projects.id", "projects.path", "projects.stars", "spare.id"),
    ]
    assert {"groups_by_name", "groups_by_parent"} < found["indexes"].keys()
    assert list(found["foreign_keys"]) == ["projects.fk_group" if kind == "postgresql" else "projects.group_id"]
    assert list(found["triggers"]) == ["groups.stamp", "groups.sweep"]


@pytest.mark.usefixtures("kind")
def test_a_snapshot_is_the_same_every_time_and_after_a_round_trip(opened: Opener) -> None:
    first = snapshot(opened())
    again = parse_snapshot(json.dumps(snapshot(opened()), indent=2), "structure.json")
    assert json.dumps(first) == json.dumps(again)
    assert inconsistencies(first, again) == []


@pytest.mark.usefixtures("kind")
def test_a_definition_says_type_default_and_target(opened: Opener) -> None:
    found = snapshot(opened())
    assert "80" in found["table_columns"]["groups.name"]
    assert "NOT NULL DEFAULT 'none'" in found["table_columns"]["groups.name"]
    assert "PRIMARY KEY (id)" in found["tables"]["groups"]
    assert "(group_id) REFERENCES groups(id)" in next(iter(found["foreign_keys"].values()))
    assert any("UNIQUE" in definition and "path" in definition for definition in found["indexes"].values())


CHANGES = {
    "sqlite": (
        "CREATE TABLE projects_2 (id INTEGER PRIMARY KEY, group_id INTEGER, path TEXT UNIQUE, stars TEXT, "
        "forks INTEGER, CONSTRAINT fk_group FOREIGN KEY (group_id) REFERENCES groups (id) ON DELETE CASCADE,"
        "CONSTRAINT fk_parent FOREIGN KEY (forks) REFERENCES groups (id))",
        "DROP TABLE projects",
        "ALTER TABLE projects_2 RENAME TO projects",
    ),
    "postgresql": (
        "ALTER TABLE projects ALTER COLUMN stars TYPE TEXT",
        "ALTER TABLE projects ADD COLUMN forks INTEGER",
        "ALTER TABLE projects DROP CONSTRAINT fk_group",
        "ALTER TABLE projects ADD CONSTRAINT fk_group FOREIGN KEY (group_id) REFERENCES groups (id) ON DELETE CASCADE",
        "ALTER TABLE projects ADD CONSTRAINT fk_parent FOREIGN KEY (forks) REFERENCES groups (id)",
    ),
}
COMMON_CHANGES = (
    "DROP INDEX groups_by_name",
    "CREATE INDEX groups_by_name ON groups (name, parent)",
    "DROP INDEX groups_by_parent",
    "ALTER TABLE groups DROP COLUMN parent",
    "CREATE INDEX projects_by_stars ON projects (stars)",
    "DROP TABLE spare",
    "CREATE TABLE added (id INTEGER, name TEXT, PRIMARY KEY (id, name))",
)
NEW_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER stamp AFTER INSERT ON groups BEGIN DELETE FROM added; END",
        "CREATE TRIGGER count AFTER DELETE ON groups BEGIN DELETE FROM added; END",
    ),
    "postgresql": (
        "CREATE TRIGGER stamp AFTER INSERT ON groups EXECUTE FUNCTION tidy()",
        "CREATE TRIGGER count AFTER DELETE ON groups EXECUTE FUNCTION tidy()",
    ),
}


def test_each_kind_of_difference_is_found(application: Application, kind: str, opened: Opener) -> None:
    database = opened()
    before = snapshot(database)
    on = "" if kind == "sqlite" else " ON groups"
    application.execute(f"DROP TRIGGER stamp{on}", f"DROP TRIGGER sweep{on}", *CHANGES[kind])
    application.execute("DROP INDEX groups_by_name", "CREATE INDEX groups_by_name ON groups (name, id)")
    application.execute(*COMMON_CHANGES[2:], *NEW_TRIGGERS[kind])
    after = snapshot(database)

    found = [tuple(difference.values()) for difference in inconsistencies(before, after)]
    fk_group, fk_parent = {
        "sqlite": ("projects.group_id", "projects.forks"),
        "postgresql": ("projects.fk_group", "projects.fk_parent"),
    }[kind]
    named = [difference for difference in found if "autoindex" not in difference[0] and "pkey" not in difference[0]]
    assert named == [
        ("added", "extra_tables", "table"),
        ("spare", "missing_tables", "table"),
        ("groups.parent", "missing_table_columns", "column"),
        ("projects.forks", "extra_table_columns", "column"),
        ("projects.stars", "different_definition_table_columns", "column"),
        ("groups_by_name", "different_definition_indexes", "index"),
        ("groups_by_parent", "missing_indexes", "index"),
        ("projects_by_stars", "extra_indexes", "index"),
        *sorted([
            (fk_group, "different_definition_foreign_keys", "foreign_key"),
            (fk_parent, "extra_foreign_keys", "foreign_key"),
        ]),
        ("groups.count", "extra_triggers", "trigger"),
        ("groups.stamp", "different_definition_triggers", "trigger"),
        ("groups.sweep", "missing_triggers", "trigger"),
    ]  # fmt: skip
    missing_key = [tuple(difference.values()) for difference in inconsistencies(after, before)]
    assert (fk_parent, "missing_foreign_keys", "foreign_key") in missing_key


@pytest.mark.usefixtures("kind")
def test_a_table_with_another_key_has_another_definition(application: Application, opened: Opener) -> None:
    database = opened()
    before = snapshot(database)
    application.execute("DROP TABLE spare", "CREATE TABLE spare (id INTEGER)")
    after = snapshot(database)
    assert {"object_name": "spare", "inconsistency_type": "different_definition_tables", "object_type": "table"} in (
        inconsistencies(before, after)
    )


REDEFINED = {
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'x,y)'), b TEXT DEFAULT '(', c TEXT)": {},
    "create table t (id INTEGER PRIMARY KEY, a TEXT check(a<>'x,y)'), b TEXT DEFAULT '(',\n c TEXT /* , z ( */)": {},
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT '(', c TEXT, CONSTRAINT k CHECK (a <> 'x,y)'))": {},
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'X,y)'), b TEXT DEFAULT '(', c TEXT)": {"t": "tables"},
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT '(', c TEXT)": {"t": "tables"},
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'x,y)'), b TEXT DEFAULT '(', c TEXT, CHECK (b > c))": {
        "t": "tables"
    },
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'x,y)'), b TEXT DEFAULT '(', c TEXT COLLATE {other})": {
        "t.c": "table_columns"
    },
}
ONLY_SQLITE = {
    "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT CHECK (a <> 'x,y)'), b TEXT DEFAULT '(', c TEXT)": {
        "t": "tables"
    },
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'x,y)'), b TEXT DEFAULT '(', c TEXT) STRICT": {
        "t": "tables"
    },
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'x,y)'), \"b\" TEXT COLLATE \"rtrim\" DEFAULT '(', "
    "[c] TEXT)": {"t.b": "table_columns"},
}
OTHER_COLLATION = {"sqlite": "NOCASE", "postgresql": '"C"'}


@pytest.mark.parametrize("statement", [*REDEFINED, *ONLY_SQLITE])
def test_a_changed_check_collation_or_word_is_found_and_another_spelling_is_none(
    application: Application, opened: Opener, statement: str
) -> None:
    database = opened()
    if statement in ONLY_SQLITE and database.adapter != "sqlite":
        return
    application.execute(next(iter(REDEFINED)))
    before = snapshot(database)
    application.execute("DROP TABLE t", statement.format(other=OTHER_COLLATION[database.adapter]))
    found = inconsistencies(before, snapshot(database))
    assert {one["object_name"]: one["inconsistency_type"].removeprefix("different_definition_") for one in found} == (
        {**REDEFINED, **ONLY_SQLITE}[statement]
    )


def test_the_collation_of_a_unique_constraint_of_sqlite_is_part_of_it(tmp_path: Path) -> None:
    application = SqliteApplication(tmp_path / "application.db")
    found = []
    for collation in ("", "COLLATE NOCASE"):
        application.execute("DROP TABLE IF EXISTS t", f"CREATE TABLE t (a TEXT, UNIQUE (a {collation}))")
        with closing(open_database(application.url, statement_timeout=5.0)) as database:
            found.append(snapshot(database)["indexes"])
    assert found[0] != found[1]


def test_at_most_150_differences_are_listed_the_same_ones_each_time() -> None:
    empty: Snapshot = {kind: {} for kind in KINDS}
    full: Snapshot = {kind: {f"object_{number:03}": "" for number in range(60)} for kind in KINDS}
    found = inconsistencies(empty, full)
    assert len(found) == 150
    assert found == inconsistencies(empty, {kind: dict(reversed(full[kind].items())) for kind in KINDS})
    assert found[0] == {"object_name": "object_000", "inconsistency_type": "extra_tables", "object_type": "table"}


EMPTY: dict[str, object] = {kind: {} for kind in KINDS}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"tables": {}}', json.dumps({**EMPTY, "views": {}}), "[" * 100_000]
    + [json.dumps({**EMPTY, "tables": tables}) for tables in (None, list[str](), {"users": 1})],
)
def test_a_file_that_is_no_snapshot_is_refused_by_name_with_the_remedy(text: str) -> None:
    with pytest.raises(OperationalError, match=r"^structure\.json: .*`metrics-dictionary database snapshot`$"):
        parse_snapshot(text, "structure.json")
