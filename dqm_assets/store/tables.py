"""Every table of the store, declared once; those of a room of their own in ``tables_<room>.py``."""

from dqm_assets.store.table import BIG, BYTES, DAY, FLAG, JSON, REAL, TEXT, TIME, Column, Table, declare
from dqm_assets.store.tables_accounts import ACCOUNT_TABLES
from dqm_assets.store.tables_crypto import CRYPTO_TABLES
from dqm_assets.store.tables_databases import DATABASE_TABLES
from dqm_assets.store.tables_devices import DEVICE_TABLES
from dqm_assets.store.tables_notify import NOTIFY_TABLES
from dqm_assets.store.tables_streams import STREAM_TABLES

__all__ = ["BATCH_COLUMN", "LINE_COLUMN", "LOADED_COLUMN", "SCHEMAS", "TABLES", "Column", "Table"]

_DECLARED = (
    declare(
        "raw.quarantine",
        "dataset run_id line column_name",
        {"line": BIG, "file": TEXT, "code": TEXT, "reason": TEXT, "raw_text": TEXT, "quarantined_at": TIME},
        time="quarantined_at",
    ),
    declare(
        "metrics.profiles",
        "dataset column_name segment batch",
        {"ts": TIME, "rows": BIG, "kind": TEXT, "state": BYTES},
        sort="dataset column_name ts",
        time="ts",
        run="batch",
    ),
    declare(
        "metrics.metrics",
        "dataset column_name segment metric batch",
        {"ts": TIME, "value": REAL},
        sort="dataset metric ts",
        time="ts",
        run="batch",
    ),
    declare(
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
    declare(
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
            "simulated": FLAG,
        },
    ),
    declare(
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
        run="as_of_batch",
    ),
    declare(
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
    # What each detector of each series has learned up to (ts, batch); later points are learned from metrics.
    declare(
        "monitoring.detector_states",
        "dataset column_name segment metric detector",
        {"ts": TIME, "batch": TEXT, "setting": TEXT, "state": BYTES, "updated_at": TIME},
    ),
    # What people said of spans of a series: incident, expected, false_alarm, muted. Training heeds what was
    # accepted.
    declare(
        "monitoring.labels",
        "label_id",
        {
            "dataset": TEXT,
            "column_name": TEXT,
            "segment": TEXT,
            "metric": TEXT,
            "detector": TEXT,
            "kind": TEXT,
            "start_ts": TIME,
            "end_ts": TIME,
            "alert_id": TEXT,
            "actor": TEXT,
            "reason": TEXT,
            "created_at": TIME,
            "accepted_at": TIME,
        },
        sort="dataset metric start_ts",
    ),
    # How much rarer a series may alarm than its watch says, because people accepted that after a replay.
    declare(
        "monitoring.learned",
        "dataset column_name segment metric detector",
        {"widen": REAL, "accepted_by": TEXT, "accepted_at": TIME, "preview": JSON},
    ),
    declare(
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
            "raised_at": TIME,
            "caused_by": TEXT,
        },
        sort="dataset opened_ts",
    ),
    # Which datasets, pipelines and steps of a code location are made from which.
    declare("monitoring.lineage", "location dataset upstream", {"recorded_at": TIME}),
    declare(
        "monitoring.alert_events",
        "alert_id event_id",
        {"ts": TIME, "event": TEXT, "actor": TEXT, "reason": TEXT, "details": JSON, "recorded_at": TIME},
        sort="alert_id ts",
    ),
    # Up to which stamp the alerts of a dataset have taken judgements into account.
    declare("monitoring.alert_progress", "dataset", {"judged_until": TIME, "whole_at": TIME}),
    declare(
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
            "definition": TEXT,
            "snapshot": BIG,
            "checked_at": TIME,
            "missing_column": TEXT,
        },
        sort="dataset checked_at",
        time="checked_at",
    ),
    declare(
        "monitoring.schema_history",
        "dataset run_id",
        {"ts": TIME, "schema_sha": TEXT, "columns": JSON, "changes": JSON, "breaches": JSON, "policy": TEXT},
        sort="dataset ts",
    ),
    declare(
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
    declare(
        "monitoring.offsets",
        "topic partition",
        {
            "partition": BIG,
            "next_offset": BIG,
            "epoch": BIG,
            "updated_at": TIME,
            # Records before this offset, and before this time, are counted in the windows.
            "windowed_offset": BIG,
            "windowed_until": TIME,
            "windowed_at": TIME,
        },
    ),
    declare(
        "monitoring.scores", "scope name day", {"day": DAY, "score": REAL, "parts": JSON}, sort="day scope"
    ),
    declare(
        "monitoring.audit",
        "",
        {"ts": TIME, "actor": TEXT, "action": TEXT, "target": TEXT, "reason": TEXT, "details": JSON},
        sort="ts",
    ),
    declare("monitoring.migrations", "version", {"version": BIG, "name": TEXT, "applied_at": TIME}),
)

#: The declared tables by name. Tables made from files (`Store.ensure_table`) are not among them.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        *_DECLARED,
        *NOTIFY_TABLES,
        *CRYPTO_TABLES,
        *DEVICE_TABLES,
        *ACCOUNT_TABLES,
        *STREAM_TABLES,
        *DATABASE_TABLES,
    )
}
SCHEMAS: tuple[str, ...] = ("raw", "metrics", "monitoring")

#: Columns that every raw table has beside those of its files.
BATCH_COLUMN, LINE_COLUMN, LOADED_COLUMN = "_run_id", "_line", "_loaded_at"
