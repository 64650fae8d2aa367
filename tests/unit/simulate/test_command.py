import json
from pathlib import Path

from typer.testing import CliRunner

from dqm_assets.cli.simulate import app


def test_the_command_drops_files_and_says_which_are_faulty(tmp_path: Path) -> None:
    arguments = ["runs", "--out", str(tmp_path / "out"), "--truth", str(tmp_path / "truth.csv")]
    arguments += ["--runs", "12", "--rows", "60", "--anomaly-rate", "0.5", "--clean-first", "4", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    runs = json.loads(result.stdout)["runs"]
    assert sorted(run["file"] for run in runs) == sorted(path.name for path in (tmp_path / "out").iterdir())
    faulty = {run["file"] for run in runs if run["kind"]}
    assert 3 <= len(faulty) <= 5
    truth = (tmp_path / "truth.csv").read_text().splitlines()[1:]
    assert {line.split(",")[0] for line in truth if ",true," in line} == faulty


def test_every_file_can_be_waited_for(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["runs", "--out", str(tmp_path), "--runs", "2", "--rows", "5", "--every", "0.01"]
    )
    assert result.exit_code == 0, result.output
    assert len(list(tmp_path.iterdir())) == 2
