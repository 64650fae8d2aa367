import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.ingest import read_file
from dqm_assets.simulate.anomalies import CHANNELS, KINDS, Anomaly, AnomalyPlan, inject
from dqm_assets.simulate.runs import RunSeries, run_csv, truth_csv, write_runs


def test_a_run_depends_on_seed_and_number_only() -> None:
    assert run_csv(RunSeries(rows=200).run(17)) == run_csv(RunSeries(rows=200).run(17))
    assert run_csv(RunSeries(rows=200).run(17)) != run_csv(RunSeries(rows=200, seed=8).run(17))
    assert run_csv(RunSeries(rows=200).run(17)) != run_csv(RunSeries(rows=200).run(18))


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.1, 0.33, 1.0])
@pytest.mark.parametrize("seed", [1, 7])
def test_the_rate_is_kept_after_the_clean_period(rate: float, seed: int) -> None:
    plan = AnomalyPlan(rate, seed, clean_first=10)
    faults = [plan.anomaly(index, 1000) for index in range(210)]
    assert not any(faults[:10])
    assert abs(sum(fault is not None for fault in faults) - rate * 200) <= 1


def test_every_kind_comes_up_in_its_turn() -> None:
    plan = AnomalyPlan(1.0, 7, clean_first=0)
    kinds = [fault.kind for index in range(20) if (fault := plan.anomaly(index, 100))]
    assert all(sorted(kinds[i : i + 5]) == sorted(KINDS) for i in range(0, 20, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_changes_its_span_and_nothing_else(kind: str) -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 2, 1000)
    values = 10 + noise
    faulty = inject(values, noise, Anomaly(kind, "ch1", 300, 500, 3.0 if kind != "dropout" else 0.8), rng)
    assert np.array_equal(faulty[:300], values[:300])
    assert np.array_equal(faulty[500:], values[500:])
    span, before = faulty[300:500], values[300:500]
    match kind:
        case "shift":
            assert np.allclose(span - before, 3.0 * noise.std())
        case "spike_burst":
            assert 30 < np.sum(np.abs(span - before) > 5) < 100
        case "noise_inflation":
            assert np.allclose(span - 10, 3.0 * (before - 10))
        case "dropout":
            assert 120 < np.isnan(span).sum() < 200
        case "stuck_value":
            assert len(set(span)) == 1


def test_files_and_truth_agree_and_nothing_half_written_is_left(tmp_path: Path) -> None:
    series = RunSeries(rows=300, anomaly_rate=0.5, clean_first=2)
    runs = list(write_runs(series, tmp_path / "out", tmp_path / "truth.csv", count=12))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [run.name for run in runs]
    truth = list(csv.DictReader((tmp_path / "truth.csv").read_text().splitlines()))
    assert [row["file"] for row in truth] == [run.name for run in runs]
    for run, row in zip(runs, truth, strict=True):
        assert row["anomalous"] == str(run.anomaly is not None).lower()
        if run.anomaly:
            assert row["kind"] in KINDS
            assert row["column"] in CHANNELS
            assert 0 <= int(row["start_row"]) < int(row["end_row"]) <= run.table.num_rows
            lost = run.table[row["column"]].null_count
            assert (lost > 0) == (row["kind"] == "dropout")


def test_a_series_goes_on_where_it_stopped(tmp_path: Path) -> None:
    series = RunSeries(rows=50)
    list(write_runs(series, tmp_path / "a", None, count=4))
    list(write_runs(series, tmp_path / "b", tmp_path / "truth.csv", first=2, count=2))
    for name in (series.name(2), series.name(3)):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "truth.csv").read_bytes() == truth_csv(series, 4)


def test_an_endless_series_keeps_its_truth_ahead(tmp_path: Path) -> None:
    names = [run.name for run in islice(write_runs(RunSeries(rows=20), tmp_path, tmp_path / "t.csv"), 3)]
    truth = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))
    assert [row["file"] for row in truth][:3] == names
    assert len(truth) == 100


def test_runs_are_read_back_with_their_types_and_times(tmp_path: Path) -> None:
    series = RunSeries(rows=500, start=datetime(2026, 3, 1, tzinfo=UTC), interval=timedelta(minutes=30))
    (run,) = write_runs(series, tmp_path, None, first=5, count=1)
    parsed = read_file(tmp_path / run.name)
    assert [str(kind) for _, kind in parsed.columns_seen] == [
        "timestamp[us, tz=UTC]",
        "string",
        *["double"] * 4,
    ]
    assert parsed.rows_in == run.table.num_rows
    assert parsed.rejects == ()
    times = parsed.table["timestamp"]
    assert times[0].as_py() == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert times[-1].as_py() < datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    assert parsed.table["value"].combine_chunks() == run.table["value"].combine_chunks()
    assert pa.types.is_timestamp(run.table["timestamp"].type)
