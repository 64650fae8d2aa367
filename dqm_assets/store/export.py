"""The whole store as one plain DuckDB file that any tool opens."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dqm_assets.errors import StoreError
from dqm_assets.store.connection import LAKE
from dqm_assets.store.maintenance import tables
from dqm_assets.store.names import quoted, quoted_table, text
from dqm_assets.store.store import Store
from dqm_assets.store.tables import SCHEMAS
from dqm_assets.store.tables_accounts import SECRET_TABLES
from dqm_assets.store.views import create_views


@dataclass(frozen=True)
class ExportReport:
    """What was written: the file, its tables, their rows together, and its bytes."""

    path: Path
    tables: int
    rows: int
    bytes: int


def export(store: Store, path: Path, *, overwrite: bool = False) -> ExportReport:
    """Write every table, all as of one moment; the file appears only when it is whole.

    Users and tokens are left out: an export is made to be passed on.

    Raises:
        StoreError: the file exists and must not be replaced, or cannot be written.
    """
    if path.exists() and not overwrite:
        raise StoreError(f"{path} exists; choose another name or pass --overwrite.")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    fresh.unlink(missing_ok=True)
    names = [name for name in tables(store) if name not in SECRET_TABLES]
    try:
        with store.connection() as cursor:
            cursor.execute(f"ATTACH {text(str(fresh))} AS dqm_export")
            try:
                rows = _copy(cursor, names)
            finally:
                cursor.execute("DETACH dqm_export")
        fresh.replace(path)
    except (duckdb.Error, OSError) as error:
        raise StoreError(f"The export to {path} failed: {error}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return ExportReport(path, len(names), rows, path.stat().st_size)


def _copy(cursor: duckdb.DuckDBPyConnection, names: list[str]) -> int:
    rows = 0
    cursor.execute("BEGIN")
    try:
        for schema in SCHEMAS:
            cursor.execute(f"CREATE SCHEMA dqm_export.{quoted(schema)}")
        for name in names:
            table = quoted_table(name)
            copied = cursor.execute(f"CREATE TABLE dqm_export.{table} AS FROM {table}").fetchone()
            rows += copied[0] if copied else 0
        cursor.execute("USE dqm_export")
        create_views(cursor)
        cursor.execute(f"USE {LAKE}")
        cursor.execute("COMMIT")
    except duckdb.Error:
        cursor.execute("ROLLBACK")
        raise
    return rows
