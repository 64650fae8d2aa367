"""A range of runs materialised in a real instance: rows, checks with their numbers, tables and plots."""

from collections.abc import Iterator

import dagster as dg
import pytest

from dqm_assets.defs.detector_runs.run_now import materialise
from dqm_assets.defs.resources import process_store
from dqm_assets.ingest import Landing
from dqm_assets.pipeline.claims import claim_dropped
from dqm_assets.pipeline.datasets import DETECTOR, find_dataset
from dqm_assets.settings import Settings
from dqm_assets.simulate.runs import RunSeries, run_csv

RAW = dg.AssetKey("raw_detector_readings")
RUNS = 14
SERIES = RunSeries(rows=300, anomaly_rate=0.0)


@pytest.fixture(scope="module")
def materialised(home: Settings, landing: Landing, instance: dg.DagsterInstance) -> list[str]:
    """Thirteen good runs and a last one with half the rows, a broken row among them."""
    for index in range(RUNS):
        content = run_csv(SERIES.run(index))
        if index == RUNS - 1:
            content = b"".join(content.splitlines(keepends=True)[:150]) + b"broken\n"
        (landing.folder / DETECTOR / f"run-{index:02d}.csv").write_bytes(content)
    claims = claim_dropped(process_store, landing, find_dataset(home, DETECTOR), settle_seconds=0)
    assert materialise(instance, DETECTOR, claims)
    return [claim.run_id for claim in claims]


@pytest.fixture(scope="module")
def checks(
    materialised: list[str], instance: dg.DagsterInstance
) -> Iterator[dict[str, dg.AssetCheckEvaluation]]:
    """The newest evaluation of each check of the raw asset."""
    records = instance.get_event_records(dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION))
    found = [record.event_log_entry.dagster_event.asset_check_evaluation_data for record in reversed(records)]
    yield {evaluation.check_name: evaluation for evaluation in found if evaluation.asset_key == RAW}


def test_all_runs_are_one_dagster_run_and_a_partition_each(
    materialised: list[str], instance: dg.DagsterInstance
) -> None:
    assert instance.get_runs_count() == 1
    assert instance.get_runs()[0].status == dg.DagsterRunStatus.SUCCESS
    assert set(instance.get_dynamic_partitions("detector_readings_runs")) == set(materialised)
    assert instance.get_materialized_partitions(RAW) == set(materialised)


def test_every_run_is_registered_with_the_dagster_run_that_loaded_it(
    materialised: list[str], instance: dg.DagsterInstance
) -> None:
    rows = process_store().rows("SELECT run_id, status, dagster_run_id FROM metrics.runs ORDER BY run_id")
    assert [row["run_id"] for row in rows] == sorted(materialised)
    assert {row["dagster_run_id"] for row in rows} == {instance.get_runs()[0].run_id}
    assert [row["status"] for row in rows] == ["GOOD"] * (RUNS - 1) + ["BAD"]


def test_materialisations_carry_numbers_and_a_link(
    materialised: list[str], instance: dg.DagsterInstance
) -> None:
    event = instance.get_latest_materialization_event(RAW)
    assert event is not None
    metadata = event.asset_materialization.metadata
    assert metadata["runs"].value == RUNS
    assert metadata["rows_quarantined"].value == 1
    assert metadata["rows_in"].value == metadata["rows_loaded"].value + 1
    assert str(metadata["dashboard"].value).startswith("http://127.0.0.1:")


def test_the_volume_check_fails_with_numbers_a_table_and_a_plot(
    checks: dict[str, dg.AssetCheckEvaluation],
) -> None:
    volume = checks["volume"]
    assert not volume.passed
    assert volume.metadata["batches"].value == RUNS
    assert volume.metadata["unusual"].value == 1
    assert volume.metadata["rows"].value == 149
    assert volume.metadata["lower"].value > 149
    assert "| run-13-" in str(volume.metadata["batches_judged"].value)
    assert str(volume.metadata["plot"].value).startswith("![rows per batch](data:image/png;base64,")


def test_the_freshness_check_fails_for_data_of_months_ago(checks: dict[str, dg.AssetCheckEvaluation]) -> None:
    freshness = checks["freshness"]
    assert not freshness.passed
    assert freshness.metadata["age_seconds"].value > freshness.metadata["limit_seconds"].value > 0
    assert "| newest data |" in str(freshness.metadata["facts"].value)


def test_the_schema_check_passes_and_lists_the_columns(checks: dict[str, dg.AssetCheckEvaluation]) -> None:
    schema = checks["schema"]
    assert schema.passed
    assert schema.metadata["runs"].value == RUNS
    for column in SERIES.run(0).table.column_names:
        assert f"| {column} | {column} |" in str(schema.metadata["columns"].value)


def test_every_clause_of_the_contract_is_a_check_over_every_row(
    home: Settings, checks: dict[str, dg.AssetCheckEvaluation]
) -> None:
    contract = find_dataset(home, DETECTOR).contract
    assert contract is not None
    rows = process_store().rows("SELECT sum(rows_loaded) AS n FROM metrics.runs")[0]["n"]
    clauses = {clause.id for clause in contract.clauses}
    assert set(checks) == clauses | {"readable", "volume", "freshness", "schema"}
    for name in clauses:
        assert checks[name].metadata["batches"].value == RUNS, name
        assert checks[name].metadata["snapshot"].value > 0
    assert any(checks[name].metadata["checked_rows"].value == rows for name in clauses)


def test_baselines_and_alerts_followed_within_the_same_run(
    materialised: list[str], instance: dg.DagsterInstance
) -> None:
    for name in ("metric_baselines", "alerts"):
        event = instance.get_latest_materialization_event(dg.AssetKey(name))
        assert event is not None
        assert event.run_id == instance.get_runs()[0].run_id
    opened = process_store().rows("SELECT metric, status FROM monitoring.alerts")
    assert ("row_count", "open") in {(row["metric"], row["status"]) for row in opened}
    status = process_store().rows("SELECT pipeline, status FROM monitoring.pipeline_status")
    assert {row["status"] for row in status} == {"SUCCESS"}
    assert {row["pipeline"] for row in status} >= {
        "detector",
        "monitoring/metric_baselines",
        "monitoring/alerts",
    }


def test_materialising_a_partition_again_changes_no_row(
    materialised: list[str], landing: Landing, instance: dg.DagsterInstance
) -> None:
    claim = landing.locate(DETECTOR, materialised[3])
    assert claim is not None
    query = "SELECT run_id, status, rows_loaded, reasons::VARCHAR FROM metrics.runs ORDER BY run_id"
    counts = "SELECT count(*) AS n FROM raw.detector_readings"
    before = process_store().rows(query), process_store().rows(counts)
    assert materialise(instance, DETECTOR, [claim])
    assert (process_store().rows(query), process_store().rows(counts)) == before


def test_a_dataset_without_contract_is_materialised_alike(
    home: Settings, landing: Landing, instance: dg.DagsterInstance
) -> None:
    (landing.folder / "orders" / "2026-01-01.csv").write_bytes(b"id,amount\n1,2.5\n2,3.5\n")
    claims = claim_dropped(process_store, landing, find_dataset(home, "orders"), settle_seconds=0)
    assert materialise(instance, "orders", claims)
    rows = process_store().rows("SELECT id, amount FROM raw.orders ORDER BY id")
    assert rows == [{"id": 1, "amount": 2.5}, {"id": 2, "amount": 3.5}]
    event = instance.get_latest_materialization_event(dg.AssetKey("orders_run_registry"))
    assert event is not None
    assert event.asset_materialization.metadata["good"].value == 1
