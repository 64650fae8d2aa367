"""What is in the store, where it is, and whether it is due for maintenance."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.store.connection import LAKE
from dqm_assets.store.maintenance import Size, size, tables
from dqm_assets.store.names import quoted_table, text
from dqm_assets.store.store import Store


@dataclass(frozen=True)
class TableStatus:
    """One table: its rows, data files and bytes."""

    table: str
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True)
class StoreStatus:
    """The store as a whole.

    Attributes:
        location: folder or S3 prefix of the data files.
        postgres: ``embedded (process 123)`` or ``external``.
        version: current snapshot.
        migration: version of the structure.
        size: files, bytes and snapshots.
        oldest_snapshot: earliest time that can be read.
        tables: every table.
    """

    location: str
    postgres: str
    version: int
    migration: int
    size: Size
    oldest_snapshot: datetime
    tables: tuple[TableStatus, ...]


def status(store: Store) -> StoreStatus:
    """Read the status; costs a few milliseconds a table.

    Raises:
        StoreError: the store cannot be read.
    """
    oldest = store.rows(f"SELECT min(snapshot_time) AS oldest FROM ducklake_snapshots('{LAKE}')")[0]["oldest"]
    migration = store.rows("SELECT max(version) AS version FROM monitoring.migrations")[0]["version"]
    return StoreStatus(
        location=store.settings.store_location,
        postgres=store.postgres_description,
        version=store.version(),
        migration=migration,
        size=size(store),
        oldest_snapshot=oldest,
        tables=tuple(_table(store, name) for name in tables(store)),
    )


def _table(store: Store, name: str) -> TableStatus:
    schema, _, table = name.partition(".")
    files = store.rows(
        "SELECT count(data_file) + count(delete_file) AS files, "
        "coalesce(sum(data_file_size_bytes + coalesce(delete_file_size_bytes, 0)), 0)::BIGINT AS bytes "
        f"FROM ducklake_list_files('{LAKE}', {text(table)}, schema => {text(schema)})"
    )[0]
    rows = store.rows(f"SELECT count(*) AS n FROM {quoted_table(name)}")[0]["n"]
    return TableStatus(name, rows, files["files"], files["bytes"])
