"""Keeping the store small and fast: retention, merging of small files, removal of what nothing needs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import structlog

from dqm_assets.errors import StoreError
from dqm_assets.store import locks
from dqm_assets.store.connection import LAKE
from dqm_assets.store.names import text
from dqm_assets.store.retention import Removed, Retention, remove_old_rows
from dqm_assets.store.store import Store
from dqm_assets.store.tables import TABLES

_log = structlog.get_logger(__name__)

#: Days for which the store can be read as it was; snapshots of open alerts are kept longer.
SNAPSHOT_DAYS = 7

#: Files that no snapshot needs are removed after this time, so that a reader of them can end first.
_GRACE = timedelta(hours=1)

#: A data file is written again when so large a part of its rows is deleted.
_REWRITE_THRESHOLD = 0.3

#: Changes of a snapshot that add or take rows, as DuckLake calls them.
_OF_ROWS = ["tables_inserted_into", "tables_deleted_from", "inlined_insert", "inlined_delete"]
_COMMITS_OF = f"""
    WITH mine AS (
        SELECT list(table_id::VARCHAR) AS numbers FROM ducklake_table_info('{LAKE}')
        WHERE list_contains($names, table_name)
    )
    SELECT snapshot_id FROM ducklake_snapshots('{LAKE}'), mine
    WHERE snapshot_time < $at AND len(map_keys(changes)) > 0 AND list_has_all($kinds, map_keys(changes))
        AND list_has_all(mine.numbers, flatten(map_values(changes)))
        AND snapshot_id < (SELECT max(snapshot_id) FROM ducklake_snapshots('{LAKE}'))
    ORDER BY snapshot_id
"""
_POINTED_AT = """
    SELECT snapshot FROM monitoring.alerts WHERE status <> 'resolved'
    UNION SELECT snapshot FROM monitoring.verdicts WHERE verdict = 'anomalous'
    UNION SELECT snapshot FROM monitoring.contract_violations
    UNION SELECT snapshot FROM metrics.runs
"""
#: Snapshots that are forgotten in one go.
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Size:
    """How large the store is: live data files, their bytes, and snapshots that can be read."""

    files: int
    bytes: int
    snapshots: int


@dataclass(frozen=True)
class MaintenanceReport:
    """What one run did.

    Attributes:
        before: size at the start.
        after: size at the end.
        removed: rows that were too old, by table.
        pinned: snapshots kept for open alerts although they are old.
        files_deleted: data files that no snapshot needed any more.
        orphans_deleted: files left by writers that were killed.
        seconds: how long it took.
    """

    before: Size
    after: Size
    removed: tuple[Removed, ...]
    pinned: int
    files_deleted: int
    orphans_deleted: int
    seconds: float


def maintain(
    store: Store,
    *,
    retention: Retention | None = None,
    snapshot_days: int = SNAPSHOT_DAYS,
    grace: timedelta = _GRACE,
    now: datetime | None = None,
) -> MaintenanceReport:
    """Do all maintenance; readers go on, writers of a table wait while that table's files are merged.

    Args:
        store: the store.
        retention: rows older than this go; ``None`` takes the setting for all datasets.
        snapshot_days: older snapshots go, except those that an alert which is not resolved points to.
        grace: age at which unneeded and orphan files are deleted.
        now: the time to count back from; ``None`` is now.

    Raises:
        StoreError: PostgreSQL or the files cannot be reached; what was done until then stays done.
    """
    started = time.monotonic()
    now = now or datetime.now(UTC)
    kept = retention or Retention(store.settings.retention_days)
    before = size(store)
    with store.locked(locks.MAINTENANCE):
        removed = tuple(remove_old_rows(store, tables(store), kept, now))
        _merge(store, tables(store))
        pinned = _expire(store, now - timedelta(days=snapshot_days))
        files = _call(store, "ducklake_cleanup_old_files", _older_than(now - grace))
        orphans = _call(store, "ducklake_delete_orphaned_files", _older_than(now - grace))
    return MaintenanceReport(
        before, size(store), removed, pinned, len(files), len(orphans), round(time.monotonic() - started, 3)
    )


def size(store: Store) -> Size:
    """Measure the store from its catalog alone."""
    found = store.rows(
        f"SELECT sum(file_count + delete_file_count)::BIGINT AS files, "
        f"sum(file_size_bytes + delete_file_size_bytes)::BIGINT AS bytes, "
        f"(SELECT count(*) FROM ducklake_snapshots('{LAKE}')) AS snapshots FROM ducklake_table_info('{LAKE}')"
    )[0]
    return Size(found["files"] or 0, found["bytes"] or 0, found["snapshots"])


def tables(store: Store) -> list[str]:
    """Names of all tables, declared and made from files."""
    found = store.rows(
        "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() "
        "WHERE database_name = current_database() ORDER BY 1"
    )
    return [row["name"] for row in found]


def compact(store: Store, names: Sequence[str]) -> tuple[int, int]:
    """Write many small files of some tables as few.

    Returns:
        Live data files of these tables before and after.

    Raises:
        StoreError: PostgreSQL or the files cannot be reached.
    """
    before = _files(store, names)
    with store.locked(locks.MAINTENANCE):
        _merge(store, names)
    return before, _files(store, names)


def forget_commits(store: Store, names: Sequence[str], older_than: datetime) -> int:
    """Forget snapshots in which rows of some tables changed, and nothing else; what they hold stays.

    A stream commits several times a second: after a week there would be millions of snapshots to look
    through. Those that an alert, an anomalous verdict, a violation of a contract or a run points to are
    kept, and so is the newest.

    Args:
        store: the store.
        names: the tables.
        older_than: younger snapshots are kept.

    Returns:
        How many were forgotten; of very many the next call takes the rest.

    Raises:
        StoreError: PostgreSQL cannot be reached.
    """
    with store.locked(locks.MAINTENANCE):
        found = store.rows(
            _COMMITS_OF, {"names": [n.partition(".")[2] for n in names], "kinds": _OF_ROWS, "at": older_than}
        )
        pinned = {row["snapshot"] for row in store.rows(_POINTED_AT)}
        unneeded = [row["snapshot_id"] for row in found if row["snapshot_id"] not in pinned][:_AT_ONCE]
        if unneeded:
            _call(store, "ducklake_expire_snapshots", f", versions => {unneeded}")
    return len(unneeded)


def _files(store: Store, names: Sequence[str]) -> int:
    found = store.rows(
        f"SELECT sum(file_count + delete_file_count)::BIGINT AS files FROM ducklake_table_info('{LAKE}') "
        "WHERE list_contains(?, table_name)",
        [[name.partition(".")[2] for name in names]],
    )
    return found[0]["files"] or 0


def _merge(store: Store, names: Sequence[str]) -> None:
    """Write many small files as few; under each table's lock, as a delete in a merged file would conflict."""
    _call(store, "ducklake_flush_inlined_data", "", lock=tuple(TABLES))
    for name in names:
        schema, _, table = name.partition(".")
        place = f", {text(table)}, schema => {text(schema)}"
        _call(
            store,
            "ducklake_rewrite_data_files",
            f"{place}, delete_threshold => {_REWRITE_THRESHOLD}",
            lock=(name,),
        )
        _call(store, "ducklake_merge_adjacent_files", place, lock=(name,))


def _expire(store: Store, oldest: datetime) -> int:
    """Forget old snapshots except the current one and those that alerts which are not resolved point to."""
    pinned = {
        row["snapshot"]
        for row in store.rows(
            "SELECT DISTINCT snapshot FROM monitoring.alerts "
            "WHERE status <> 'resolved' AND snapshot IS NOT NULL"
        )
    }
    old = [
        row["snapshot_id"]
        for row in store.rows(
            f"SELECT snapshot_id FROM ducklake_snapshots('{LAKE}') WHERE snapshot_time < ? "
            f"AND snapshot_id < (SELECT max(snapshot_id) FROM ducklake_snapshots('{LAKE}'))",
            [oldest],
        )
    ]
    unneeded = [number for number in old if number not in pinned]
    if unneeded:
        _call(store, "ducklake_expire_snapshots", f", versions => {unneeded}")
    return len(old) - len(unneeded)


def _older_than(moment: datetime) -> str:
    return f", older_than => TIMESTAMPTZ {text(moment.isoformat())}"


def _call(store: Store, function: str, arguments: str, lock: tuple[str, ...] = ()) -> list[tuple]:
    """Call one of DuckLake's functions; a conflict with a writer leaves the work to the next maintenance."""
    try:
        with store.locked(*lock), store.connection() as cursor:
            return cursor.execute(f"CALL {function}('{LAKE}'{arguments})").fetchall()
    except duckdb.TransactionException as error:
        _log.warning("store_maintenance_skipped", function=function, error=str(error))
        return []
    except duckdb.Error as error:
        raise StoreError(f"Maintenance failed in {function}: {error}") from error
