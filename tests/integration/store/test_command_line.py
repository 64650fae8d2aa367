"""``dqm store`` as a person or a machine uses it."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from dqm_assets.cli.store import app
from dqm_assets.settings import settings as process_settings
from dqm_assets.store import Store


@pytest.fixture
def configured(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("DQM_HOME", str(store.settings.home))
    monkeypatch.setenv("DQM_POSTGRES_URL", str(store.settings.postgres_url))
    process_settings.cache_clear()
    with store.transaction() as tx:
        tx.upsert("metrics.runs", pa.table({"dataset": ["d"] * 20, "run_id": [f"r{i}" for i in range(20)]}))
    yield store
    process_settings.cache_clear()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_status_names_every_table_with_its_rows(configured: Store) -> None:
    document = json.loads(run("status", "--json"))
    assert {table["table"]: table["rows"] for table in document["tables"]}["metrics.runs"] == 20
    assert "metrics.runs" in run("status")


def test_maintain_reports_the_size_before_and_after(configured: Store) -> None:
    document = json.loads(run("maintain", "--snapshot-days", "0", "--json"))
    assert document["after"]["snapshots"] < document["before"]["snapshots"]
    assert "Maintenance" in run("maintain")


def test_export_writes_a_plain_file(configured: Store, tmp_path: Path) -> None:
    document = json.loads(run("export", str(tmp_path / "dqm.duckdb"), "--json"))
    assert document["rows"] >= 20
    with duckdb.connect(document["path"], read_only=True) as plain:
        assert plain.execute("SELECT count(*) FROM metrics.runs").fetchone() == (20,)
