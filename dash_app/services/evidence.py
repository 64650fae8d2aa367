"""Evidence rows: the rows behind an alert, read from the snapshot of the store that was judged."""

from dataclasses import dataclass
from typing import Any

from dash_app.services.alerts import alert_with_id
from dash_app.services.checks import clause_sample
from dash_app.services.metric_series import CONTRACT_DETECTOR
from dash_app.services.records import Alert
from dash_app.services.rows import as_text
from dqm_assets.errors import StoreError
from dqm_assets.store import Store
from dqm_assets.store.names import quoted, quoted_table

MOST_ROWS = 50
#: What dqm adds to raw rows, of which only the line is shown.
HIDDEN = ("_run_id", "_loaded_at")

TABLE = "SELECT table_name FROM monitoring.datasets WHERE dataset = $dataset"

#: Metrics whose evidence is missing values, and those whose evidence is the most extreme ones.
_MISSING = ("null_count", "null_fraction")
_EXTREME = ("mean", "stddev", "variance", "outlier_count", "outlier_fraction", "min", "max")


@dataclass(frozen=True, slots=True)
class EvidenceRows:
    """Rows of a batch that show what an alert is about.

    ``snapshot`` is the store's snapshot that they were read from; ``None`` is its present state.
    """

    what: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    #: Column to look at; empty when it is the whole row.
    column: str
    snapshot: int | None
    note: str = ""


def evidence_rows(store: Store, alert_id: str) -> EvidenceRows | None:
    """Read the rows behind an alert, or ``None`` when it is not about rows or does not exist."""
    alert = alert_with_id(store, alert_id)
    if alert is None:
        return None
    if alert.detector == CONTRACT_DETECTOR:
        return _of_clause(store, alert)
    table = raw_table(store, alert.dataset)
    if table is None or alert.metric not in (*_MISSING, *_EXTREME) or alert.segment:
        return None
    condition, order, what = _wanted(alert)
    sql = (
        f"SELECT * FROM {quoted_table(table)} WHERE _run_id = $batch AND {condition} "  # noqa: S608 - names are quoted
        f"ORDER BY {order} LIMIT $limit"
    )
    asked: dict[str, Any] = {"batch": alert.last_batch, "limit": MOST_ROWS}
    if "$expected" in sql:
        asked["expected"] = alert.expected if alert.metric == "mean" else _middle(store, alert, table)
    return _read(store, sql, asked, alert, what)


def _of_clause(store: Store, alert: Alert) -> EvidenceRows | None:
    found = clause_sample(store, alert.dataset, alert.metric, alert.last_batch)
    if found is None or not found.rows:
        return None
    columns = tuple(dict.fromkeys(name for row in found.rows for name in row if name not in HIDDEN))
    return EvidenceRows(
        what=f"{len(found.rows):,} of {found.failing_rows:,} failing rows, as kept when they were judged",
        columns=columns,
        rows=tuple(tuple(row.get(name) for name in columns) for row in found.rows),
        column="",
        snapshot=found.snapshot,
    )


def raw_table(store: Store, dataset: str) -> str | None:
    """Name the raw table of a dataset of files, or ``None`` when it has none."""
    rows = store.rows(TABLE, {"dataset": dataset})
    name = as_text(rows[0]["table_name"]) if rows else ""
    if not name:
        return None
    name = name if "." in name else f"raw.{name}"
    schema, _, table = name.partition(".")
    known = store.rows(
        "SELECT 1 AS there FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = ? AND table_name = ? AND column_name = '_run_id'",
        [schema, table],
    )
    return name if known else None


def _wanted(alert: Alert) -> tuple[str, str, str]:
    column = quoted(alert.column)
    if alert.metric in _MISSING:
        return f"{column} IS NULL", "_line", f"rows without {alert.column}"
    return (
        f"isfinite(try_cast({column} AS DOUBLE))",
        f"abs(try_cast({column} AS DOUBLE) - $expected) DESC, _line",
        f"rows whose {alert.column} lies furthest out",
    )


def _middle(store: Store, alert: Alert, table: str) -> float:
    """Median of the column in the batch: what is furthest from it lies furthest out."""
    rows = store.rows(
        f"SELECT median(try_cast({quoted(alert.column)} AS DOUBLE)) AS middle "  # noqa: S608 - names are quoted
        f"FROM {quoted_table(table)} WHERE _run_id = ?",
        [alert.last_batch],
    )
    return rows[0]["middle"] or 0.0


def _read(store: Store, sql: str, asked: dict[str, Any], alert: Alert, what: str) -> EvidenceRows | None:
    snapshot, note = alert.snapshot, ""
    try:
        table = store.query(sql, asked, snapshot=snapshot)
    except StoreError:
        snapshot, note = None, f"Snapshot {alert.snapshot} has expired: these are the rows of today's store."
        table = store.query(sql, asked)
    columns = tuple(name for name in table.column_names if name not in HIDDEN)
    rows = tuple(tuple(row[name] for name in columns) for row in table.to_pylist())
    if not rows:
        return None
    return EvidenceRows(f"{len(rows):,} {what}", columns, rows, alert.column, snapshot, note)
