"""The commands of the fleet: what they print, and what they say when something is missing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from dqm_assets.cli.devices import app as devices
from dqm_assets.cli.simulate import app as simulate
from dqm_assets.errors import SettingsError, SourceError
from dqm_assets.settings import Settings
from dqm_assets.settings import settings as process_settings
from dqm_assets.simulate.device_api import DeviceSimulation, devices_router
from dqm_assets.simulate.serving import serving


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The test's home in this process's environment, without a device API."""
    monkeypatch.setenv("DQM_HOME", str(settings.home))
    monkeypatch.setenv("DQM_POSTGRES_URL", str(settings.postgres_url))
    process_settings.cache_clear()
    yield monkeypatch
    process_settings.cache_clear()


def printed(arguments: list[str], *, exit_code: int = 0) -> dict:
    result = CliRunner().invoke(devices, [*arguments, "--json"])
    assert result.exit_code == exit_code, result.output or result.exception
    return json.loads(result.stdout)


def test_the_fleet_is_loaded_from_a_file_collected_and_judged(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "fleet.parquet"
    made = CliRunner().invoke(simulate, ["devices", "-n", "400", "--out", str(file), "--json"])
    assert json.loads(made.stdout)["devices"] == 400
    assert printed(["inventory", str(file)])["devices"] == 400
    app = FastAPI()
    app.include_router(devices_router(DeviceSimulation(400)))
    with serving(app) as url:
        environment.setenv("DQM_DEVICES_URL", url)
        process_settings.cache_clear()
        clock = ["--simulate-minutes", "15", "--start", "2026-01-05T14:00"]
        first = printed(["collect", *clock, "--steps", "5", "--monitor"])
        second = printed(["collect", *clock])
    assert (first["snapshots"], first["opened"]) == (5, 0)
    assert second["first"] == "2026-01-05T15:15:00+00:00"
    status = printed(["monitor"])
    assert (status["inventory"], status["judged"], status["alert"]) == (400, 1, False)
    assert status["fleet"]["baseline"] == pytest.approx(status["fleet"]["share"], rel=0.05)
    limits = ["--threshold", "0.001", "--history", "2", "--current-time", "2026-01-05T14:30"]
    strict = printed(["monitor", *limits], exit_code=1)
    assert (strict["threshold"], strict["history"], strict["alert"]) == (0.001, 2, True)
    assert (strict["judged"], strict["opened"]) == (0, 0), "a question makes no alert"


def test_without_an_api_or_a_snapshot_one_line_says_what_to_do(environment: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(devices, ["collect"])
    assert isinstance(result.exception, SettingsError)
    assert "DQM_DEVICES_URL" in str(result.exception)
    result = CliRunner().invoke(devices, ["monitor"])
    assert isinstance(result.exception, SourceError)
    assert "dqm devices collect" in str(result.exception)
