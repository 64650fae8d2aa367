"""The store that the dashboard's tests look at: sixty runs, contracts, schemas, alerts and pipelines."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from dqm_assets.pipeline.scores import update_scores
from dqm_assets.store import Store
from tests.e2e.seeder import ANOMALIES, DATASET, EVERY, ROWS, RUNS, START, TABLE, Seeder, arrow


def seed(store: Store) -> Seeder:
    """Write a dataset with a few BAD runs, one of odd files, one without runs, and pipelines."""
    now = datetime.now(UTC).replace(microsecond=0)
    datasets = [
        {
            "dataset": DATASET,
            "table_name": f"raw.{TABLE}",
            "contract": "contracts/detector_runs.odcs.yaml",
            "owner": "detector-team",
            "discovered": False,
            "timestamp_column": "timestamp",
            "first_seen": START,
            "description": "Readings of the detector's sensors, one file a run",
        },
        {
            "dataset": "covid_daily_reports",
            "table_name": "raw.covid_daily_reports",
            "contract": "",
            "owner": "",
            "discovered": True,
            "timestamp_column": "",
            "first_seen": START,
            "description": "",
        },
        {
            "dataset": "orders",
            "table_name": "raw.orders",
            "contract": "",
            "owner": "sales-data",
            "discovered": True,
            "timestamp_column": "",
            "first_seen": START,
            "description": "",
        },
    ]
    pipelines = [
        {
            "pipeline": "detector",
            "status": "SUCCESS",
            "last_success": now,
            "last_attempt": now,
            "stage": "alerts",
        },
        {
            "pipeline": "covid_daily_reports",
            "status": "FAILED",
            "last_success": now - timedelta(hours=5),
            "last_attempt": now - timedelta(minutes=4),
            "stage": "load",
            "reason": "One file could not be read at all",
        },
    ]
    seeder = Seeder(store)
    ids = seeder.add([ANOMALIES.get(place) for place in range(RUNS)], landed=None)
    quarantined = [
        {
            "dataset": DATASET,
            "run_id": ids[36],
            "line": line,
            "column_name": column,
            "file": f"{ids[36]}.csv",
            "code": code,
            "reason": reason,
            "raw_text": text,
            "quarantined_at": now,
        }
        for line, column, code, reason, text in (
            (
                118,
                "value",
                "wrong_type",
                "'n/a' is not a number",
                "2026-11-16T06:01:57Z,sensor-3,n/a,5.1,4.2",
            ),
            (302, "", "too_few_fields", "3 fields, 5 expected", "2026-11-16T06:05:01Z,sensor-7,"),
        )
    ]
    odd = [
        {
            "dataset": "covid_daily_reports",
            "run_id": f"{day:02d}-03-2020-{hashlib.sha256(bytes([day])).hexdigest()[:8]}",
            "file": f"{day:02d}-03-2020.csv",
            "ts": now - timedelta(days=9 - day),
            "landed_at": now - timedelta(hours=5 - day / 2),
            "registered_at": now - timedelta(hours=4),
            "rows_in": 120 + day,
            "rows_loaded": 0 if day == 8 else 118 + day,
            "rows_quarantined": 120 + day if day == 8 else 2,
            "status": "QUARANTINED" if day == 8 else "GOOD" if day < 7 else "LOADED",
            "reasons": "[]",
            "file_bytes": 9_400,
            "simulated": False,
        }
        for day in range(1, 9)
    ]
    quarantined.append(
        {
            "dataset": "covid_daily_reports",
            "run_id": odd[-1]["run_id"],
            "line": 0,
            "column_name": "",
            "file": odd[-1]["file"],
            "code": "nul_byte",
            "reason": "the file holds NUL bytes from byte 512 on: it is no text",
            "raw_text": "",
            "quarantined_at": now,
        }
    )
    with store.transaction(
        "monitoring.datasets", "monitoring.pipeline_status", "raw.quarantine", "metrics.runs"
    ) as tx:
        tx.upsert("monitoring.datasets", arrow("monitoring.datasets", datasets))
        tx.upsert("monitoring.pipeline_status", arrow("monitoring.pipeline_status", pipelines))
        tx.upsert("raw.quarantine", arrow("raw.quarantine", quarantined))
        tx.upsert("metrics.runs", arrow("metrics.runs", odd))
        tx.upsert("monitoring.contract_violations", arrow("monitoring.contract_violations", clauses(ids)))
        tx.upsert("monitoring.schema_history", arrow("monitoring.schema_history", schemas(ids)))
    update_scores(store)
    return seeder


def clauses(ids: list[str]) -> list[dict]:
    """Results of two clauses over the last runs; one of them failed twice and fails on the newest."""
    failed = {ids[36], ids[55], ids[-1]}
    return [
        {
            "dataset": DATASET,
            "run_id": run_id,
            "clause": clause,
            "severity": "error",
            "dimension": "completeness",
            "failing_rows": 7 * bad,
            "checked_rows": ROWS,
            "passed": not bad,
            "message": f"value is not null: {7 * bad} of {ROWS} rows fail",
            "sample": json.dumps([{"_line": 118, "sensor": "sensor-3", "value": None}] if bad else []),
            "checked_at": START + (RUNS - 20 + place) * EVERY,
        }
        for place, run_id in enumerate(ids[-30:])
        for clause, bad in (("value__required", run_id in failed), ("has_rows", False))
    ]


def schemas(ids: list[str]) -> list[dict]:
    """The columns of every run; from the 40th on there is one more, and one was renamed."""
    before = [
        ("timestamp", "timestamp[us, tz=UTC]"),
        ("sensor", "string"),
        ("value", "double"),
        ("ch1", "double"),
    ]
    after = [*before[:3], ("channel_1", "double"), ("channel_2", "double")]
    changes = [
        {
            "kind": "renamed",
            "column": "channel_1",
            "detail": "ch1 was renamed to channel_1",
            "breaking": True,
        },
        {"kind": "added", "column": "channel_2", "detail": "column channel_2 was added", "breaking": False},
    ]
    return [
        {
            "dataset": DATASET,
            "run_id": run_id,
            "ts": START + place * EVERY,
            "schema_sha": "after" if place >= 40 else "before",
            "columns": json.dumps(
                [{"name": n, "type": t, "written": n} for n, t in (after if place >= 40 else before)]
            ),
            "changes": json.dumps(changes if place == 40 else []),
        }
        for place, run_id in enumerate(ids)
    ]
