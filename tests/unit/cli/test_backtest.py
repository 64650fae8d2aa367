import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dqm_assets.cli.main import cli


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
