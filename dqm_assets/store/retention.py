"""Retention: rows that are older than the days their dataset keeps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dqm_assets.store.names import quoted, quoted_table
from dqm_assets.store.store import Store
from dqm_assets.store.tables import LOADED_COLUMN, TABLES, Table


@dataclass(frozen=True)
class Retention:
    """How long rows stay.

    Attributes:
        days: of everything that is not named below.
        of_datasets: days of datasets that have their own.
        of_tables: the same, by the dataset's raw table, whose rows do not name it.
    """

    days: int
    of_datasets: Mapping[str, int] = field(default_factory=dict)
    of_tables: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Removed:
    """Rows of one table that were older than the retention."""

    table: str
    rows: int


#: A condition on a table's rows, and its values.
Condition = tuple[str, list[Any]]


def remove_old_rows(store: Store, names: list[str], retention: Retention, now: datetime) -> list[Removed]:
    """Remove what is too old from the named tables; rows of tables of files by the time they were loaded."""
    removed = []
    for name in names:
        count = sum(_remove(store, name, condition) for condition in _too_old(name, retention, now))
        if count:
            removed.append(Removed(name, count))
    return removed


def _remove(store: Store, name: str, condition: Condition) -> int:
    where, given = condition
    counted = store.rows(f"SELECT count(*) AS n FROM {quoted_table(name)} WHERE {where}", given)
    if counted[0]["n"]:
        with store.transaction() as transaction:
            transaction.delete(name, where, given)
    return counted[0]["n"]


def _too_old(name: str, retention: Retention, now: datetime) -> Iterator[Condition]:
    declared = TABLES.get(name)
    if declared is None:
        oldest = now - timedelta(days=retention.of_tables.get(name, retention.days))
        yield f"{quoted(LOADED_COLUMN)} < ?", [oldest]
    elif declared.time and "dataset" in declared.column_names and retention.of_datasets:
        apart = list(retention.of_datasets)
        yield _older(declared, now - timedelta(days=retention.days), "NOT list_contains(?, dataset)", apart)
        for dataset, days in retention.of_datasets.items():
            yield _older(declared, now - timedelta(days=days), "dataset = ?", dataset)
    elif declared.time:
        yield _older(declared, now - timedelta(days=retention.days))


def _older(table: Table, oldest: datetime, which: str = "", *values: Any) -> Condition:
    """Rows from before a time, of some datasets; those whose run came later stay."""
    conditions, given = [f"{quoted(table.time)} < ?"], [oldest]
    if which:
        conditions.append(which)
        given += values
    if table.run:
        conditions.append(
            f"(dataset, {quoted(table.run)}) NOT IN "
            "(SELECT (dataset, run_id) FROM metrics.runs WHERE registered_at >= ?)"
        )
        given.append(oldest)
    return " AND ".join(conditions), given
