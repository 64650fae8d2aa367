"""A store of the size that peers' reports stall at: 1,000 datasets with 100,000 check results."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from dqm_assets.quality.alert import Evidence
from dqm_assets.store import Store

DATASETS, RUNS_EACH, CLAUSES = 1000, 20, 5
POINTS = 200
SCORED_DAYS = 30

#: Each statement fills one table; ``$now`` is the newest time.
_ROWS = {
    "monitoring.datasets": f"""
        SELECT printf('d%04d', d) AS dataset, printf('raw.d%04d', d) AS table_name, '' AS contract,
            printf('team-%d', d % 17) AS owner, true AS discovered, '' AS timestamp_column,
            $now AS first_seen, 'A table of the benchmark' AS description
        FROM range({DATASETS}) AS t(d)""",
    "metrics.runs": f"""
        SELECT printf('d%04d', d) AS dataset, printf('run-%04d-%05d', d, r) AS run_id, 'x.csv' AS file,
            $now - INTERVAL 1 HOUR * r AS ts, $now - INTERVAL 1 HOUR * r AS landed_at,
            $now - INTERVAL 1 HOUR * r AS registered_at, $now - INTERVAL 1 HOUR * r AS judged_at,
            1000::BIGINT AS rows_in, 1000::BIGINT AS rows_loaded, 0::BIGINT AS rows_quarantined,
            if((d * 31 + r * 7) % 23 = 0, 'BAD', 'GOOD') AS status, '[]' AS reasons, true AS simulated
        FROM range({DATASETS}) AS t(d), range({RUNS_EACH}) AS u(r)""",
    "monitoring.contract_violations": f"""
        SELECT printf('d%04d', d) AS dataset, printf('run-%04d-%05d', d, r) AS run_id,
            printf('clause_%d', c) AS clause, 'error' AS severity, 'validity' AS dimension,
            if((d + r + c) % 29 = 0, 3, 0)::BIGINT AS failing_rows, 1000::BIGINT AS checked_rows,
            (d + r + c) % 29 <> 0 AS passed, 'as stated' AS message, '[]' AS sample,
            $now - INTERVAL 1 HOUR * r AS checked_at
        FROM range({DATASETS}) AS t(d), range({RUNS_EACH}) AS u(r), range({CLAUSES}) AS v(c)""",
    "monitoring.alerts": """
        SELECT md5(printf('a%d', a)) AS alert_id, printf('d%04d', a % 400) AS dataset, 'value' AS column_name,
            '' AS segment, 'mean' AS metric, 'run_metric' AS detector,
            ['warning', 'error', 'critical'][1 + a % 3] AS severity,
            if(a % 4 = 0, 'open', 'resolved') AS status,
            'Mean of value is 7, expected 4 to 6' AS title, $now - INTERVAL 1 HOUR * a AS opened_ts,
            $now - INTERVAL 1 HOUR * a AS last_ts, if(a % 4 = 0, NULL, $now) AS resolved_ts,
            1::BIGINT AS evaluations,
            7.0 AS value, 5.0 AS expected, 4.0 AS lower, 6.0 AS upper, 5.0 AS score, 'team' AS owner,
            md5(printf('a%d', a)) AS group_key, printf('run-%04d-00000', a % 400) AS first_batch,
            printf('run-%04d-00000', a % 400) AS last_batch, $evidence AS evidence, $now AS updated_at
        FROM range(2000) AS t(a)""",
    "monitoring.scores": f"""
        SELECT 'dataset' AS scope, printf('d%04d', d) AS name, ($now - INTERVAL 1 DAY * s)::DATE AS day,
            70.0 + (d * 13 + s) % 31 AS score, '{{"validity": 0.9, "alerts": 1.0}}' AS parts
        FROM range({DATASETS}) AS t(d), range({SCORED_DAYS}) AS u(s)""",
    "metrics.metrics": f"""
        SELECT 'd0000' AS dataset, c AS column_name, '' AS segment, m AS metric,
            printf('run-0000-%05d', r) AS batch, $now - INTERVAL 1 HOUR * r AS ts,
            10 + sin(r / 9.0) + (r * 7919 % 100) / 100.0 AS value
        FROM range({POINTS}) AS t(r), (VALUES ('value'), ('')) AS u(c),
            (VALUES ('mean'), ('stddev'), ('outlier_count'), ('row_count')) AS v(m)
        WHERE (c = '') = (m = 'row_count')""",
    "monitoring.verdicts": f"""
        SELECT 'd0000' AS dataset, 'value' AS column_name, '' AS segment, m AS metric,
            'run_metric' AS detector, printf('run-0000-%05d', r) AS batch, $now - INTERVAL 1 HOUR * r AS ts,
            10.0 AS value, 10.0 AS expected, 8.0 AS lower, 12.0 AS upper, 1.0 AS score,
            if(r % 50 = 7, 'anomalous', 'normal') AS verdict, 'robust' AS method,
            100::BIGINT AS n, '{{}}' AS params,
            $now - INTERVAL 1 HOUR * r AS judged_at
        FROM range({POINTS}) AS t(r), (VALUES ('mean'), ('stddev')) AS v(m)""",
}

_RUN = """
    SELECT 'd0000' AS dataset, $run AS run_id, 'x.csv' AS file, $now AS ts, $now AS landed_at,
        $now AS registered_at, 1000::BIGINT AS rows_in, 1000::BIGINT AS rows_loaded,
        0::BIGINT AS rows_quarantined, 'GOOD' AS status, '[]' AS reasons
"""


def fill(store: Store) -> None:
    """Write the tables, the long series of the first dataset included, in one transaction."""
    now = datetime.now(UTC).replace(microsecond=0)
    evidence = json.dumps(Evidence(now, normal_points=0).to_document())
    tables = {name: _rows(sql, now=now, evidence=evidence) for name, sql in _ROWS.items()}
    more = _rows(
        _ROWS["metrics.runs"].replace(f"range({DATASETS})", "range(1)").replace(
            f"range({RUNS_EACH})", f"range({RUNS_EACH}, {POINTS})"
        ),
        now=now,
    )  # fmt: skip
    with store.transaction() as tx:
        for name, rows in tables.items():
            tx.upsert(name, rows)
        tx.upsert("metrics.runs", more)


def add_run(store: Store, number: int) -> None:
    """Write one run that has just arrived, as a load does."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    with store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", _rows(_RUN, now=now, run=f"new-{number:05d}"))


def _rows(sql: str, **values: object) -> pa.Table:
    given = {name: value for name, value in values.items() if f"${name}" in sql}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql, given).to_arrow_table()
