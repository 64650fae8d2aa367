"""Making tables and reading what they are; callers hold the DDL lock."""

import duckdb

from dqm_assets.store.names import quoted, quoted_table, text
from dqm_assets.store.tables import SCHEMAS, Column, Table


def create_schemas(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas raw, metrics and monitoring where they are missing."""
    for schema in SCHEMAS:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")


def create(cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Make a table in its declared form; fill in columns that an older form of it lacks."""
    existing = {column.name for column in columns(cursor, table.name)}
    if not existing:
        listed = ", ".join(f"{quoted(column.name)} {column.type}" for column in table.columns)
        cursor.execute(f"CREATE TABLE {quoted_table(table.name)} ({listed})")
        if table.sort:
            order = ", ".join(quoted(name) for name in table.sort)
            cursor.execute(f"ALTER TABLE {quoted_table(table.name)} SET SORTED BY ({order})")
        return
    for column in table.columns:
        if column.name not in existing:
            cursor.execute(
                f"ALTER TABLE {quoted_table(table.name)} ADD COLUMN {quoted(column.name)} {column.type}"
            )


def columns(cursor: duckdb.DuckDBPyConnection, name: str) -> tuple[Column, ...]:
    """Columns of a table in order; empty when there is no such table."""
    schema, _, table = name.partition(".")
    found = cursor.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
        f"AND schema_name = {text(schema)} AND table_name = {text(table)} ORDER BY column_index"
    ).fetchall()
    return tuple(Column(*row) for row in found)
