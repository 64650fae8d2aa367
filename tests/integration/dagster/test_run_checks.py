"""What the checks look at: history before the judged runs, arrivals, and runs of a retried Dagster run."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pyarrow as pa
import pytest

from dqm_assets.checks.freshness import freshness_result
from dqm_assets.defs import resources
from dqm_assets.defs.detector_runs import checks
from dqm_assets.defs.detector_runs.assets import RunAssets, run_assets
from dqm_assets.pipeline.datasets import DETECTOR, Dataset
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
Register = Callable[..., None]


@pytest.fixture
def assets(store: Store, monkeypatch: pytest.MonkeyPatch) -> RunAssets:
    """Assets of the detector without a contract, over the test's own store."""
    monkeypatch.setattr(resources, "process_store", lambda: store)
    return run_assets(Dataset(DETECTOR, "detector_readings"))


def register(store: Store, first: int, count: int, dagster_run_id: str, **columns: list) -> None:
    numbers = range(first, first + count)
    times = [START + timedelta(hours=number) for number in numbers]
    rows = {
        "dataset": [DETECTOR] * count,
        "run_id": [f"run-{number:05d}" for number in numbers],
        "ts": times,
        "landed_at": times,
        "registered_at": times,
        "rows_loaded": [100 + number % 3 for number in numbers],
        "status": ["LOADED"] * count,
        "dagster_run_id": [dagster_run_id] * count,
        **columns,
    }
    with store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", pa.table(rows))


def judged_by(store: Store, assets: RunAssets, run_id: str, **ids: str) -> list[str]:
    run = dg.DagsterRun("job", run_id=run_id, **ids)
    return checks._judged_runs(store, assets.dataset, run)


def test_volume_judges_every_run_of_a_large_or_late_dagster_run(store: Store, assets: RunAssets) -> None:
    rows = [100] * 500
    rows[50] = 3
    register(store, 0, 500, "first", rows_loaded=rows)
    register(store, 500, 500, "second")
    judged = judged_by(store, assets, "first")
    found = store.rows(checks._COUNTS, {"dataset": DETECTOR, "judged": judged, "history": 400})
    assert [row["run_id"] for row in found] == judged
    later = judged_by(store, assets, "second")
    found = store.rows(checks._COUNTS, {"dataset": DETECTOR, "judged": later, "history": 400})
    assert [row["run_id"] for row in found] == [f"run-{number:05d}" for number in range(100, 1000)]
    nothing = store.rows(checks._COUNTS, {"dataset": DETECTOR, "judged": [], "history": 400})
    assert nothing == []


def test_a_retry_checks_what_the_run_before_it_loaded(store: Store, assets: RunAssets) -> None:
    register(store, 0, 3, "first")
    register(store, 3, 1, "other")
    retried = judged_by(store, assets, "second", parent_run_id="first", root_run_id="first")
    assert retried == ["run-00000", "run-00001", "run-00002"]
    assert judged_by(store, assets, "stranger") == ["run-00003"]


def test_loading_old_runs_again_makes_data_neither_fresher_nor_older(store: Store, assets: RunAssets) -> None:
    # All of it landed long ago; 400 old runs were loaded again just now.
    register(store, 0, 400, "again", registered_at=[datetime.now(UTC)] * 400)
    register(store, 400, 20, "once")
    age = checks.data_age(store, assets.dataset)
    assert (age.oldest, age.newest) == (START, START + timedelta(hours=419))
    assert age.arrivals[-1] == START + timedelta(hours=419)
    result = freshness_result(age, sla=Sla(), asset_key=assets.raw.key, check_name="freshness")
    assert not result.passed
    facts = str(result.metadata["facts"].value)
    assert f"{START + timedelta(hours=419)}" in facts
