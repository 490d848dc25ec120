"""Where each database keeps its structure: for each kind of object, the query for names and definitions.

SQLite stores the author's text of tables, indexes and triggers; ``sqlite_tables`` reads what only the text of a table
says. It keeps no names of foreign keys, so they are named
after their columns. Of PostgreSQL, only the tables of the schemas on the search path are read; whether a trigger
is disabled is part of its definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_dictionary.ping.query.sql import quoted_table, quoted_text

if TYPE_CHECKING:
    from metrics_dictionary.ping.query.relation import Column

_SQLITE = {
    # The columns have their own kind; what is left of a table is its primary key and the words after the columns.
    "tables": r"""
        SELECT master.name,
               'PRIMARY KEY (' || coalesce((SELECT group_concat(name, ', ') FROM (
                   SELECT name FROM pragma_table_xinfo(master.name) WHERE pk > 0 ORDER BY pk)), '') || ')'
               || CASE WHEN master.sql LIKE '%WITHOUT%ROWID%' THEN ' WITHOUT ROWID' ELSE '' END
               || CASE WHEN master.sql LIKE 'CREATE VIRTUAL%' THEN ' VIRTUAL' ELSE '' END
        FROM sqlite_master AS master
        WHERE master.type = 'table' AND master.name NOT LIKE 'sqlite\_%' ESCAPE '\'
    """,
    "table_columns": r"""
        SELECT master.name || '.' || info.name,
               info.type
               || CASE WHEN info."notnull" THEN ' NOT NULL' ELSE '' END
               || coalesce(' DEFAULT ' || info.dflt_value, '')
               || CASE info.hidden WHEN 2 THEN ' GENERATED VIRTUAL' WHEN 3 THEN ' GENERATED STORED' ELSE '' END
        FROM sqlite_master AS master JOIN pragma_table_xinfo(master.name) AS info
        WHERE master.type = 'table' AND master.name NOT LIKE 'sqlite\_%' ESCAPE '\'
    """,
    "indexes": r"""
        SELECT list.name,
               coalesce(written.sql, 'UNIQUE ' || master.name || ' (' || (
                   SELECT group_concat(
                       coalesce(name, '') || CASE coll WHEN 'BINARY' THEN '' ELSE ' COLLATE ' || coll END
                       || CASE "desc" WHEN 1 THEN ' DESC' ELSE '' END, ', ')
                   FROM (SELECT * FROM pragma_index_xinfo(list.name) WHERE key ORDER BY seqno)) || ')')
        FROM sqlite_master AS master
        JOIN pragma_index_list(master.name) AS list
        LEFT JOIN sqlite_master AS written ON written.type = 'index' AND written.name = list.name
        WHERE master.type = 'table' AND master.name NOT LIKE 'sqlite\_%' ESCAPE '\'
    """,
    "foreign_keys": r"""
        SELECT key.owner || '.' || group_concat(key."from", ','),
               'FOREIGN KEY (' || group_concat(key."from", ', ') || ') REFERENCES ' || key."table"
               || coalesce('(' || group_concat(key."to", ', ') || ')', '')
               || ' ON UPDATE ' || key.on_update || ' ON DELETE ' || key.on_delete AS definition
        FROM (
            SELECT master.name AS owner, list.*
            FROM sqlite_master AS master JOIN pragma_foreign_key_list(master.name) AS list
            WHERE master.type = 'table' AND master.name NOT LIKE 'sqlite\_%' ESCAPE '\'
            ORDER BY owner, list.id, list.seq
        ) AS key
        GROUP BY key.owner, key.id
        ORDER BY definition
    """,
    "triggers": """
        SELECT tbl_name || '.' || name, sql FROM sqlite_master WHERE type = 'trigger'
    """,
}


def _of_tables(columns: str, *, joins: str = "", condition: str = "TRUE") -> str:
    return f"""
        SELECT {columns}
        FROM pg_catalog.pg_class AS owner
        JOIN pg_catalog.pg_namespace AS schema ON schema.oid = owner.relnamespace
        {joins}
        WHERE owner.relkind IN ('r', 'p')
        AND schema.nspname = ANY (pg_catalog.current_schemas(false))
        AND pg_catalog.pg_table_is_visible(owner.oid)
        AND {condition}
    """  # noqa: S608 - all parts stand in this module


_POSTGRESQL = {
    # The columns have their own kind; what is left of a table is how it is stored, its primary key and its checks.
    "tables": _of_tables("""
        owner.relname::text,
        CASE owner.relpersistence WHEN 'u' THEN 'UNLOGGED TABLE ' ELSE 'TABLE ' END
        || coalesce('PARTITION BY ' || pg_catalog.pg_get_partkeydef(owner.oid) || ' ', '')
        || coalesce((
            SELECT string_agg(rule.definition, ', ' ORDER BY rule.definition COLLATE "C") FROM (
                SELECT pg_catalog.pg_get_constraintdef(oid) AS definition FROM pg_catalog.pg_constraint
                WHERE conrelid = owner.oid AND contype IN ('p', 'c', 'x')) AS rule), '')
    """),
    "table_columns": _of_tables(
        """
        owner.relname || '.' || attribute.attname,
        pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
        || CASE WHEN attribute.attcollation <> kind.typcollation THEN ' COLLATE ' || (
               SELECT pg_catalog.quote_ident(collname) FROM pg_catalog.pg_collation WHERE oid = attribute.attcollation)
           ELSE '' END
        || CASE WHEN attribute.attnotnull THEN ' NOT NULL' ELSE '' END
        || CASE attribute.attidentity
               WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY'
               ELSE '' END
        || coalesce(CASE WHEN attribute.attgenerated = '' THEN ' DEFAULT ' ELSE ' GENERATED ALWAYS AS ' END
                    || pg_catalog.pg_get_expr(standard.adbin, standard.adrelid), '')
        """,
        joins="""
        JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = owner.oid
        JOIN pg_catalog.pg_type AS kind ON kind.oid = attribute.atttypid
        LEFT JOIN pg_catalog.pg_attrdef AS standard
            ON standard.adrelid = attribute.attrelid AND standard.adnum = attribute.attnum
        """,
        condition="attribute.attnum > 0 AND NOT attribute.attisdropped",
    ),
    "indexes": _of_tables(
        "entry.relname::text, pg_catalog.pg_get_indexdef(entry.oid)",
        joins="""
        JOIN pg_catalog.pg_index AS listed ON listed.indrelid = owner.oid
        JOIN pg_catalog.pg_class AS entry ON entry.oid = listed.indexrelid
        """,
    ),
    "foreign_keys": _of_tables(
        "owner.relname || '.' || entry.conname, pg_catalog.pg_get_constraintdef(entry.oid)",
        joins="JOIN pg_catalog.pg_constraint AS entry ON entry.conrelid = owner.oid",
        condition="entry.contype = 'f'",
    ),
    "triggers": _of_tables(
        """
        owner.relname || '.' || entry.tgname,
        pg_catalog.pg_get_triggerdef(entry.oid) || CASE entry.tgenabled WHEN 'D' THEN ' DISABLED' ELSE '' END
        """,
        joins="JOIN pg_catalog.pg_trigger AS entry ON entry.tgrelid = owner.oid",
        condition="NOT entry.tgisinternal",
    ),
}

CATALOGS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
"""Adapter -> kind -> query for the names and definitions; several definitions of one name stand in order."""

_INDEXED = {
    # The key of a table with row ids is no index of its own where its type is INTEGER: it is the row id.
    "sqlite": """
        SELECT EXISTS (
            SELECT 1 FROM pragma_index_list({table}) AS list JOIN pragma_index_xinfo(list.name) AS info
            WHERE info.seqno = 0 AND info.name = {column} COLLATE NOCASE AND NOT list.partial
        ) OR (
            SELECT count(*) = 1 AND max(name) = {column} COLLATE NOCASE AND max(type) = 'INTEGER' COLLATE NOCASE
            FROM pragma_table_xinfo({table}) WHERE pk > 0
        )
    """,
    "postgresql": """
        SELECT EXISTS (
            SELECT 1
            FROM pg_catalog.pg_index AS listed
            JOIN pg_catalog.pg_attribute AS attribute
                ON attribute.attrelid = listed.indrelid AND attribute.attnum = listed.indkey[0]
            JOIN pg_catalog.pg_class AS entry ON entry.oid = listed.indexrelid
            JOIN pg_catalog.pg_am AS method ON method.oid = entry.relam AND method.amname = 'btree'
            WHERE listed.indrelid = pg_catalog.to_regclass({quoted_table})
            AND listed.indisvalid AND listed.indpred IS NULL AND attribute.attname = {column}
        )
    """,
}


def select_string_type(column: Column) -> str:
    """Return PostgreSQL's statement for the type of a column of strings; it gives no row for any other column."""
    return f"""
        SELECT kind.typname::text
        FROM pg_catalog.pg_attribute AS attribute
        JOIN pg_catalog.pg_type AS kind ON kind.oid = attribute.atttypid AND kind.typcategory = 'S'
        WHERE attribute.attrelid = pg_catalog.to_regclass({quoted_text(quoted_table(column.table))})
        AND attribute.attname = {quoted_text(column.name)}
    """  # noqa: S608 - names are quoted


def select_is_indexed(adapter: str, column: Column) -> str:
    """Return the statement that says whether an index finds a column's values in order."""
    return _INDEXED[adapter].format(
        table=quoted_text(column.table),
        quoted_table=quoted_text(quoted_table(column.table)),
        column=quoted_text(column.name),
    )
