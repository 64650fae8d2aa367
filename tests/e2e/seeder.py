"""Writes runs into a store as the pipeline does: profiled by the kernel, judged by the detectors."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from dqm_assets.pipeline.rows import arrow_type
from dqm_assets.quality.alert import Evidence, EvidencePoint
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.profile import profile
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import TABLES, Store

ROWS = 400
DATASET = "detector"
TABLE = "detector_readings"
COLUMNS = ("value", "channel_1", "channel_2")
JUDGED = ("mean", "stddev")
#: Runs of the seed that are BAD, and what is wrong with them.
ANOMALIES = {27: "shift", 36: "noise", 41: "spikes", 42: "spikes", 55: "shift"}
RUNS = 60
EVERY = timedelta(hours=4)
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - RUNS * EVERY


@dataclass(frozen=True)
class Readings:
    """One run's rows before they are profiled."""

    run_id: str
    at: datetime
    table: pa.Table
    anomaly: str | None


def readings(place: int, anomaly: str | None = None) -> Readings:
    """Make the rows of a run; the same place gives the same rows."""
    rng = np.random.default_rng(place)
    base = 20 + 0.8 * np.sin(place / 6)
    value = rng.normal(base, 1.5, ROWS)
    if anomaly == "shift":
        value += 9
    if anomaly == "noise":
        value = base + (value - base) * 4
    if anomaly == "spikes":
        value[rng.choice(ROWS, 14, replace=False)] += 60
    at = START + place * EVERY
    stem = f"run_{place:04d}_{at:%Y%m%dT%H%M}"
    table = pa.table(
        {
            "timestamp": pa.array(
                [at + timedelta(seconds=second) for second in range(ROWS)], pa.timestamp("us", tz="UTC")
            ),
            "sensor": [f"sensor-{number}" for number in rng.integers(1, 9, ROWS)],
            "value": value,
            "channel_1": rng.normal(5, 0.4, ROWS),
            "channel_2": rng.gamma(2.0, 3.0, ROWS),
        }
    )
    return Readings(f"{stem}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}", at, table, anomaly)


class Seeder:
    """Appends runs to a dataset, each judged against the ones before it."""

    def __init__(self, store: Store, dataset: str = DATASET) -> None:
        self.store = store
        self.dataset = dataset
        self.place = 0
        self.table = f"raw.{TABLE if dataset == DATASET else dataset}"
        self._detectors = {
            (column, metric): Detector("robust", Sensitivity.per_points(30_000))
            for column in COLUMNS
            for metric in JUDGED
        }

    def add(self, anomalies: list[str | None], *, landed: datetime | None = None) -> list[str]:
        """Write one run per entry, in one transaction, and return their ids."""
        runs, profiles, metrics, verdicts, alerts, events = [], [], [], [], [], []
        ids = []
        for anomaly in anomalies:
            run = readings(self.place, anomaly)
            self.place += 1
            ids.append(run.run_id)
            reasons = []
            for column, state in profile(run.table).columns.items():
                key = {
                    "dataset": self.dataset,
                    "column_name": column,
                    "segment": "",
                    "batch": run.run_id,
                    "ts": run.at,
                }
                profiles.append({**key, "rows": ROWS, "kind": state.kind, "state": state.to_bytes()})
                measured = {
                    name: float(value)
                    for name, value in state.metrics().items()
                    if isinstance(value, int | float)
                }
                metrics += [{**key, "metric": name, "value": value} for name, value in measured.items()]
                for metric in JUDGED if column in COLUMNS else ():
                    verdict = self._detectors[column, metric].judge(run.at, measured[metric])
                    numbers = {
                        name: None if np.isnan(getattr(verdict, name)) else getattr(verdict, name)
                        for name in ("value", "expected", "lower", "upper", "score")
                    }
                    verdicts.append(
                        {
                            **key,
                            **numbers,
                            "metric": metric,
                            "detector": "run_metric",
                            "verdict": verdict.verdict,
                            "method": verdict.method,
                            "n": verdict.n,
                            "params": "{}",
                            "judged_at": run.at,
                        }
                    )
                    if verdict.verdict == "anomalous":
                        reasons.append((column, metric, verdict))
            table = {
                "dataset": self.dataset,
                "column_name": "",
                "segment": "",
                "batch": run.run_id,
                "ts": run.at,
            }
            metrics += [
                {**table, "metric": "row_count", "value": float(ROWS)},
                {**table, "metric": "quarantined_fraction", "value": 0.0},
            ]
            bad = bool(reasons)
            for column in COLUMNS:
                for metric in JUDGED:
                    value = next(
                        m["value"]
                        for m in metrics
                        if m["batch"] == run.run_id and m["column_name"] == column and m["metric"] == metric
                    )
                    self._detectors[column, metric].learn(run.at, value, excluded=bad)
            runs.append(self._run(run, reasons, landed))
            for column, metric, verdict in reasons[:1]:
                alert, opened = self._alert(run, column, metric, verdict)
                alerts.append(alert)
                events.append(opened)
        raw = self._raw([readings(self.place - len(anomalies) + n, a) for n, a in enumerate(anomalies)])
        with self.store.transaction(
            "metrics.runs", "metrics.profiles", "metrics.metrics", "monitoring.verdicts", "monitoring.alerts"
        ) as tx:
            for name, rows in (
                ("metrics.runs", runs),
                ("metrics.profiles", profiles),
                ("metrics.metrics", metrics),
                ("monitoring.verdicts", verdicts),
                ("monitoring.alerts", alerts),
            ):
                if rows:
                    tx.upsert(name, arrow(name, rows))
            if events:
                tx.append("monitoring.alert_events", arrow("monitoring.alert_events", events))
            tx.replace(self.table, raw, batch=ids)
        return ids

    def _raw(self, runs: list[Readings]) -> pa.Table:
        """The rows of runs as the raw table holds them."""
        tables = [
            run.table.append_column("_line", pa.array(range(2, ROWS + 2)))
            .append_column("_run_id", pa.array([run.run_id] * ROWS))
            .append_column("_loaded_at", pa.array([run.at] * ROWS, pa.timestamp("us", tz="UTC")))
            for run in runs
        ]
        self.store.ensure_table(self.table, readings(0).table.schema)
        return pa.concat_tables(tables)

    def _run(self, run: Readings, reasons: list, landed: datetime | None) -> dict:
        return {
            "dataset": self.dataset,
            "run_id": run.run_id,
            "file": f"{run.run_id[:-9]}.csv",
            "file_sha256": hashlib.sha256(run.run_id.encode()).hexdigest(),
            "file_bytes": 31_840,
            "ts": run.at,
            "landed_at": landed or run.at + timedelta(minutes=2),
            "registered_at": landed or run.at + timedelta(minutes=2, seconds=3),
            "rows_in": ROWS + 2 * (run.anomaly == "noise"),
            "rows_loaded": ROWS,
            "rows_quarantined": 2 * (run.anomaly == "noise"),
            "dialect": json.dumps({"encoding": "utf-8", "delimiter": ",", "quote": '"', "header": True}),
            "status": "BAD" if reasons else "GOOD",
            "reasons": json.dumps(
                [
                    {
                        "code": "anomaly",
                        "column": column,
                        "metric": metric,
                        "message": f"{metric} of {column} is {verdict.value:.4g}, expected "
                        f"{verdict.lower:.4g} to {verdict.upper:.4g}.",
                    }
                    for column, metric, verdict in reasons
                ]
            ),
            "judged_at": run.at + timedelta(minutes=2, seconds=5),
            "dagster_run_id": "8c6e1d0a-1f4b-4f2e-9a57-3a1d5a0c1b2d",
            "simulated": True,
        }

    def _alert(self, run: Readings, column: str, metric: str, verdict) -> tuple[dict, dict]:
        alert_id = hashlib.sha256(f"{self.dataset}{column}{metric}{run.run_id}".encode()).hexdigest()[:16]
        resolved = self.place <= 50
        alert = {
            "alert_id": alert_id,
            "dataset": self.dataset,
            "column_name": column,
            "segment": "",
            "metric": metric,
            "detector": "run_metric",
            "severity": "error" if metric == "mean" else "warning",
            "status": "resolved" if resolved else "open",
            "title": f"{metric.capitalize()} of {column} is out of its range",
            "opened_ts": run.at,
            "last_ts": run.at,
            "resolved_ts": run.at + EVERY if resolved else None,
            "first_batch": run.run_id,
            "last_batch": run.run_id,
            "evaluations": 1,
            "value": verdict.value,
            "expected": verdict.expected,
            "lower": verdict.lower,
            "upper": verdict.upper,
            "score": verdict.score,
            "owner": "detector-team",
            "group_key": self.dataset,
            "evidence": json.dumps(
                Evidence(
                    run.at,
                    excess=2.5,
                    first_points=(EvidencePoint(run.at, run.run_id, verdict.value, verdict.score),),
                    explanation=verdict.explanation,
                    seen_batch=run.run_id,
                    simulated=True,
                ).to_document()
            ),
            "updated_at": run.at,
        }
        opened = {
            "alert_id": alert_id,
            "event_id": f"{alert_id}-1",
            "ts": run.at,
            "event": "opened",
            "actor": "dqm",
            "reason": "the value left its expected range",
            "details": "{}",
        }
        return alert, opened


def arrow(name: str, rows: list[dict]) -> pa.Table:
    """Give rows as a table of the store's own types, with the columns that they have."""
    declared = TABLES[name]
    present = [column for column in declared.columns if any(column.name in row for row in rows)]
    return pa.table(
        {
            column.name: pa.array([row.get(column.name) for row in rows], arrow_type(column.type))
            for column in present
        }
    )
