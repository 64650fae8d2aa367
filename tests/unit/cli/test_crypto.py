import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dqm_assets.cli.crypto import app as crypto
from dqm_assets.cli.simulate import app as simulate
from dqm_assets.errors import SourceError
from dqm_assets.settings import Settings, settings

RUNNER = CliRunner()


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The settings of the commands: a home and databases of the test's own, and no provider."""
    forget()
    monkeypatch.setenv("DQM_HOME", str(settings.home))
    monkeypatch.setenv("DQM_POSTGRES_URL", str(settings.postgres_url))
    monkeypatch.setenv("DQM_CRYPTO_URL", "http://127.0.0.1:9/api/v3")
    yield settings.home
    forget()


def forget() -> None:
    settings.cache_clear()


def test_a_simulated_span_can_be_taken_in_and_looked_at(home: Path) -> None:
    assert RUNNER.invoke(crypto, ["status"]).exit_code == 0
    asked = ["crypto", "--minutes", "30", "--step", "10", "--fault-rate", "0.2", "--json"]

    first = RUNNER.invoke(simulate, asked)
    status = RUNNER.invoke(crypto, ["status", "--json"])

    assert first.exit_code == 0, first.output
    taken = json.loads(first.stdout.splitlines()[-1])  # retries are logged before it
    assert (taken["snapshots"], taken["stored"], taken["simulated"]) == (4, 40, True)
    assert status.exit_code == 0, status.output
    shown = json.loads(status.stdout)
    assert shown["status"]["status"] == "SUCCESS"
    assert len(shown["prices"]) == 10
    assert all(price["simulated"] for price in shown["prices"])
    assert RUNNER.invoke(crypto, ["status"]).stdout.count("Bitcoin") == 1
    again = json.loads(RUNNER.invoke(simulate, asked).stdout.splitlines()[-1])
    assert again["stored"] <= 20  # the span may have moved on by a step or two


def test_a_failed_fetch_is_an_error_and_the_status_says_so(home: Path) -> None:
    failed = RUNNER.invoke(crypto, ["fetch"])
    status = RUNNER.invoke(crypto, ["status"])

    assert isinstance(failed.exception, SourceError)
    assert status.exit_code == 1
    assert "failed at extract" in status.stdout
