"""Versioned migrations: one module ``m<version>_<name>`` each, applied in order, recorded, never edited.

A module has one function ``apply(cursor)``. It runs inside one transaction under the DDL lock together
with the record of it, so a migration is either whole and recorded, or has not happened.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from dqm_assets.errors import StoreError
from dqm_assets.store import locks
from dqm_assets.store.connection import Lake
from dqm_assets.store.writer import Writer


@dataclass(frozen=True)
class Migration:
    """One step of the store's structure."""

    version: int
    name: str
    apply: Callable[[duckdb.DuckDBPyConnection], None]


def known() -> tuple[Migration, ...]:
    """Migrations that this dqm brings, in order."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        version, _, name = module.name.removeprefix("m").partition("_")
        found.append(
            Migration(int(version), name, importlib.import_module(f"{__name__}.{module.name}").apply)
        )
    return tuple(sorted(found, key=lambda migration: migration.version))


def migrate(lake: Lake, writer: Writer) -> tuple[int, ...]:
    """Apply what is missing; many processes may do this at once.

    Returns:
        Versions that this call applied.

    Raises:
        StoreError: a migration failed (nothing of it is left), or the store is newer than this dqm.
    """
    migrations = known()
    with lake.cursor() as cursor:
        current = applied(cursor)
    if current > migrations[-1].version:
        raise StoreError(
            f"The store has version {current}, this dqm knows {migrations[-1].version}: install a newer dqm."
        )
    if current == migrations[-1].version:
        return ()
    done = []
    with writer.session(frozenset({locks.DDL})) as cursor:
        # Another process may have been faster while this one waited.
        current = applied(cursor)
        for migration in migrations:
            if migration.version > current:
                migration.apply(cursor)
                cursor.execute(
                    "INSERT INTO monitoring.migrations VALUES (?, ?, ?)",
                    [migration.version, migration.name, datetime.now(UTC)],
                )
                done.append(migration.version)
    return tuple(done)


def applied(cursor: duckdb.DuckDBPyConnection) -> int:
    """Version of the store's structure; 0 when it has none."""
    try:
        found = cursor.execute("SELECT coalesce(max(version), 0) FROM monitoring.migrations").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(found[0]) if found else 0
