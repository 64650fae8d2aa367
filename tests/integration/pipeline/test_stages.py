"""Load → measure → judge → baselines → alerts over simulated runs: right, repeatable, in any chunks."""

import csv
import gzip
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from dqm_assets.pipeline.alerts import update_alerts
from dqm_assets.pipeline.baselines import update_baselines
from dqm_assets.pipeline.judge import judge_runs
from dqm_assets.pipeline.measure import measure_runs
from dqm_assets.simulate.anomalies import KINDS
from dqm_assets.simulate.runs import RunSeries, run_csv, write_runs
from tests.integration.pipeline.conftest import NewPlatform
from tests.integration.pipeline.platform import Platform

RUNS = 50
#: Few rows and a third of the runs faulty: small and full of incidents, some within minutes of each other.
SMALL = RunSeries(rows=600, anomaly_rate=0.3, interval=timedelta(minutes=10))
SMALL_RUNS = 24


def drop_series(platform: Platform, series: RunSeries, runs: Iterable[int]) -> None:
    for index in runs:
        run = series.run(index)
        platform.drop(run.name, run_csv(run))


@pytest.fixture(scope="module")
def judged(new_platform: NewPlatform) -> Platform:
    """Small runs, some with faults, all stages done; tests leave the rows as they are."""
    platform = new_platform()
    drop_series(platform, SMALL, range(SMALL_RUNS))
    platform.process()
    return platform


def run_ids(platform: Platform) -> list[str]:
    rows = platform.store.rows("SELECT run_id FROM metrics.runs ORDER BY ts, run_id")
    return [row["run_id"] for row in rows]


@pytest.mark.parametrize("seed", [7, 1, 2, 3])
def test_bad_runs_are_the_injected_ones(platform: Platform, tmp_path: Path, seed: int) -> None:
    truth = tmp_path / "truth.csv"
    folder = platform.landing.add_dataset("detector")
    for _ in write_runs(RunSeries(seed=seed), folder, truth, count=RUNS):
        pass
    platform.process()
    with truth.open(newline="") as file:
        injected = {row["file"] for row in csv.DictReader(file) if row["anomalous"] == "true"}
    runs = platform.store.rows("SELECT file, status, rows_in, rows_loaded, simulated FROM metrics.runs")
    bad = {run["file"] for run in runs if run["status"] == "BAD"}
    assert len(runs) == RUNS
    assert {run["status"] for run in runs} == {"GOOD", "BAD"}
    assert all(run["simulated"] and run["rows_in"] == run["rows_loaded"] for run in runs)
    assert len(bad & injected) / len(bad) >= 0.95, f"false alarms: {sorted(bad - injected)}"
    assert len(bad & injected) / len(injected) >= 0.95, f"missed: {sorted(injected - bad)}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_run_names_the_faulty_column(judged: Platform, kind: str) -> None:
    faults = {SMALL.name(index): SMALL.anomaly(index) for index in range(SMALL_RUNS)}
    rows = judged.store.rows(
        "SELECT r.file, v.column_name FROM metrics.runs AS r JOIN monitoring.verdicts AS v "
        "ON v.dataset = r.dataset AND v.batch = r.run_id WHERE v.verdict = 'anomalous'"
    )
    blamed = {(row["file"], row["column_name"]) for row in rows}
    wanted = {(name, fault.column) for name, fault in faults.items() if fault and fault.kind == kind}
    contract = {
        row["file"]
        for row in judged.store.rows("SELECT file FROM metrics.runs WHERE reasons::VARCHAR LIKE '%contract%'")
    }
    # Six hundred rows make a short burst of missing readings a matter of the contract alone.
    assert {found for found in wanted if found[0] not in contract} <= blamed


def test_every_judged_number_is_explained_by_a_band_or_is_still_learning(judged: Platform) -> None:
    rows = judged.store.rows(
        "SELECT verdict, count(*) AS n, count(*) FILTER (isnan(expected)) AS without, "
        "count(*) FILTER (NOT (lower <= expected AND expected <= upper)) AS odd "
        "FROM monitoring.verdicts GROUP BY verdict"
    )
    verdicts = {row["verdict"]: row for row in rows}
    assert set(verdicts) == {"learning", "normal", "anomalous"}
    assert verdicts["learning"]["without"] == verdicts["learning"]["n"]
    for name in ("normal", "anomalous"):
        assert verdicts[name]["without"] == 0
        assert verdicts[name]["odd"] == 0


def test_baselines_are_ready_and_leave_out_what_was_anomalous(judged: Platform) -> None:
    rows = judged.store.rows(
        "SELECT * FROM monitoring.baselines WHERE as_of_batch = ?", [run_ids(judged)[-1]]
    )
    assert rows
    assert {row["state"] for row in rows} == {"ready"}
    anomalous = judged.store.rows(
        "SELECT column_name, metric, count(*) AS n FROM monitoring.verdicts WHERE verdict = 'anomalous' "
        "GROUP BY ALL"
    )
    excluded = {(row["column_name"], row["metric"]): row["n"] for row in anomalous}
    for row in rows:
        assert row["n"] == SMALL_RUNS - excluded.get((row["column_name"], row["metric"]), 0)
        assert row["lower"] <= row["expected"] <= row["upper"]


def test_every_stage_repeated_leaves_the_same_rows(judged: Platform) -> None:
    before = judged.everything()
    ids = run_ids(judged)
    summary = judged.load(judged.relocate(ids))
    assert sorted(summary.loaded) == sorted(ids)
    # Loaded again with the same outcome, a run keeps its verdict.
    assert judged.everything() == before
    judged.follow(ids)
    assert judged.everything() == before
    for _ in range(2):
        measure_runs(judged.store, judged.dataset, ids)
    assert judged.everything() == before
    for _ in range(2):
        judge_runs(judged.store, judged.dataset, ids)
    assert judged.everything() == before
    for _ in range(2):
        update_baselines(judged.store, judged.dataset)
        assert update_alerts(judged.store, judged.dataset).findings == 0
    assert judged.everything() == before


def test_part_of_the_runs_judged_again_leaves_the_same_rows(judged: Platform) -> None:
    before = judged.everything()
    judged.follow(run_ids(judged)[12:17])
    assert judged.everything() == before


def test_judging_one_by_one_and_all_at_once_gives_the_same_rows(
    judged: Platform, new_platform: NewPlatform
) -> None:
    one_by_one = new_platform()
    drop_series(one_by_one, SMALL, range(SMALL_RUNS))
    claims = one_by_one.claim()
    one_by_one.load(claims)
    ids = run_ids(one_by_one)
    one_by_one.follow(ids[:12])
    for run_id in ids[12:]:
        measure_runs(one_by_one.store, one_by_one.dataset, [run_id])
        judge_runs(one_by_one.store, one_by_one.dataset, [run_id])
        update_alerts(one_by_one.store, one_by_one.dataset)
    update_baselines(one_by_one.store, one_by_one.dataset)
    whole, parts = judged.everything(), one_by_one.everything()
    parts["monitoring.baselines"] = [row for row in parts["monitoring.baselines"] if ids[-1] in row]
    grouped = "SELECT count(*) AS n FROM monitoring.alerts WHERE group_key <> alert_id"
    assert judged.store.rows(grouped)[0]["n"] > 0
    assert parts == whole


def test_alerts_are_one_for_each_incident_and_repeating_changes_nothing(judged: Platform) -> None:
    alerts = judged.store.rows("SELECT * FROM monitoring.alerts")
    assert alerts
    opened = judged.store.rows(
        "SELECT alert_id, count(*) AS n FROM monitoring.alert_events WHERE event = 'opened' GROUP BY ALL"
    )
    assert {row["alert_id"]: row["n"] for row in opened} == {alert["alert_id"]: 1 for alert in alerts}
    keys = [(a["column_name"], a["metric"], a["detector"], a["opened_ts"]) for a in alerts]
    assert len(set(keys)) == len(keys)
    before = judged.everything()
    version = judged.store.version()
    again = update_alerts(judged.store, judged.dataset)
    assert (again.findings, again.opened, again.resolved) == (0, 0, 0)
    assert judged.everything() == before
    assert judged.store.version() == version


def test_each_alert_is_opened_by_a_run_that_is_bad_and_points_to_its_snapshot(judged: Platform) -> None:
    rows = judged.store.rows(
        "SELECT a.alert_id, a.snapshot, r.status, r.run_id FROM monitoring.alerts AS a "
        "LEFT JOIN metrics.runs AS r ON r.dataset = a.dataset AND r.run_id = a.first_batch"
    )
    assert {row["status"] for row in rows} == {"BAD"}
    for row in rows[:3]:
        pinned = judged.store.rows(
            "SELECT count(*) AS n FROM raw.detector_readings WHERE _run_id = ?",
            [row["run_id"]],
            snapshot=row["snapshot"],
        )
        assert pinned[0]["n"] > 500


def test_runs_far_behind_the_newest_are_judged_by_what_was_before_them_only(
    platform: Platform,
) -> None:
    """A late file gets the verdicts it would have had in time."""
    series = RunSeries(rows=300, anomaly_rate=0.0)
    drop_series(platform, series, [*range(12), *range(13, 20)])
    platform.process()
    drop_series(platform, series, [12])
    late = platform.process()
    assert [run.good for run in late] == [True]
    rows = platform.store.rows(
        "SELECT max(n) AS n FROM monitoring.verdicts WHERE batch = ?", [late[0].run_id]
    )
    assert rows[0]["n"] == 12


def test_a_fault_that_lasts_is_one_alert_that_resolves(platform: Platform) -> None:
    series = RunSeries(rows=300, anomaly_rate=0.0)
    drop_series(platform, series, range(12))
    platform.process()
    for index in range(12, 18):
        run = series.run(index)
        lines = run_csv(run).splitlines(keepends=True)
        platform.drop(run.name, b"".join(lines[:150] if index < 15 else lines))
        platform.process()
    alerts = platform.store.rows("SELECT * FROM monitoring.alerts WHERE metric = 'row_count'")
    assert [(alert["status"], alert["evaluations"]) for alert in alerts] == [("resolved", 3)]
    events = platform.store.rows(
        "SELECT event FROM monitoring.alert_events WHERE alert_id = ? ORDER BY ts", [alerts[0]["alert_id"]]
    )
    names = [row["event"] for row in events]
    assert (names[0], names[-1], names.count("opened")) == ("opened", "resolved", 1)


def test_gzipped_and_plain_files_are_loaded_alike(platform: Platform) -> None:
    content = run_csv(RunSeries(rows=50).run(0))
    platform.drop("a.csv.gz", gzip.compress(content))
    platform.process()
    row = platform.store.rows("SELECT rows_in, rows_loaded FROM metrics.runs")[0]
    assert row["rows_in"] == row["rows_loaded"] == content.count(b"\n") - 1
