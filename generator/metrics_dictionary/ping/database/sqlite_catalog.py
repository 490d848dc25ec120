"""Where SQLite keeps the structure of a database: for each kind, the query for names and definitions.

SQLite stores the author's text of tables, indexes and triggers. It keeps no names of foreign keys, so that these are
called after their columns.
"""

QUERIES = {
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
                   SELECT group_concat(coalesce(name, ''), ', ') FROM (
                       SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)) || ')')
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
