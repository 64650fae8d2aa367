"""Where the lake's files are, and the secrets that reach them."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from dqm_assets.store import connection as connections


def test_a_home_can_be_moved(tmp_path: Path) -> None:
    with open_store(Settings(home=tmp_path / "old")) as store, store.transaction() as tx:
        tx.upsert("metrics.runs", pa.table({"dataset": ["d"] * 20, "run_id": [f"r{i}" for i in range(20)]}))
    (tmp_path / "old").rename(tmp_path / "new")
    for _ in range(2):
        with open_store(Settings(home=tmp_path / "new")) as store:
            assert store.query("FROM metrics.runs").num_rows == 20
            assert store.query("FROM metrics.runs", snapshot=store.version()).num_rows == 20


def test_another_store_path_is_refused_while_the_files_are_where_they_were(
    store: Store, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="DQM_STORE_PATH"):
        open_store(store.settings.model_copy(update={"store_path": str(tmp_path / "elsewhere")}))


def test_quotes_in_paths_are_harmless(settings: Settings, tmp_path: Path) -> None:
    odd = settings.model_copy(update={"store_path": str(tmp_path / "it's; DROP")})
    with open_store(odd) as store:
        rows = pa.table({"dataset": ["d"] * 20, "run_id": [f"r{i}" for i in range(20)]})
        with store.transaction() as tx:
            tx.upsert("metrics.runs", rows)
        assert store.query("FROM metrics.runs").num_rows == 20


def test_only_signed_extensions_of_the_wheels_are_loaded(store: Store) -> None:
    found = store.rows(
        "SELECT name, value FROM duckdb_settings() "
        "WHERE name LIKE '%known_extensions' OR name LIKE '%unsigned%'"
    )
    assert {row["name"]: row["value"] for row in found} == {
        "allow_unsigned_extensions": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def test_s3_is_reached_with_the_variables_that_every_tool_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "it's secret",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9000",
        "AWS_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    with duckdb.connect() as plain:
        plain.execute(f"LOAD '{connections._extension('httpfs')}'")
        plain.execute(connections.s3_secret())
        (secret,) = plain.execute("SELECT secret_string FROM duckdb_secrets()").fetchall()
    assert "endpoint=127.0.0.1:9000" in secret[0]
    assert "use_ssl=false" in secret[0]
    assert "url_style=path" in secret[0]
    assert "region=eu-central-1" in secret[0]
    assert "it's secret" not in secret[0]
