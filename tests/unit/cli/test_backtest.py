import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from dqm_assets.cli.backtest import SeriesAddress, stored_series
from dqm_assets.cli.main import cli
from dqm_assets.store import Store


@pytest.fixture
def series(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).normal(100, 2, 400)
    values[300:306] += 80
    path = tmp_path / "series.csv"
    moments = (datetime.fromtimestamp(1.6e9 + i * 3600, UTC).isoformat() for i in range(400))
    path.write_text(
        "ts,value\n" + "".join(f"{ts},{value}\n" for ts, value in zip(moments, values, strict=True))
    )
    return path


def test_settings_are_compared_as_one_json_document(series: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    start, end = (datetime.fromtimestamp(1.6e9 + i * 3600, UTC).isoformat() for i in (300, 305))
    labels.write_text(f"start,end\n{start},{end}\n")
    plot = tmp_path / "plot.png"
    arguments = ["backtest", str(series), "--labels", str(labels), "--plot", str(plot), "--json"]
    found = CliRunner().invoke(
        cli, [*arguments, "--detector", "robust", "--detector", "ensemble", "--z", "6"]
    )
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert [one["setting"] for one in document["settings"]] == ["robust, z 6", "ensemble, z 6"]
    assert all(one["recall"] == one["precision"] == 1.0 for one in document["settings"])
    assert plot.stat().st_size > 1000


def test_people_get_a_table(series: Path) -> None:
    found = CliRunner().invoke(cli, ["backtest", str(series), "--weeks", "4"])
    assert found.exit_code == 0
    assert "1 per 4 weeks" in found.stdout


def test_a_file_or_a_dataset_must_be_given() -> None:
    found = CliRunner().invoke(cli, ["backtest"])
    assert found.exit_code != 0


def test_a_stored_series_comes_in_order_of_time_and_without_others(store: Store) -> None:
    moments = [datetime.fromtimestamp(1.6e9 + hours * 3600, UTC) for hours in (2, 0, 1, 0)]
    table = pa.table(
        {
            "dataset": ["orders"] * 4,
            "column_name": ["", "", "", "amount"],
            "segment": [""] * 4,
            "metric": ["row_count"] * 4,
            "batch": ["c", "a", "b", "a"],
            "ts": pa.array(moments, pa.timestamp("us", "UTC")),
            "value": [3.0, 1.0, 2.0, 9.0],
        }
    )
    with store.transaction("metrics.metrics") as tx:
        tx.upsert("metrics.metrics", table)
    found = stored_series(store, SeriesAddress("orders", "row_count", "", ""))
    assert found.values.tolist() == [1.0, 2.0, 3.0]
    assert found.ts.tolist() == [1.6e9, 1.6e9 + 3600, 1.6e9 + 7200]
