"""Every table of the store, declared once: columns, types, key, sort order, retention."""

from dataclasses import dataclass

#: SQL types used below; times are UTC.
TEXT, BIG, REAL, TIME, JSON, FLAG, BYTES, DAY = (
    "VARCHAR",
    "BIGINT",
    "DOUBLE",
    "TIMESTAMPTZ",
    "JSON",
    "BOOLEAN",
    "BLOB",
    "DATE",
)


@dataclass(frozen=True)
class Column:
    """One column: its name and its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """One table of the store.

    Attributes:
        name: ``schema.table``.
        columns: in order, key columns first.
        key: columns that make a row unique; empty for an append-only table. DuckLake has no
            primary keys: only `Transaction.upsert` under the table's lock keeps the key unique.
        sort: columns that rows are ordered by within a data file, for pruning.
        time: column whose age decides when a row is removed; empty: rows are kept for good.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    time: str = ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)


def _table(name: str, key: str, columns: dict[str, str], *, sort: str = "", time: str = "") -> Table:
    keys = tuple(key.split())
    declared = {**dict.fromkeys(keys, TEXT), **columns}
    return Table(
        name,
        tuple(Column(column, kind) for column, kind in declared.items()),
        keys,
        tuple(sort.split()) or keys,
        time,
    )


_DECLARED = (
    _table(
        "raw.quarantine",
        "dataset run_id line column_name",
        {"line": BIG, "file": TEXT, "code": TEXT, "reason": TEXT, "raw_text": TEXT, "quarantined_at": TIME},
        time="quarantined_at",
    ),
    _table(
        "metrics.profiles",
        "dataset column_name segment batch",
        {"ts": TIME, "rows": BIG, "kind": TEXT, "state": BYTES},
        sort="dataset column_name ts",
        time="ts",
    ),
    _table(
        "metrics.metrics",
        "dataset column_name segment metric batch",
        {"ts": TIME, "value": REAL},
        sort="dataset metric ts",
        time="ts",
    ),
    _table(
        "metrics.runs",
        "dataset run_id",
        {
            "file": TEXT,
            "file_sha256": TEXT,
            "file_bytes": BIG,
            "ts": TIME,
            "landed_at": TIME,
            "registered_at": TIME,
            "rows_in": BIG,
            "rows_loaded": BIG,
            "rows_quarantined": BIG,
            "dialect": JSON,
            "status": TEXT,
            "reasons": JSON,
            "judged_at": TIME,
            "dagster_run_id": TEXT,
            "snapshot": BIG,
            "simulated": FLAG,
        },
        sort="dataset ts",
        time="registered_at",
    ),
    _table(
        "monitoring.datasets",
        "dataset",
        {
            "table_name": TEXT,
            "contract": TEXT,
            "owner": TEXT,
            "discovered": FLAG,
            "timestamp_column": TEXT,
            "first_seen": TIME,
            "description": TEXT,
        },
    ),
    _table(
        "monitoring.baselines",
        "dataset column_name segment metric as_of_batch",
        {
            "as_of": TIME,
            "method": TEXT,
            "state": TEXT,
            "n": BIG,
            "needed": BIG,
            "expected": REAL,
            "lower": REAL,
            "upper": REAL,
            "scale": REAL,
            "window_start": TIME,
            "window_end": TIME,
            "params": JSON,
        },
        sort="dataset metric as_of",
        time="as_of",
    ),
    _table(
        "monitoring.verdicts",
        "dataset column_name segment metric detector batch",
        {
            "ts": TIME,
            "value": REAL,
            "expected": REAL,
            "lower": REAL,
            "upper": REAL,
            "score": REAL,
            "verdict": TEXT,
            "method": TEXT,
            "n": BIG,
            "params": JSON,
            "snapshot": BIG,
            "judged_at": TIME,
        },
        sort="dataset metric ts",
        time="judged_at",
    ),
    _table(
        "monitoring.alerts",
        "alert_id",
        {
            "dataset": TEXT,
            "column_name": TEXT,
            "segment": TEXT,
            "metric": TEXT,
            "detector": TEXT,
            "severity": TEXT,
            "status": TEXT,
            "title": TEXT,
            "opened_ts": TIME,
            "last_ts": TIME,
            "resolved_ts": TIME,
            "first_batch": TEXT,
            "last_batch": TEXT,
            "evaluations": BIG,
            "value": REAL,
            "expected": REAL,
            "lower": REAL,
            "upper": REAL,
            "score": REAL,
            "owner": TEXT,
            "group_key": TEXT,
            "evidence": JSON,
            "snapshot": BIG,
            "updated_at": TIME,
        },
        sort="dataset opened_ts",
    ),
    _table(
        "monitoring.alert_events",
        "alert_id event_id",
        {"ts": TIME, "event": TEXT, "actor": TEXT, "reason": TEXT, "details": JSON},
        sort="alert_id ts",
    ),
    _table(
        "monitoring.contract_violations",
        "dataset run_id clause",
        {
            "severity": TEXT,
            "dimension": TEXT,
            "failing_rows": BIG,
            "checked_rows": BIG,
            "passed": FLAG,
            "message": TEXT,
            "sample": JSON,
            "snapshot": BIG,
            "checked_at": TIME,
        },
        sort="dataset checked_at",
        time="checked_at",
    ),
    _table(
        "monitoring.schema_history",
        "dataset run_id",
        {"ts": TIME, "schema_sha": TEXT, "columns": JSON, "changes": JSON},
        sort="dataset ts",
    ),
    _table(
        "monitoring.pipeline_status",
        "pipeline",
        {
            "status": TEXT,
            "last_success": TIME,
            "last_attempt": TIME,
            "stage": TEXT,
            "reason": TEXT,
            "details": JSON,
        },
    ),
    _table(
        "monitoring.outbox",
        "notification_id",
        {
            "alert_id": TEXT,
            "event": TEXT,
            "route": TEXT,
            "payload": JSON,
            "created_at": TIME,
            "sent_at": TIME,
            "attempts": BIG,
            "next_attempt_at": TIME,
            "last_error": TEXT,
        },
        time="sent_at",
    ),
    _table(
        "monitoring.offsets",
        "topic partition",
        {"partition": BIG, "next_offset": BIG, "epoch": BIG, "updated_at": TIME},
    ),
    _table(
        "monitoring.scores", "scope name day", {"day": DAY, "score": REAL, "parts": JSON}, sort="day scope"
    ),
    _table(
        "monitoring.audit",
        "",
        {"ts": TIME, "actor": TEXT, "action": TEXT, "target": TEXT, "reason": TEXT, "details": JSON},
        sort="ts",
    ),
    _table("monitoring.migrations", "version", {"version": BIG, "name": TEXT, "applied_at": TIME}),
)

#: The declared tables by name. Tables made from files (`Store.ensure_table`) are not among them.
TABLES: dict[str, Table] = {table.name: table for table in _DECLARED}
SCHEMAS: tuple[str, ...] = ("raw", "metrics", "monitoring")

#: Columns that every raw table has beside those of its files.
BATCH_COLUMN, LINE_COLUMN, LOADED_COLUMN = "_run_id", "_line", "_loaded_at"
